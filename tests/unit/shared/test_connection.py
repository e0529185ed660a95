"""Whatever becomes of a connection to the store: a statement is repeated, or refused by name; nobody waits forever."""

import asyncio

import asyncpg
import pytest

import voxsip
from tests.support.postgres_proxy import FATAL, PostgresProxy, notification
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.store import StoreJournal
from voxsip.shared import SharedRate, _connection
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import LoopConnection

DIGEST = bytes(16)


@pytest.fixture
async def proxy(store):
    async with PostgresProxy(store) as proxy:
        yield proxy


@pytest.fixture
async def connection(proxy):
    connection = LoopConnection(StoreAddress(proxy.dsn), lambda: None)
    yield connection
    await connection.aclose()


async def a_rate(dsn, name):
    """Send everything that processes send about a rate."""
    limiter = SharedRate(dsn, rate=1e6).limiter_for(name, 1)
    try:
        await limiter.acquire()
        limiter.note_throttled(None)
        await limiter.acquire()
        await limiter.change(1e5)
        await limiter.pause_all(0)
        assert (await limiter.status()).ceiling == 1e5
    finally:
        await limiter.aclose()


async def a_job(dsn, name):
    """Send everything that a journal sends, in two runs."""
    address = f"{dsn}#{name}"
    first = await StoreJournal.create(address, JobHeader(kind="create"), known=[3])
    try:
        await first.intend(0, DIGEST, "a")
        first.record(0, DIGEST, "done", "a", result_id=7)
        await first.flush()
        first.ended(2)
        first.stopped("for a test")
    finally:
        await first.close()
    second = await StoreJournal.open(address)
    try:
        assert (second.runs, second.rows_known, second.rows_total) == (2, 1, 2)
        assert (await second.restored(0)).result_id == 7
        assert await second.result_ids() == [7]
    finally:
        await second.close()


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cut", "fatal"])
@pytest.mark.parametrize("scenario", [a_rate, a_job])
async def test_any_one_reply_may_be_lost(proxy, scenario, how):
    await scenario(proxy.dsn, "whole")
    proxy.how, proxy.answered, proxy.lose = how, 0, 0
    while proxy.answered >= proxy.lose:
        proxy.answered, proxy.lose = 0, proxy.lose + 1
        await scenario(proxy.dsn, f"without-{proxy.lose}")
    assert proxy.lose > 8


async def test_a_connection_that_the_server_is_ending_is_made_again(proxy, connection):
    told = asyncio.Event()
    connection.listen("told", lambda *_: told.set())
    assert (await connection.fetchrow("SELECT 1 AS one"))["one"] == 1
    proxy.say(FATAL + notification("told"))  # the connection itself ends later
    await told.wait()
    assert (await connection.fetchrow("SELECT 2 AS two"))["two"] == 2


@pytest.mark.slow
async def test_a_statement_without_an_answer_is_repeated(proxy, connection, monkeypatch):
    await connection.fetchrow("SELECT 1")
    await connection.aclose()
    monkeypatch.setattr(_connection, "STATEMENT_SECONDS", 3.0)
    proxy.answered, proxy.lose, proxy.how = 0, 3, "silence"  # two look at the tables
    assert (await connection.fetchrow("SELECT 1 AS one"))["one"] == 1
    assert proxy.answered > 3


async def test_a_statement_that_the_server_refuses_ends_the_wait(store):
    limiter = SharedRate(store).limiter_for("api.example.com", 1)
    await limiter.status()
    connection = await asyncpg.connect(store)
    await connection.execute("DROP FUNCTION voxsip.take_slots")
    with pytest.raises(voxsip.ConfigurationError, match=r"refused \(UndefinedFunctionError, SQLS"):
        await limiter.acquire()
    await limiter.aclose()
    journal = await StoreJournal.create(store, JobHeader(kind="bind"))
    await connection.execute("ALTER TABLE voxsip.job_row RENAME attempts TO tries")
    with pytest.raises(voxsip.ConfigurationError, match="UndefinedColumnError"):
        await journal.intend(0, DIGEST, "a")
    with pytest.raises(voxsip.ConfigurationError, match="nothing is sent any more"):
        await journal.close()
    await connection.close()


async def test_a_bug_ends_the_wait(store, monkeypatch):
    async def fail(*_):
        raise ZeroDivisionError

    limiter = SharedRate(store).limiter_for("api.example.com", 1)
    journal = await StoreJournal.create(store, JobHeader(kind="bind"))
    with monkeypatch.context() as patched:
        patched.setattr(LoopConnection, "fetchrow", fail)
        with pytest.raises(voxsip.NotSentError, match="unexpected ZeroDivisionError") as caught:
            await limiter.acquire()
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        with pytest.raises(voxsip.ConfigurationError, match=r"unexpectedly \(ZeroDivisionError\)"):
            await journal.intend(0, DIGEST, "a")
        with pytest.raises(voxsip.ConfigurationError, match="nothing is sent any more"):
            await journal.close()
    await limiter.aclose()
