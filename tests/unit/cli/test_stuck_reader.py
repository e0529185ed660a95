"""Readers that stand still: the job continues, nothing in flight waits for them, and no event is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import voxsip
from tests.support.cli_command import COMMAND
from voxsip.cli._display.base import Work
from voxsip.cli._display.json_lines import JsonDisplay
from voxsip.cli._jobs.follow import follow
from voxsip.cli._jobs.interrupts import Interrupts
from voxsip.cli._terminal import streams
from voxsip.emulator import Emulator

fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.skipif(
    not hasattr(fcntl, "F_SETPIPE_SZ"), reason="small pipes are Linux's"
)

ROWS = 600
CREATE = "CreateSipRegistration"


def buy(count=ROWS):
    return "sip_username,proxy\n" + "".join(f"phone-{number},p\n" for number in range(count))


def until(condition):
    give_up = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


class SmallPipe:
    """A pipe that is full after some lines and is read when a test says so."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        fcntl.fcntl(self.writer, fcntl.F_SETPIPE_SZ, 4096)

    def hand_over(self):
        """The other process has it now."""
        os.close(self.writer)
        self.writer = None

    def read(self):
        """Read to the end."""
        with os.fdopen(self.reader, "rb", closefd=False) as file:
            return file.read()

    def close(self):
        for descriptor in (self.reader, self.writer):
            if descriptor is not None:
                os.close(descriptor)


@pytest.fixture
def pipe():
    with contextlib.closing(SmallPipe()) as pipe:
        yield pipe


@pytest.fixture
def started(serve, write, pipe, tmp_path):
    """Start a purchase whose output is the small pipe; return emulator and process."""
    with contextlib.ExitStack() as stack:

        def start(*options, latency=0.0, stream="stdout", rows=ROWS):
            emulator, voxsip = serve(balance=rows, price=1, latency=latency)
            others = {
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
            }
            process = subprocess.Popen(
                [*COMMAND, "bulk", "create", write(buy(rows)), "--yes", *options],
                **others | {stream: pipe.writer},
                cwd=tmp_path,
                env=voxsip.environment,
            )
            stack.callback(process.communicate)
            stack.callback(process.kill)
            pipe.hand_over()
            return emulator, process

        yield start


def bought(emulator):
    return len(emulator.state["registrations"])


@pytest.mark.slow
def test_events_wait_for_a_slow_reader_and_the_job_does_not(started, pipe, tmp_path):
    emulator, process = started("--json", "--report", "out", latency=0.01)
    until((tmp_path / "out" / "report.json").exists)
    assert bought(emulator) == ROWS
    assert json.loads((tmp_path / "out" / "report.json").read_text())["done"] == ROWS
    assert process.poll() is None, "it waits for its reader"
    events = [json.loads(line) for line in pipe.read().splitlines()]
    assert process.wait(60) == 0
    assert [one["event"] for one in (*events[:2], events[-1])] == ["quote", "started", "finished"]
    rows = [one["row"] for one in events if one["event"] == "outcome"]
    assert sorted(rows) == list(range(2, ROWS + 2))
    assert emulator.state["counters"][CREATE]["received"] == ROWS


@pytest.mark.slow
def test_a_reader_that_never_reads_can_be_given_up(started, tmp_path):
    emulator, process = started("--json", "--report", "out")
    until((tmp_path / "out" / "report.json").exists)
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(
                10
            )  # it ends at the first one, or at the second if that was in time for a stop
    assert process.returncode == 130
    assert bought(emulator) == ROWS
    assert b"Traceback" not in process.stderr.read()


@pytest.mark.slow
def test_a_display_that_nobody_reads_holds_nothing_up(serve, write, tmp_path):
    """A terminal after Ctrl-S: bar and messages wait, purchases do not, and all is there after Ctrl-Q."""
    termios = pytest.importorskip("termios")
    ours, theirs = os.openpty()
    emulator, voxsip = serve(balance=ROWS, price=1, latency=0.05)
    process = subprocess.Popen(
        [*COMMAND, "bulk", "create", write(buy()), "--yes", "--concurrency", "4"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        cwd=tmp_path, env={**voxsip.environment, "TERM": "xterm"}, start_new_session=True,
    )  # fmt: skip
    try:
        seen = b""
        while b"done" not in seen:
            seen += os.read(ours, 4096)
        termios.tcflow(theirs, termios.TCOOFF)
        assert bought(emulator) < ROWS
        until(lambda: not (tmp_path / "rows.csv.journal.lock").exists())
        assert bought(emulator) == ROWS
        assert process.poll() is None
        termios.tcflow(theirs, termios.TCOON)
        os.close(theirs)
        with contextlib.suppress(OSError):  # the terminal is gone as the last one closes it
            while chunk := os.read(ours, 4096):
                seen += chunk
        assert process.wait(60) == 0
        assert b"unknown      0" in seen
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@contextlib.contextmanager
def written_to(pipe):
    """Make the pipe the standard output of this process; pytest has its own at every step."""
    streams._given_up.clear()  # set by a command of another test that was interrupted twice
    with os.fdopen(pipe.writer, "w", encoding="utf-8", closefd=False) as file:
        stream = streams.GuardedStream(file, pipe.writer, tolerant=True)
        with contextlib.redirect_stdout(stream):
            try:
                yield stream
            finally:
                streams.drain_output()


def test_what_people_read_is_dropped_when_too_much_waits(pipe, monkeypatch):
    monkeypatch.setattr(streams, "MOST_TEXT", 10_000)
    lines = [f"{number:09}" for number in range(3000)]
    with written_to(pipe) as output:
        output.unblock(lossless=False)
        for line in lines:
            output.write(f"{line}\n")
        assert 10_000 <= output.pending <= 10_010
        seen = os.read(pipe.reader, 1 << 16)
        reading = threading.Thread(target=lambda: kept.append(pipe.read()))
        kept = [seen]
        reading.start()
        assert streams.drain_output()
        output.write("end\n")  # in order, and directly again
        output.flush()
    pipe.hand_over()
    reading.join()
    told = b"".join(kept).decode().split()
    assert told.pop() == "end"
    assert told == lines[: len(told)]
    assert len(told) < 2000


async def test_too_many_events_hold_back_rows_and_not_the_loop(pipe, monkeypatch):
    """A job whose reader is far behind sends no further row; what is in flight ends, and nothing is lost."""
    monkeypatch.setattr(streams, "MOST_EVENTS", 2000)
    rows = [{"sip_registration_id": number, "application_id": 1} for number in range(1, 3001)]
    async with (
        Emulator(registrations=3000) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        job = client.bulk.bind(rows, concurrency=4)
        display = JsonDisplay(Work(verb="binding", total=len(rows)))
        with written_to(pipe) as output:
            running = asyncio.create_task(follow(job, display, Interrupts(None)))
            while output.pending <= 2000:  # noqa: ASYNC110 - a thread writes
                await asyncio.sleep(0.05)
            before = None
            while before != counts(emulator):
                before = counts(emulator)
                await asyncio.sleep(0.5)
            assert before[0] == before[1] < 3000, (
                "what was in flight has ended, and no more is sent"
            )
            reading = asyncio.create_task(asyncio.to_thread(pipe.read))
            report = await running
            assert report.done == 3000
            await asyncio.to_thread(streams.drain_output)
        pipe.hand_over()
        events = [json.loads(line) for line in (await reading).splitlines()]
    told = [one["row"] for one in events if one["event"] == "outcome"]
    assert sorted(told) == list(range(1, 3001))


def counts(emulator):
    counters = emulator.state.counters["BindSipRegistration"]
    return counters["received"], counters["executed"]
