"""`voxsip emulator` as a process."""

import signal

import pytest

from tests.support.cli_command import Command

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_told_to_stop(tmp_path, number):
    voxsip = Command(tmp_path)
    options = ("--dir", "files", "--registrations", 4, "--balance", "12.5", "--tls")
    running = voxsip.start("emulator", *options)
    url = running.process.stdout.readline().strip()
    ended = voxsip(
        "registrations", "list", "--json", "--base-url", url,
        "--credentials", "files/credentials.json", "--ca-file", "files/ca.pem",
    )  # fmt: skip
    assert len(ended.events) == 4
    running.process.send_signal(number)
    assert running.end().code == 0
