"""Which files a run reads: those that may hold a test it asks for. To read them all costs each worker ten seconds."""

import functools
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ONCE = {
    TESTS / "contract": "documents and generators: no interpreter can change what these tests say",
    TESTS
    / "unit"
    / "cluster": "they start processes and PostgreSQL; no interpreter changes what they show",
}
"""Folders all of whose tests are marked `once`, and why."""
ELSEWHERE = ("slow", "once", "vendor")
"""Marks of tests that the tox env slow runs, and no other."""
_MARKED = re.compile(rf"\bmark\.({'|'.join(ELSEWHERE)})\b")


def pytest_ignore_collect(collection_path, config):
    asked = config.option.markexpr
    if "not once" in asked and collection_path in ONCE:
        return True
    if set(asked.split(" or ")) == set(ELSEWHERE) and collection_path.match("test_*.py"):
        return None if _may_be_elsewhere(str(collection_path)) else True
    return None


def pytest_itemcollected(item):
    path = str(item.path)
    if _once(path):
        item.add_marker("once")
    elif not _may_be_elsewhere(path) and any(map(item.get_closest_marker, ELSEWHERE)):
        raise pytest.UsageError(f"{item.nodeid}: its own file has to say `pytest.mark.slow`")


@functools.cache
def _once(path):
    return any(Path(path).is_relative_to(folder) for folder in ONCE)


@functools.cache
def _may_be_elsewhere(path):
    return _once(path) or _MARKED.search(Path(path).read_text("utf-8")) is not None
