"""Journals that lost a part, went back in time, or were taken away: nothing is bought twice."""

import os
import shutil
from collections import Counter
from contextlib import suppress

import pytest

from tests.support import killed_job as killed
from tests.support.emulators import received
from tests.unit.bulk.conftest import kill_until_done
from voxsip import ConfigurationError
from voxsip.emulator import Fault, Faults

PROXY = "sip.example.com"


def wanted(count):
    return [{"sip_username": f"phone-{number}", "proxy": PROXY} for number in range(1, count + 1)]


def bought(emulator):
    return Counter(row["sip_username"] for row in emulator.state.registrations)


def side(journal, end):
    return journal.with_name(journal.name + end)


@pytest.mark.slow
@pytest.mark.parametrize("older", [False, True])
async def test_a_killed_purchase_whose_log_is_lost(start, tmp_path, older):
    """Killed, and then only the main file is there, or an older copy of both: every row is looked for."""
    emulator, _ = await start(balance=300, price=1, latency=0.01)
    journal, copy = tmp_path / "j", tmp_path / "older"

    def lose():
        if not older:
            assert side(journal, "-wal").stat().st_size > 0
            side(journal, "-wal").unlink()
            side(journal, "-shm").unlink()
        elif not copy.exists():
            shutil.copy(journal, copy)
            shutil.copy(side(journal, "-wal"), side(copy, "-wal"))
        else:
            side(journal, "-shm").unlink()
            shutil.copy(copy, journal)
            shutil.copy(side(copy, "-wal"), side(journal, "-wal"))

    words, killings = await kill_until_done("create", emulator, journal, 300, [40, 90], lose)
    assert killings == 2
    assert words == [300, 300, 0, 0]
    assert bought(emulator) == Counter(row["sip_username"] for row in killed.rows_of("create", 300))


@pytest.mark.slow
async def test_a_killed_deletion_whose_log_is_lost(start, tmp_path):
    emulator, _ = await start(registrations=200, latency=0.01)
    journal = tmp_path / "j"

    def lose():
        side(journal, "-wal").unlink()

    words, killings = await kill_until_done("delete", emulator, journal, 200, [60], lose)
    assert killings == 1
    assert words == [200, 200, 0, 0]
    assert emulator.state.registrations == []


async def test_a_copy_of_a_journal_that_ended_in_order_is_no_second_purchase(start, tmp_path):
    """Stopped, copied to another laptop, ended there; then the old one is resumed as well."""
    emulator, client = await start(balance=100, price=1)
    journal, copy = tmp_path / "job.sqlite", tmp_path / "laptop.sqlite"
    job = client.bulk.create(wanted(30), journal=journal, concurrency=2)
    async for outcome in job:
        if outcome.index == 5:
            job.stop()
    assert not list(tmp_path.glob("job.sqlite?*")), "a clean end leaves one file"
    shutil.copy(journal, copy)
    assert (await client.bulk.resume(copy, wanted(30))).done == 30
    outcomes = [o async for o in client.bulk.resume(journal, wanted(30))]
    assert {o.status for o in outcomes} == {"done"}
    ids = [o.result.sip_registration_id for o in outcomes]
    assert sorted(ids) == sorted(row["sip_registration_id"] for row in emulator.state.registrations)
    assert max(bought(emulator).values()) == 1


async def test_a_job_that_ended_badly_is_not_resumed_unseen(start, tmp_path):
    """Without a list nobody can tell what was bought since: refused, and nothing is bought."""
    emulator, client = await start(balance=100, price=1)
    journal, copy = tmp_path / "job.sqlite", tmp_path / "copy.sqlite"
    job = client.bulk.create(wanted(10), journal=journal, concurrency=1)
    async for _ in job:
        if not copy.exists():
            shutil.copy(journal, copy)
    emulator.faults = Faults([Fault(kind="http", command="GetSipRegistrations", status=503)])
    with pytest.raises(Exception, match="503"):
        await client.bulk.resume(copy, wanted(10), recovery_delay=0)
    assert received(emulator, "CreateSipRegistration") == 10
    emulator.faults = Faults()
    assert (await client.bulk.resume(copy, wanted(10), recovery_delay=0)).done == 10
    assert received(emulator, "CreateSipRegistration") == 10


