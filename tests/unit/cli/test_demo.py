"""`voxsip demo` and the emulator it hangs on a pipe."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.support.cli_command import Command
from tests.support.dask_processes import SHORT_LEASES
from voxsip.cli._jobs.demo_model import Bound, one_after_another

pytestmark = pytest.mark.slow


@pytest.fixture
def voxsip(tmp_path):
    return Command(tmp_path)


PARENT = """
import sys, time
from voxsip.cli._jobs.emulator_process import emulator_process
with emulator_process('--dir', sys.argv[1]) as url:
    print(url, flush=True)
    time.sleep(60)
"""


def gone(url):
    """Returns whether nobody listens there any more."""
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.connect()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False  # it closes at this moment
    finally:
        connection.close()
    return False


def test_everything_is_bound_and_nothing_differs(voxsip):
    ended = voxsip("demo", "--rows", 1500)
    assert ended.code == 0, ended.err
    figures = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert figures["rows"] == "1,500"
    assert figures["done"] == "1,500"
    assert figures["mismatches"] == "0"


@pytest.mark.dask
def test_workers_are_killed_and_nothing_is_bought_twice(voxsip, postgres):
    ended = voxsip("demo", "--workers", 2, "--rows", 300, PYTHONPATH=str(SHORT_LEASES))
    assert ended.code == 0, ended.err
    assert ended.err.count("kill -9 ") == 2
    figures = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert figures["bought"].startswith("300 of 300 in ")
    assert figures["bound"].startswith("300 of 300 in ")
    assert [figures[name] for name in ("twice", "failed", "mismatches")] == ["0", "0", "0"]


def test_users_change_places_by_a_plan_and_nothing_is_left_to_do(voxsip):
    ended = voxsip("demo", "--desired", "--rows", 200)
    assert ended.code == 0, ended.err
    assert "> move" in ended.out
    assert "past the threshold" in ended.out
    moved = re.findall(r"^moved +(\d+)$", ended.out, re.MULTILINE)
    assert int(moved[0]) > 150
    assert moved[1:] == ["0"]
    assert re.findall(r"^unchanged +(\d+) ", ended.out, re.MULTILINE)[1] == "200"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_no_emulator(voxsip, number):
    running = voxsip.start("demo", "--rows", 50_000)
    running.read_until("creating 50,000 rows")
    url = running.seen.split("serves ")[1].split(": ")[0]
    assert not gone(url)
    running.process.send_signal(number)
    ended = running.end()
    assert ended.code == 130
    assert "Traceback" not in ended.err
    assert gone(url)


def test_killed_it_leaves_no_emulator(tmp_path):
    """The kernel closes the pipe, whatever happened to the parent."""
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            PARENT,
            str(tmp_path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        url = parent.stdout.readline().strip()
        assert not gone(url)
        os.kill(parent.pid, signal.SIGKILL)
    for _ in range(1000):
        if gone(url):
            break
    else:
        pytest.fail("the emulator is still there")


def test_an_emulator_that_does_not_start():
    from voxsip.cli._exit_codes import CommandError
    from voxsip.cli._jobs.emulator_process import emulator_process

    with pytest.raises(CommandError, match="did not start"), emulator_process("--port", "-5"):
        pass


def test_the_model():
    assert one_after_another([1, 2, 3], [(1, 7, 5), (2, 8, 6), (3, 7, 5)]) == {
        1: Bound(7, None),
        2: Bound(8, 6),
        3: Bound(7, 5),
    }
