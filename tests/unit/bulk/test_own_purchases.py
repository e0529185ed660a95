"""Whose purchase is it? What was there before tells, and no clock does."""

import asyncio

import pytest

import voxsip
from tests.support.emulators import QUICK, received
from tests.unit.bulk.conftest import until
from voxsip._base_client import knowing
from voxsip._calls.id_set import IdSet
from voxsip._clock import Seams, SystemClock, utc_now
from voxsip.bulk._journal.status import read_journal
from voxsip.emulator import Fault, Faults

PROXY = "sip.example.com"
ROW = {"sip_username": "alice", "proxy": PROXY}


class OffClock(SystemClock):
    """A machine whose wall clock is wrong by so many seconds."""

    def __init__(self, error):
        self._real = SystemClock.wall
        self.wall = lambda: self._real() + error


async def interrupt(client, emulator, journal, rows):
    """Cancel a job once its requests were executed and not yet answered."""
    count = emulator.state.counters["CreateSipRegistration"]["executed"] + len(rows)
    emulator.latency = 0.4
    task = asyncio.ensure_future(
        client.bulk.create(rows, journal=journal, check_funds=False)._finish()
    )
    await until(lambda: emulator.state.counters["CreateSipRegistration"]["executed"] == count)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    emulator.latency = 0


@pytest.mark.parametrize("error", [-86_400, -10, 10, 86_400])
async def test_a_clock_that_jumped_between_kill_and_resume(start, tmp_path, error):
    emulator, client = await start(balance=10)
    await client.call("CreateSipRegistration", ROW)  # somebody's, of the same name, moments before
    journal = tmp_path / "job.sqlite"
    await interrupt(client, emulator, journal, [ROW])
    seams = Seams(clock=OffClock(error))
    async with voxsip.AsyncClient(
        emulator.credentials, base_url=emulator.base_url, retry=QUICK, _seams=seams
    ) as other:
        (outcome,) = [o async for o in other.bulk.resume(journal, [ROW], recovery_delay=0)]
    assert (outcome.status, outcome.result.sip_registration_id) == ("done", 2)
    assert received(emulator, "CreateSipRegistration") == 2


async def test_a_lost_reply_in_a_job_is_told_by_what_was_there(start, tmp_path):
    """One of the same name was bought a moment before the job: too close for a clock to tell."""
    emulator, client = await start(balance=10)
    async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as somebody:
        await somebody.call("CreateSipRegistration", ROW)
    emulator.faults = Faults(
        [Fault(kind="lose_reply", command="CreateSipRegistration", times=(2,))]
    )
    for journal in (None, tmp_path / "job.sqlite"):
        (outcome,) = [o async for o in client.bulk.create([ROW], journal=journal)]
        assert outcome.status == "done"
        assert outcome.result.sip_registration_id == len(emulator.state.registrations)


async def test_the_wait_before_a_look_up_counts_from_the_opening(start, tmp_path):
    """However old the intent: a request may have left much later, or another run may have been killed since."""
    emulator, client = await start(balance=10)
    journal = tmp_path / "job.sqlite"
    await interrupt(client, emulator, journal, [ROW])
    slept = []

    class Watched(SystemClock):
        @staticmethod
        def monotonic():
            return SystemClock.monotonic() + sum(slept)

        @staticmethod
        async def sleep(seconds):
            slept.append(seconds)
            await asyncio.sleep(0)

    for error in (3600, -3600):
        clock = Watched()
        clock.wall = lambda error=error: SystemClock.wall() + error
        async with voxsip.AsyncClient(
            emulator.credentials, base_url=emulator.base_url, _seams=Seams(clock=clock)
        ) as other:
            slept.clear()
            job = other.bulk.resume(journal, [ROW], recovery_delay=600, deadline=1e-9)
            await job
            assert slept
            assert slept[0] == pytest.approx(600, abs=300)


async def test_equal_rows_never_share_a_registration(start, tmp_path):
    """Two of one name on purpose: one was bought by a killed run, the reply of the other is lost."""
    emulator, client = await start(balance=10)
    journal = tmp_path / "job.sqlite"
    rows = [ROW, {"sip_username": "bob", "proxy": PROXY}, ROW]
    await interrupt(client, emulator, journal, rows[:2])
    emulator.faults = Faults(
        [Fault(kind="lose_reply", command="CreateSipRegistration", times=(1,))]
    )
    # the journal is of a job of two rows that did not know its length
    outcomes = [o async for o in client.bulk.resume(journal, iter(rows[:2]), recovery_delay=0)]
    assert [o.status for o in outcomes] == ["done", "done"]
    again = tmp_path / "again.sqlite"
    outcomes = [o async for o in client.bulk.create([ROW, ROW], journal=again)]
    ids = [o.result.sip_registration_id for o in outcomes]
    assert {o.status for o in outcomes} == {"done"}
    assert sorted(ids) == [3, 4]
    assert len(emulator.state.registrations) == 4


async def test_what_recover_found_is_nobody_elses(start):
    emulator, client = await start(balance=10)
    since = utc_now(client.clock)
    async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as killed:
        await killed.call("CreateSipRegistration", ROW)
    found = await client.recover("CreateSipRegistration", ROW, since=since, known_before=IdSet())
    emulator.faults = Faults(
        [Fault(kind="lose_reply", command="CreateSipRegistration", times=(2,))]
    )
    made = await knowing(client, IdSet()).call("CreateSipRegistration", ROW)
    assert (found["sip_registration_id"], made["sip_registration_id"]) == (1, 2)


async def test_a_list_that_fails_at_first_leaves_doubt_unknown(start, tmp_path):
    """Without knowing what was there, what carries the name may be anybody's."""
    emulator, client = await start(
        balance=10, faults=Faults([Fault(kind="http", command="GetSipRegistrations", status=503)])
    )
    journal = tmp_path / "job.sqlite"
    await interrupt(client, emulator, journal, [ROW])
    assert read_journal(journal).counts["intended"] == 1
    (outcome,) = [o async for o in client.bulk.resume(journal, [ROW], recovery_delay=0)]
    assert outcome.status == "unknown"
    assert received(emulator, "CreateSipRegistration") == 1


@pytest.mark.parametrize("numbers", [[], [5, 1, 3], [2**64, -1, 0, 2**64 - 1, 7]])
def test_a_set_of_ids(numbers):
    known = IdSet(numbers[:2])
    for number in numbers + numbers:
        known.add(number)
    assert set(known) == set(numbers)
    assert len(known) == len(set(numbers))
    assert all(number in known for number in numbers)
    assert not any(number in known for number in (4, -2, 2**65, "5", None))