async def test_what_carries_nearly_the_name_is_not_bought_on_suspicion(start, tmp_path):
    """What an earlier run may have bought under a name that the service writes in its own way."""
    emulator, client = await start(balance=100, price=1)
    journal, copy = tmp_path / "job.sqlite", tmp_path / "copy.sqlite"
    job = client.bulk.create(wanted(3), journal=journal, concurrency=1)
    async for _ in job:
        if not copy.exists():
            shutil.copy(journal, copy)
    for row in emulator.state.registrations:
        number, name = row["sip_registration_id"], row["sip_username"]
        await client.sip_registrations.update(sip_registration_id=number, sip_username=name.upper())
    report = await client.bulk.resume(copy, wanted(3), recovery_delay=0)
    assert (report.unknown, report.done) == (3, 0)
    assert received(emulator, "CreateSipRegistration") == 3


async def test_what_carries_the_name_is_not_claimed_if_nobody_knows_what_was_there(start, tmp_path):
    """The list failed before the first purchase, and the journal is an older copy: it may be another's."""
    emulator, client = await start(balance=100, price=1)
    journal, copy = tmp_path / "job.sqlite", tmp_path / "copy.sqlite"
    emulator.faults = Faults([Fault(kind="http", command="GetSipRegistrations", status=503)])
    job = client.bulk.create(wanted(3), journal=journal, concurrency=1)
    async for _ in job:
        if not copy.exists():
            shutil.copy(journal, copy)
    emulator.faults = Faults()
    report = await client.bulk.resume(copy, wanted(3), recovery_delay=0)
    assert (report.unknown, report.done) == (3, 0)
    assert received(emulator, "CreateSipRegistration") == 3


def overwrite(path, content):
    """Write into a file that stays the same one."""
    with path.open("r+b") as file:
        file.write(content)


def overwrite_later(path, content):
    """Overwrite a file at another moment than its last change: file systems tell time in steps of some milliseconds."""
    before = path.stat().st_mtime_ns
    while path.stat().st_mtime_ns == before:
        overwrite(path, content)


TAKEN_AWAY = {
    "removed": lambda journal, _: journal.unlink(),
    "replaced": lambda journal, _: shutil.copy(journal, journal.with_name("x")).replace(journal),
    "log removed": lambda journal, _: side(journal, "-wal").unlink(),
    "overwritten by an older copy": overwrite,
    "overwritten by something else": lambda journal, older: overwrite(journal, bytes(len(older))),
    "emptied": lambda journal, _: os.truncate(journal, 0),
    "cut": lambda journal, older: os.truncate(journal, len(older) // 2),
    "log emptied": lambda journal, _: os.truncate(side(journal, "-wal"), 0),
    "log overwritten": lambda journal, _: overwrite_later(side(journal, "-wal"), b"0" * 5000),
}


@pytest.mark.parametrize("what", TAKEN_AWAY)
async def test_a_journal_taken_away_while_the_job_runs_stops_it(start, tmp_path, what):
    emulator, client = await start(balance=100, price=1, latency=0.01)
    journal = tmp_path / "job.sqlite"
    job = client.bulk.create(wanted(40), journal=journal, concurrency=1)
    bought_before, older = None, b""
    with pytest.raises(ConfigurationError, match=r"removed or replaced while the job ran.*resume"):
        async for outcome in job:
            if outcome.index == 0:
                older = journal.read_bytes()
            if outcome.index == 5 or (outcome.index > 5 and what.startswith("log ")):
                # At the moment of a write of its own the job cannot see it; at one of these moments it does.
                with suppress(FileNotFoundError):
                    TAKEN_AWAY[what](journal, older)
                bought_before = received(emulator, "CreateSipRegistration")
    assert received(emulator, "CreateSipRegistration") <= bought_before + 1
    assert job.report.stopped is not None


async def test_a_lock_removed_while_the_job_runs_buys_nothing_twice(start, tmp_path):
    """The second job takes over; the first one notices and stops."""
    emulator, client = await start(balance=100, price=1, latency=0.05)
    journal = tmp_path / "job.sqlite"
    first = client.bulk.create(wanted(40), journal=journal, concurrency=2)
    seen = []
    with pytest.raises(ConfigurationError, match="another process has resumed the job"):
        async for outcome in first:
            seen.append(outcome.status)
            if len(seen) == 5:
                side(journal, ".lock").unlink()
                report = await client.bulk.resume(journal, wanted(40), recovery_delay=0.2)
                assert (report.done, report.unknown) == (40, 0)
    assert set(bought(emulator).values()) == {1}
    assert len(bought(emulator)) == 40
