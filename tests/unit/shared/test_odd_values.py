"""What nobody wrote into a journal in a store is refused by name, and never bought twice."""

import asyncio

import asyncpg
import pytest

import voxsip
from tests.support.odd_rows import odd_store
from voxsip import ConfigurationError
from voxsip.bulk import read_journal
from voxsip.emulator import Emulator

ROWS = [{"sip_username": f"phone-{number}", "proxy": "sip.example.com"} for number in range(6)]
QUICK = {"check_funds": False, "recovery_delay": 0}


@pytest.fixture
async def job(store):
    """A purchase that was cut short, with rows of two accounts done, failed and left over."""
    async with (
        Emulator(balance=3, price=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        emulator.add_child(balance=1)
        address = f"{store}#job"
        rows = [{**ROWS[5], "account_id": 2}, *ROWS]
        report = await client.bulk.create(rows, journal=address, check_funds=False, concurrency=1)
        assert (report.done, report.failed, report.skipped) == (4, 1, 2)
        yield emulator, client, address, rows


@pytest.mark.slow
@pytest.mark.once
async def test_no_value_ends_in_a_crash(job, store):
    _, client, address, rows = job
    async with odd_store(store, "job", "job_account", "job_row") as odd:
        tried, crashed = await odd.crashes(
            lambda: asyncio.to_thread(read_journal, address),
            lambda: client.bulk.resume(address, rows, **QUICK),
        )
    assert not crashed
    assert tried > 80


async def _spoil(store, statement):
    connection = await asyncpg.connect(store)
    await connection.execute(statement)
    await connection.close()


def _executed(emulator):
    return emulator.state.counters["CreateSipRegistration"]["executed"]


@pytest.mark.parametrize("change", ["place + 1000", "-1 - place"])
async def test_rows_in_places_that_the_input_does_not_have_are_refused(job, store, change):
    emulator, client, address, rows = job
    await _spoil(store, f"UPDATE voxsip.job_row SET place = {change}")  # noqa: S608 - constants
    executed = _executed(emulator)
    with pytest.raises(ConfigurationError, match="restore a copy"):
        await client.bulk.resume(address, rows, **QUICK)
    with pytest.raises(ConfigurationError, match="restore a copy"):
        read_journal(address)
    assert _executed(emulator) == executed


@pytest.mark.parametrize("step", [1000, 2])
async def test_rows_of_a_stream_that_were_moved_are_not_bought_again(job, store, step):
    emulator, client, address, rows = job
    for change in (f"-1 - ({step} + place)", "-1 - place"):
        await _spoil(store, f"UPDATE voxsip.job_row SET place = {change}")  # noqa: S608 - constants
    await _spoil(store, "UPDATE voxsip.job SET rows = NULL, rows_total = NULL")
    executed = _executed(emulator)
    with pytest.raises(ConfigurationError, match="restore a copy"):
        await client.bulk.resume(address, (row for row in rows), **QUICK)
    assert _executed(emulator) == executed


@pytest.mark.parametrize("column", ["open", "spent"])
async def test_money_that_is_no_amount_buys_nothing(store, column):
    async with (
        Emulator(balance=100, price=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        assert (await client.bulk.create(ROWS[:2], journal=f"{store}#first")).done == 2
        await _spoil(store, f"UPDATE voxsip.money SET {column} = 'NaN'")  # noqa: S608 - constants
        with pytest.raises(ConfigurationError, match="money of account 1 is no amount"):
            await client.bulk.create(ROWS[2:], journal=f"{store}#second")
        assert _executed(emulator) == 2


@pytest.mark.parametrize("value", ["'NaN'", "'Infinity'", "1e300"])
@pytest.mark.parametrize("column", ["grace", "lease_until"])
async def test_a_lease_that_ends_at_no_time_is_refused(job, store, column, value):
    _, client, address, rows = job
    await _spoil(store, f"UPDATE voxsip.job SET lease = 'x', {column} = {value}")  # noqa: S608 - constants
    with pytest.raises(ConfigurationError, match="restore a copy") as refusal:
        await client.bulk.resume(address, rows, **QUICK)
    assert not refusal.value.in_use


async def test_a_journal_that_is_refused_is_given_back(job, store):
    _, client, address, rows = job
    await _spoil(store, "UPDATE voxsip.job SET options = '[['")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="restore a copy"):
            await client.bulk.resume(address, rows, **QUICK)
    connection = await asyncpg.connect(store)
    assert await connection.fetchval("SELECT lease FROM voxsip.job") is None
    await connection.close()
