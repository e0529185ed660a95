"""A resumed job sends nothing before the last requests of the run before it have arrived."""

import asyncio
import shutil
from contextlib import suppress

import pytest

import voxsip
from tests.support.emulators import QUICK, received
from tests.unit.bulk.conftest import until
from voxsip._clock import Seams, SystemClock
from voxsip.emulator import Fault, Faults

COMMANDS = {
    "bind": "BindSipRegistration",
    "create": "CreateSipRegistration",
    "delete": "DeleteSipRegistration",
}


def rows_of(kind, count=4):
    if kind == "create":
        return [
            {"sip_username": f"n{number}", "proxy": "sip.example.com"} for number in range(count)
        ]
    more = {"application_id": 1} if kind == "bind" else {}
    return [{"sip_registration_id": number, **more} for number in range(1, count + 1)]


class Waits(SystemClock):
    """Long waits take no time; each notes how often the command had been received when it began."""

    def __init__(self, emulator, command):
        self.seen = []
        self.cancel = None
        self._passed = 0.0
        self._count = lambda: received(emulator, command)

    def monotonic(self):
        return SystemClock.monotonic() + self._passed

    async def sleep(self, seconds):
        if seconds < 1:
            await asyncio.sleep(seconds)
            return
        self.seen.append((round(seconds), self._count()))
        if self.cancel is not None:
            self.cancel()
        await asyncio.sleep(0)
        self._passed += seconds


@pytest.fixture
async def house(start, tmp_path):
    """Give an emulator, a clock that watches it, and a client with that clock, for jobs of one kind."""
    opened = []

    async def house(kind):
        emulator, _ = await start(balance=100, price=1, registrations=0 if kind == "create" else 9)
        clock = Waits(emulator, COMMANDS[kind])
        client = voxsip.AsyncClient(
            emulator.credentials,
            base_url=emulator.base_url,
            retry=QUICK,
            _seams=Seams(clock=clock),
        )
        opened.append(client)
        return emulator, clock, client

    yield house
    for client in opened:
        await client.close()


async def cut_off(emulator, client, kind, journal, rows):
    """Cancel a job whose requests are in flight; return what its journal was at that moment, as a kill leaves it."""
    emulator.latency = 0.4
    start = getattr(client.bulk, kind)
    task = asyncio.ensure_future(start(rows, journal=journal, concurrency=2)._finish())
    await until(lambda: received(emulator, COMMANDS[kind]) == 2)
    killed = journal.with_name("killed.sqlite")
    for end in ("", "-wal"):
        shutil.copy(journal.with_name(journal.name + end), killed.with_name(killed.name + end))
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    emulator.latency = 0
    return killed


@pytest.mark.parametrize("killed", [True, False])
@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_job_that_was_cut_off_waits_when_it_is_resumed(house, tmp_path, kind, killed):
    emulator, clock, client = await house(kind)
    journal = tmp_path / "job.sqlite"
    copy = await cut_off(emulator, client, kind, journal, rows_of(kind))
    report = await client.bulk.resume(copy if killed else journal, rows_of(kind))
    assert (report.done, report.unknown) == (4, 0)
    assert clock.seen == [(3, 2)], "one wait of 3 seconds, before anything was sent"


@pytest.mark.parametrize("kind", ["bind", "delete"])
async def test_an_end_in_order_needs_no_wait(house, tmp_path, kind):
    emulator, clock, client = await house(kind)
    job = getattr(client.bulk, kind)(rows_of(kind), journal=tmp_path / "j", concurrency=1)
    async for _ in job:
        job.stop()
    assert (await client.bulk.resume(tmp_path / "j", rows_of(kind))).done == 4
    assert clock.seen == []
    assert received(emulator, COMMANDS[kind]) == 4


@pytest.mark.parametrize("between", ["another input", "another account", "cancelled in the wait"])
@pytest.mark.parametrize("kind", COMMANDS)
async def test_a_run_that_sent_nothing_is_no_end_in_order(house, tmp_path, kind, between):
    """Resumed with a wrong file, and at once with the right one: the requests of the killed run are still on their way."""
    emulator, clock, client = await house(kind)
    journal = await cut_off(emulator, client, kind, tmp_path / "job.sqlite", rows_of(kind))
    if between == "another input":
        with pytest.raises(voxsip.InvalidArgumentError):
            await client.bulk.resume(journal, rows_of(kind, 3))
    elif between == "another account":
        async with voxsip.AsyncClient(
            emulator.credentials, account_id=7, base_url=emulator.base_url
        ) as other:
            with pytest.raises(voxsip.ConfigurationError, match="the job ran on account"):
                await other.bulk.resume(journal, rows_of(kind))
    else:
        task = asyncio.ensure_future(client.bulk.resume(journal, rows_of(kind))._finish())
        clock.cancel = task.cancel
        with pytest.raises(asyncio.CancelledError):
            await task
        clock.cancel = None
        assert clock.seen == [(3, 2)]
    clock.seen.clear()
    assert received(emulator, COMMANDS[kind]) == 2
    assert (await client.bulk.resume(journal, rows_of(kind))).done == 4
    assert clock.seen == [(3, 2)]


async def test_a_log_that_was_lost_stays_lost(house, tmp_path):
    """What a killed run deleted is done, also if the loss was seen by a run that stopped before it came to it."""
    emulator, _, client = await house("delete")
    journal = await cut_off(emulator, client, "delete", tmp_path / "job.sqlite", rows_of("delete"))
    journal.with_name(journal.name + "-wal").unlink()
    for row in rows_of("delete")[1:3]:
        await client.sip_registrations.delete(**row)
    with pytest.raises(voxsip.InvalidArgumentError):
        await client.bulk.resume(journal, rows_of("delete", 3))
    job = client.bulk.resume(journal, rows_of("delete"), concurrency=1)
    async for _ in job:
        job.stop()
    report = await client.bulk.resume(journal, rows_of("delete"))
    assert (report.done, report.failed) == (4, 0)


async def test_a_copy_is_not_resumed_unseen(house, tmp_path):
    """A copy made after an end in order looks clean, and rows may have been bought since: without a list, refused."""
    emulator, _, client = await house("create")
    journal, copy = tmp_path / "job.sqlite", tmp_path / "copy.sqlite"
    job = client.bulk.create(rows_of("create"), journal=journal, concurrency=1)
    async for _ in job:
        job.stop()
    shutil.copy(journal, copy)
    assert (await client.bulk.resume(journal, rows_of("create"))).done == 4
    emulator.faults = Faults([Fault(kind="http", command="GetSipRegistrations", status=503)])
    with pytest.raises(voxsip.VoxsipError, match="503"):
        await client.bulk.resume(copy, rows_of("create"))
    assert received(emulator, COMMANDS["create"]) == 4
