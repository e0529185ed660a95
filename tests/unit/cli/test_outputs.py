"""Outputs that cannot be written: the job ends well all the same, or stops in order where it has lost its reader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.cli_command import COMMAND

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is Linux's"),
]

ROWS = 200
BIND = "id,app id\n" + "".join(f"{number},1\n" for number in range(1, ROWS + 1))


def shell(voxsip, text, **options):
    """Run a line of shell in which `voxsip` is the command; returns its code, its output and its errors."""
    define = f'voxsip() {{ {COMMAND[0]} -m voxsip.cli "$@"; }}; '
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {define}{text}"],
        capture_output=True,
        text=True,
        cwd=voxsip.folder,
        env=voxsip.environment,
        timeout=100,
        check=False,
        **options,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def bound(emulator):
    return sum(one["application_id"] is not None for one in emulator.state["registrations"])


@pytest.mark.parametrize(
    "output",
    [
        "> /dev/full", "2> /dev/full", "> /dev/full 2>&1", "2>&-", ">&-", ">&- 2>&-", "<&- >&- 2>&-",
        "| true", "2>&1 >/dev/null | true", "--json > /dev/full", "--json 2>&-  > events",
    ],
)  # fmt: skip
def test_the_job_ends_well_and_writes_its_reports(serve, write, tmp_path, output):
    emulator, voxsip = serve(registrations=ROWS)
    code, _, _ = shell(voxsip, f"voxsip bulk bind {write(BIND)} --journal j --report out {output}")
    assert code == 0
    assert bound(emulator) == ROWS
    assert json.loads((tmp_path / "out" / "report.json").read_text())["done"] == ROWS
    assert "bind, finished" in voxsip("bulk", "status", "j").out


def test_a_full_disk_is_told(serve, write):
    _, voxsip = serve(registrations=ROWS)
    _, _, said = shell(voxsip, f"voxsip bulk bind {write(BIND)} > /dev/full")
    assert "voxsip: standard output cannot be written: No space left on device" in said


def test_a_job_whose_events_nobody_reads_stops_in_order(serve, write, tmp_path):
    emulator, voxsip = serve(registrations=ROWS, latency=0.05)
    path = write(BIND)
    line = f"voxsip bulk bind {path} --json --concurrency 1 --journal j --report out | head -1"
    code, seen, said = shell(voxsip, line)
    assert code == 130
    assert json.loads(seen)["event"] == "started"
    assert "resume j" in said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["rows"] == ROWS
    assert report["done"] == bound(emulator) < ROWS
    assert report["unknown"] == report["failed"] == 0
    assert voxsip("bulk", "resume", "j").code == 0
    assert bound(emulator) == ROWS


def test_a_plan_is_saved_although_nobody_reads_it(serve, write, tmp_path):
    _, voxsip = serve(registrations=1)
    code, _, _ = shell(voxsip, f"voxsip plan {write(BIND[:13])} --out saved.plan > /dev/full")
    assert code == 1
    assert (tmp_path / "saved.plan").exists()


def test_a_stopped_job_has_an_event_for_every_row(serve, write):
    _, voxsip = serve(registrations=ROWS, latency=0.1)
    job = voxsip.start("bulk", "bind", write(BIND), "--json", "--concurrency", 1, "--journal", "j")
    read = [job.process.stdout.readline() for _ in ("started", "outcome")]
    job.interrupt()
    ended = job.end()
    assert ended.code == 130, ended.err
    *_, finished = events = [json.loads(line) for line in [*read, *ended.out.splitlines()]]
    assert finished["rows"] == ROWS
    assert finished["done"] + finished["skipped"] == ROWS
    assert sum(event["event"] == "outcome" for event in events) == ROWS


def test_events_that_go_nowhere_are_refused(serve, write):
    emulator, voxsip = serve(registrations=ROWS)
    code, _, said = shell(voxsip, f"voxsip bulk bind {write(BIND)} --json >&-")
    assert (code, bound(emulator)) == (2, 0)
    assert "--json: standard output is closed" in said


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("registrations list > /dev/full", 1, "No space left"),
        ("registrations list --json | true", 130, ""),
        ("--help > /dev/full", 1, "No space left"),
        ("--version > /dev/full", 1, "No space left"),
        ("--version >&-", 1, "it is closed"),
        ("--version | true", 130, ""),
        ("bulk template bind > /dev/full", 1, "No space left"),
        ("token >&-", 1, "it is closed"),
        (
            "registrations create --sip-username a --proxy p > /dev/full",
            1,
            "registration 4 is bought",
        ),
    ],
)
def test_commands_whose_output_is_the_point_fail(serve, line, code, said):
    _, voxsip = serve(registrations=3)
    ended, _, heard = shell(voxsip, f"voxsip {line}")
    assert ended == code
    assert said in heard


def test_a_journal_for_which_there_is_no_room(serve, write, tmp_path):
    emulator, voxsip = serve(registrations=5 * ROWS)
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 5 * ROWS + 1)))
    limited = f"(ulimit -f 40; trap '' XFSZ; voxsip bulk bind {path} --journal j --report out)"
    code, _, said = shell(voxsip, limited)
    assert code == 3
    assert "journal" in said
    assert said.endswith("resume with: voxsip bulk resume j\n")
    done = json.loads((tmp_path / "out" / "report.json").read_text())["done"]
    assert 0 < done <= bound(emulator) < 5 * ROWS
    assert voxsip("bulk", "resume", "j").code == 0
    assert bound(emulator) == 5 * ROWS


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_part_of_the_output_is_a_failure(serve, tmp_path, unbuffered):
    """An unbuffered stream of Python drops what a pipe does not take at once."""
    _, voxsip = serve()
    voxsip.environment["PYTHONUNBUFFERED"] = unbuffered
    assert shell(voxsip, "voxsip spec | head -c 10")[0] == 130
    code, out, _ = shell(voxsip, "voxsip spec | (sleep 0.5; cat)")
    assert (code, out) == (0, voxsip("spec").out)
    full = f"(ulimit -f 8; trap '' XFSZ; voxsip spec > {tmp_path}/spec.json)"
    code, _, said = shell(voxsip, full)
    assert (code, "File too large" in said) == (1, True)


@pytest.mark.parametrize("numbers", [("INT", "INT"), ("TERM", "TERM", "HUP"), ("HUP", "HUP")])
def test_one_stop_that_arrives_as_several_signals(serve, write, numbers):
    emulator, voxsip = serve(registrations=ROWS, latency=0.2)
    rows = "sip_username,proxy\n" + "".join(f"phone-{number},p\n" for number in range(ROWS))
    job = voxsip.start("bulk", "create", write(rows), "--yes", "--concurrency", 4)
    job.read_until("creating")
    for number in numbers:
        job.process.send_signal(getattr(signal, f"SIG{number}"))
    ended = job.end()
    assert ended.code == 130, ended.err
    assert "cut off" not in ended.err.replace("cuts them off", "")
    assert "resume rows.csv.journal" in ended.err
    bought = len(emulator.state["registrations"]) - ROWS
    assert f"done         {bought}\n" in ended.out
    assert "unknown      0\n" in ended.out


def test_nohup_lets_a_job_survive_its_terminal(serve, write):
    emulator, voxsip = serve(registrations=ROWS)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # inherited
    try:
        job = voxsip.start("bulk", "bind", write(BIND))
    finally:
        signal.signal(signal.SIGHUP, before)
    job.read_until("binding")
    job.process.send_signal(signal.SIGHUP)
    assert job.end().code == 0
    assert bound(emulator) == ROWS


def test_a_terminal_that_is_closed_stops_the_job_in_order(serve, write, tmp_path):
    pty = pytest.importorskip("pty")
    emulator, voxsip = serve(registrations=ROWS, latency=0.05)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "bulk", "bind", write(BIND), "--concurrency", "1", "--report", "out"],
        stdin=theirs, stdout=theirs, stderr=theirs,
        cwd=tmp_path, env={**voxsip.environment, "TERM": "xterm"}, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"done" not in seen:
        seen += os.read(ours, 4096)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 130
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["done"] == bound(emulator) < ROWS
