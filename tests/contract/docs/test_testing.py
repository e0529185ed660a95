"""The page "How voxsip is tested" names commands, files and tests that there are."""

import re

import pytest

from tests.properties.chaos.conftest import OPTIONS
from tests.support.doc_pages import ROOT, commands

PAGE = ROOT / "docs" / "testing.md"
KNOWN = {*OPTIONS, "--hypothesis-profile=long", "--timeout", "-rP", "-k"}
TEXT = PAGE.read_text()


@pytest.mark.parametrize("words", commands(PAGE, "pytest"), ids=" ".join)
def test_commands(words):
    for word in words[1:]:
        if word.startswith("-"):
            assert word in KNOWN
        elif word.startswith("tests/"):
            assert (ROOT / word).exists()


def test_files():
    named = set(re.findall(r"`(tests/[\w/.]+)`", TEXT))
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_cells_of_the_matrix():
    tests = (ROOT / "tests" / "unit" / "calls" / "test_recovery.py").read_text()
    named = set(re.findall(r"`(test_\w+)", TEXT))
    assert len(named) >= 6
    assert [name for name in named if f"def {name}(" not in tests] == []
