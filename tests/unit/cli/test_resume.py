"""`voxsip bulk resume` and `status`: a job is resumed from its journal, and is seen in it."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from contextlib import closing

import pytest

from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.store import StoreJournal

pytestmark = pytest.mark.slow

PURCHASES = "sip_username,proxy,password\n" + "".join(
    f"phone-{number},p,secret-{number}\n" for number in range(200)
)


def start_and_stop(voxsip, *arguments, number=signal.SIGINT, after=20):
    """Start a job and send it a signal once so many rows have ended."""
    running = voxsip.start(*arguments, "--concurrency", 4, "--json")
    outcomes = 0
    while outcomes < after:
        outcomes += '"event":"outcome"' in running.process.stdout.readline()
    running.process.send_signal(number)
    return running.end()


def test_a_killed_purchase_is_resumed_and_nothing_is_bought_twice(serve, write):
    emulator, voxsip = serve(latency=0.02)
    path = write(PURCHASES)
    ended = start_and_stop(voxsip, "bulk", "create", path, "--yes", number=signal.SIGKILL)
    assert ended.code == -signal.SIGKILL
    assert not voxsip("bulk", "status", "rows.csv.journal").out.startswith("job          complete")

    ended = voxsip("bulk", "resume", "rows.csv.journal")
    assert ended.code == 0, ended.err
    names = sorted(one["sip_username"] for one in emulator.state["registrations"])
    assert names == sorted(f"phone-{number}" for number in range(200))
    assert emulator.state["account"]["balance"] == 800
    assert "job          create, finished" in voxsip("bulk", "status", "rows.csv.journal").out


@pytest.fixture
def stopped(serve, write):
    """A bind job that was stopped, its emulator and its command."""
    emulator, voxsip = serve(registrations=200, latency=0.02)
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 201)))
    ended = start_and_stop(voxsip, "bulk", "bind", path, "--journal", "job.sqlite")
    assert ended.code == 130
    emulator.latency = 0
    return emulator, voxsip


def test_status_of_a_stopped_job(stopped):
    _, voxsip = stopped
    ended = voxsip("bulk", "status", "job.sqlite")
    assert ended.code == 0
    figures = dict(line.split(maxsplit=1) for line in ended.out.splitlines())
    assert figures["job"] == "bind, stopped: interrupted"
    assert figures["file"].endswith("rows.csv")
    [state] = [json.loads(voxsip("bulk", "status", "job.sqlite", "--json").out)]
    assert state["running"] is False
    assert 20 <= state["counts"]["done"] < 200


def test_status_names_errors_as_the_job_does(serve, write):
    _, voxsip = serve(registrations=1)
    path = write("id,app id\n1,1\n2,1\n3,1\n")
    ended = voxsip("bulk", "bind", path, "--journal", "j")
    status = voxsip("bulk", "status", "j").out
    [line] = [line for line in ended.out.splitlines() if " x 275 " in line]
    assert line in status.splitlines()
    again = voxsip("bulk", "bind", path, "--journal", "j", "--resume", "--json")
    assert again.events[-1]["errors"] == {line.partition(" x ")[2]: 2}


def test_flags_of_the_command_hold_when_its_journal_is_resumed(stopped, tmp_path):
    _, voxsip = stopped
    have_earlier_checksum(tmp_path / "job.sqlite")
    ended = voxsip("bulk", "bind", "rows.csv", "--journal", "job.sqlite", "--resume", "--verify")
    assert ended.code == 0, ended.err
    figures = [line.split() for line in ended.out.splitlines()]
    assert ["mismatches", "0"] in figures
    assert ["rows", "200"] in figures


def test_an_interrupted_job_without_a_journal_says_what_is_left(serve, write):
    _, voxsip = serve(registrations=200, latency=0.02)
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 201)))
    ended = start_and_stop(voxsip, "bulk", "bind", path, "--report", "out")
    assert ended.code == 130
    assert "run the rows that are left: out/failed.csv" in ended.err
    assert "correct" not in ended.err


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        ("", "--journal: give the path of a new file"),
        (".", "--journal: . is a folder: name a new file in it"),
        ("rows.csv", "--journal: rows.csv is the file of rows: name a new file"),
        ("none/job.sqlite", "there is no such folder"),
    ],
)
def test_a_place_where_no_journal_can_be(serve, write, journal, words):
    emulator, voxsip = serve(registrations=1)
    path = write("id,app id\n1,1\n")
    ended = voxsip("bulk", "bind", path, "--journal", journal)
    assert ended.code == 2
    assert words in ended.err
    assert emulator.state["counters"]["BindSipRegistration"]["received"] == 0


def test_status_of_a_running_job(serve, write):
    _, voxsip = serve(registrations=50, latency=0.5)
    path = write("id,app id\n" + "".join(f"{number},1\n" for number in range(1, 51)))
    options = ("--journal", "job.sqlite", "--concurrency", 1, "--json")
    running = voxsip.start("bulk", "bind", path, *options)
    while '"event":"outcome"' not in running.process.stdout.readline():
        pass
    assert "job          bind, running" in voxsip("bulk", "status", "job.sqlite").out
    ended = voxsip("bulk", "resume", "job.sqlite")
    assert ended.code == 2, "a second process on the same journal"
    assert f"process {running.process.pid}" in ended.err
    running.interrupt()
    assert running.end().code == 130


def test_a_changed_file_is_refused(stopped, tmp_path):
    emulator, voxsip = stopped
    before = emulator.state.counters["BindSipRegistration"]["received"]
    path = tmp_path / "rows.csv"
    path.write_text(path.read_text().replace("\n7,1\n", "\n7,2\n"))
    ended = voxsip("bulk", "resume", "job.sqlite")
    assert ended.code == 2
    assert "is not what it was when the job" in ended.err
    have_earlier_checksum(tmp_path / "job.sqlite")
    ended = voxsip("bulk", "resume", "job.sqlite")
    assert ended.code == 2
    assert "row 7 (registration 7) is not the row it was" in ended.err
    assert emulator.state.counters["BindSipRegistration"]["received"] == before


def have_earlier_checksum(journal):
    """Make the checksum of a journal's input one that says nothing of how rows are digested now."""
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute("UPDATE job SET checksum = '5d41402abc4b2a76b9719d911017c592'")


