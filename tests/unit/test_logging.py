"""`VOXSIP_LOG`: what a program shows that sets up no logging itself."""

import os
import subprocess
import sys

import pytest

from voxsip.emulator import Emulator, Fault, Faults

CALLS = """
import voxsip
with voxsip.Client(retry=voxsip.RetryPolicy(backoff=0.01)) as client:
    client.users.list(application_id=1, user_name="S3CRET").first_page()
"""
OWN_LOGGING = f"import logging\nlogging.basicConfig(format='own %(message)s')\n{CALLS}"
TOO_FAST = "GetUsers: attempt 1 failed (RateLimitError 340); retry in "


@pytest.fixture(scope="module")
def emulator():
    faults = Faults([Fault(kind="error", code=340, times={1, 3, 5, 7, 9})])
    with Emulator(faults=faults) as emulator:
        yield emulator


@pytest.fixture
def stderr(emulator):
    def run(level, program=CALLS):
        environment = os.environ | {
            "VOXIMPLANT_CREDENTIALS": str(emulator.credentials),
            "VOXIMPLANT_BASE_URL": emulator.base_url,
            "VOXSIP_LOG": level,
        }
        command = [sys.executable, "-W", "error", "-c", program]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        assert "S3CRET" not in done.stderr
        return done.stderr

    return run


def test_debug_shows_durations_and_info_retries(stderr):
    said = stderr("debug")
    lines = [line.split(" ", 2)[2] for line in said.splitlines()]
    assert [line.split(" ", 2)[0] for line in lines] == ["DEBUG", "INFO", "DEBUG"]
    assert "attempt 1 failed after 0." in lines[0]
    assert lines[1].startswith(f"INFO voxsip: {TOO_FAST}")
    assert lines[2].startswith("DEBUG voxsip: GetUsers: done (attempt 2, 0.")
    assert stderr("error") == ""


def test_a_level_nobody_knows_is_named(stderr):
    assert "VOXSIP_LOG: expected debug, info, warning, error; warnings" in stderr("verbose")


def test_a_program_with_handlers_of_its_own_shows_nothing_twice(stderr):
    (line,) = stderr(" INFO ", OWN_LOGGING).splitlines()
    assert line.startswith(f"own {TOO_FAST}")
