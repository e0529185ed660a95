"""A test that hangs is found by its name, and what it and its fixtures wait for is shown."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANGING = """
import asyncio, pytest

@pytest.fixture
async def never():
    future = asyncio.get_running_loop().create_future()
    yield future
    {fixture}

async def deeper(future):
    await future

async def test_one(never):
    await asyncio.create_task(deeper(never), name="the one that hangs")

def test_two():
    pass
"""


@pytest.mark.once
@pytest.mark.parametrize("fixture", ["pass", "await future"])
def test_what_hangs_is_shown(tmp_path, fixture):
    (tmp_path / "conftest.py").write_text(
        "from tests.support import time_limit\ntime_limit.GRACE = 1\nfrom tests.support.time_limit import *\n"
    )
    (tmp_path / "test_hanging.py").write_text(HANGING.format(fixture=fixture))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-c",
        ROOT / "pyproject.toml",
    ]
    ran = subprocess.run(
        [*command, "--timeout=1", "--rootdir", tmp_path, tmp_path],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if fixture == "pass":
        assert "no end after 1 s: test_hanging.py::test_one" in ran.stdout
        assert "1 failed, 1 passed" in ran.stdout
        shown = ran.stdout
    else:
        assert "test_hanging.py::test_one: its fixtures do not end either" in ran.stderr
        shown = ran.stderr
        assert "in never\n    await future" in shown
    assert "task the one that hangs:" in shown
    assert "in deeper\n    await future" in shown
    assert "thread MainThread:" in shown
    assert ran.returncode == 1
