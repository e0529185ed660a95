"""A report of 200 MB is ordered, waited for and streamed to a file, by a program that takes little memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from voxsip.emulator import Emulator

ROOT = Path(__file__).parents[3]
SIZE = 200_000_000
WIDTH = 10_000
"""Bytes of custom data a call: the emulator makes few long lines much faster than many short ones."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="measures by /proc"),
]


def test_a_large_report_is_saved_in_bounded_memory(tmp_path):
    path = tmp_path / "report.csv"
    with Emulator(calls=SIZE // WIDTH, call_data="x" * WIDTH) as emulator:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "tests.support.report_program", path],
            cwd=ROOT,
            env={
                "VOXIMPLANT_CREDENTIALS": str(emulator.credentials),
                "VOXIMPLANT_BASE_URL": emulator.base_url,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.stderr == ""
    saved, promised, grown = map(int, done.stdout.split())
    assert saved == promised > SIZE
    assert grown < 32
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.csv"]