def test_a_reformatted_file_is_the_same(stopped, tmp_path):
    _, voxsip = stopped
    rows = (tmp_path / "rows.csv").read_text().splitlines()[1:]
    ids = [row.split(",")[0] for row in rows]
    lines = [json.dumps({"application_id": 1, "id": number}) for number in ids]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "rows.csv").unlink()
    ended = voxsip("bulk", "resume", "job.sqlite")
    assert ended.code == 2
    assert "name the file of rows after the journal" in ended.err
    assert voxsip("bulk", "resume", "job.sqlite", "rows.jsonl").code == 0


def test_the_file_is_found_beside_the_journal(stopped, tmp_path):
    _, voxsip = stopped
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "rows.csv").rename(tmp_path / "elsewhere" / "rows.csv")
    (tmp_path / "job.sqlite").rename(tmp_path / "elsewhere" / "job.sqlite")
    ended = voxsip("bulk", "resume", "elsewhere/job.sqlite", "--concurrency", 2)
    assert ended.code == 0, ended.err


def test_rows_of_standard_input_must_be_given_again(serve, tmp_path):
    emulator, voxsip = serve(registrations=3, max_registrations=3)
    rows = "id,app id\n1,1\n2,1\n"
    assert voxsip("bulk", "bind", "-", "--journal", "j", stdin=rows).code == 0
    ended = voxsip("bulk", "resume", "j")
    assert ended.code == 2
    assert "does not say where its rows are" in ended.err
    assert voxsip("bulk", "resume", "j", "-", stdin=rows).code == 0
    assert emulator.state.counters["BindSipRegistration"]["executed"] == 2


@pytest.mark.parametrize("command", ["resume", "status"])
@pytest.mark.parametrize("content", [None, "not a journal"])
def test_no_journal(serve, write, command, content):
    _, voxsip = serve()
    path = "none" if content is None else write(content, "j")
    ended = voxsip("bulk", command, path)
    assert ended.code == 2
    assert path in ended.err


def test_a_journal_in_a_store_that_another_process_holds_is_bad_usage(serve, write, postgres):
    emulator, voxsip = serve()
    rows = write("sip_username,proxy\na,sip.example.com\nb,sip.example.com\n")
    journal = f"{postgres.dsn()}#held"

    async def hold():
        held = await StoreJournal.create(journal, JobHeader(kind="create", rows=2))
        try:
            return await asyncio.to_thread(voxsip, "bulk", "resume", journal, rows)
        finally:
            await held.close()

    ended = asyncio.run(hold())
    assert ended.code == 2, ended.err
    assert "the job is held by process" in ended.err
    assert emulator.state.counters["CreateSipRegistration"]["received"] == 0
