"""The same seed is the same run, in this process and in another."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulator.profile import PROFILES
from tests.simulator.run import run_seed

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("profile", ["mixed", "twins", "bind"])
def test_the_same_seed_is_the_same_run(profile):
    assert run_seed(7, profile).digest == run_seed(7, profile).digest


def test_another_process_tells_the_same_story():
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulator", "--profile", "mixed", "--replay", "3"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    result = run_seed(3, "mixed")
    assert done.stdout.splitlines()[-1] == f"digest {result.digest}"
    assert done.stdout.splitlines()[: len(result.world.story)] == result.world.story


def test_every_profile_runs():
    for name in PROFILES:
        assert run_seed(1, name).world.story
