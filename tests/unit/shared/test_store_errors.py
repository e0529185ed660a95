"""A store that cannot be used, and locks that others hold: said before anything is sent, and never waited for without end."""

import asyncio
import gc
import logging
import traceback

import asyncpg
import pytest

import voxsip
from voxsip.bulk import check_journal, read_journal
from voxsip.bulk._engine import engine
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.store import StoreJournal
from voxsip.emulator import Emulator
from voxsip.shared import SharedRate, _connection
from voxsip.shared._errors import StoreUnavailableError

CANARY = "canary-of-a-password"
DIGEST = bytes(16)
BIND = [{"sip_registration_id": 1, "application_id": 1}]
BUY = [{"sip_username": "a", "proxy": "sip.example.com"}]


async def old_schema(store):
    connection = await asyncpg.connect(store)
    await connection.execute("CREATE SCHEMA voxsip; CREATE TABLE voxsip.store (version integer)")
    await connection.execute("INSERT INTO voxsip.store VALUES (1)")
    await connection.close()


@pytest.fixture(params=["no server", "wrong password", "no database", "old schema"])
async def broken(request, store, postgres, tmp_path):
    """The address of a store that cannot be used, and what is said of it."""
    secret = store.replace(postgres.password, CANARY)
    match request.param:
        case "no server":
            nowhere = f"postgresql://voxsip:{CANARY}@/db?host={tmp_path}&application_name={CANARY}"
            return nowhere, "no PostgreSQL server answers there; start it"
        case "wrong password":
            return secret, "user or password refused; check the address"
        case "no database":
            return postgres.dsn("nowhere"), "there is no such database; create it"
        case _:
            await old_schema(store)
            return store, "its tables have version 1, this voxsip needs"


@pytest.mark.parametrize("use", ["bind", "create", "resume", "rate", "status", "check"])
async def test_is_said_before_anything_is_sent(broken, use, postgres, caplog):
    address, said = broken
    journal = f"{address}#night"
    caplog.set_level(logging.DEBUG)
    async with Emulator(applications=1, registrations=1) as emulator:
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            once = voxsip.RetryPolicy(attempts=1)
            rated = client.with_options(rate_limit=SharedRate(address), retry=once)
            uses = {
                "bind": lambda: client.bulk.bind(BIND, journal=journal)._finish(),
                "create": lambda: client.bulk.create(BUY, journal=journal)._finish(),
                "resume": lambda: client.bulk.resume(journal, BIND)._finish(),
                "rate": rated.applications.list,
                "status": lambda: asyncio.to_thread(read_journal, journal),
                "check": lambda: asyncio.to_thread(check_journal, journal),
            }
            with pytest.raises((voxsip.ConfigurationError, voxsip.NotSentError)) as caught:
                await uses[use]()
        counters = emulator.state.counters
    assert said in str(caught.value)
    assert not any(counter["received"] for counter in counters.values())
    seen = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(caught.value)
    assert CANARY not in seen
    assert postgres.password not in seen


async def test_a_rate_whose_store_refuses_ends_a_call_and_stops_a_job(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "STORE_SECONDS", 0.0)
    nowhere = SharedRate(f"postgresql://voxsip@/db?host={tmp_path}")
    async with (
        Emulator(applications=1, registrations=3) as emulator,
        voxsip.AsyncClient(
            emulator.credentials,
            base_url=emulator.base_url,
            rate_limit=nowhere,
            retry=voxsip.RetryPolicy(backoff=0.001),
        ) as client,
    ):
        with pytest.raises(voxsip.NotSentError, match="no PostgreSQL server answers there"):
            await client.applications.list()
        report = await client.bulk.bind(
            [{"sip_registration_id": n, "application_id": 1} for n in (1, 2, 3)]
        )
        assert (report.skipped, report.failed) == (3, 0)
        assert report.stopped == "the store of the rate does not answer"
        assert not any(counter["received"] for counter in emulator.state.counters.values())


async def test_a_new_job_may_not_have_the_name_of_another(store):
    await (await StoreJournal.create(f"{store}#night", JobHeader(kind="create"))).close()
    async with (
        Emulator() as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        with pytest.raises(voxsip.ConfigurationError, match="there is a job of that name already"):
            await client.bulk.create(BUY, journal=f"{store}#night")
        assert emulator.state.counters["GetSipRegistrations"]["received"] == 0
    with pytest.raises(voxsip.ConfigurationError, match="there is a job of that name already"):
        await asyncio.to_thread(check_journal, f"{store}#night")
    await asyncio.to_thread(check_journal, f"{store}#other")


# Locks that others hold


@pytest.fixture
def short_locks(monkeypatch):
    monkeypatch.setitem(_connection._SETTINGS, "lock_timeout", "100ms")


async def test_what_keeps_a_stopped_process_from_blocking_others_is_set(store):
    journal = await StoreJournal.create(store, JobHeader(kind="bind"))
    for name, value in (("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "5s")):
        row = await journal._connection.fetchrow("SELECT current_setting($1) AS value", name)
        assert row["value"] == value
    await journal.close()


async def test_a_write_waits_for_a_lock_as_long_as_the_lease_lasts(store, short_locks, caplog):
    journal = await StoreJournal.create(store, JobHeader(kind="create"))
    other = await asyncpg.connect(store)
    locking = other.transaction()
    await locking.start()
    await other.execute("LOCK TABLE voxsip.job_row IN SHARE MODE")
    writing = asyncio.create_task(journal.intend(0, DIGEST, "a"))
    watch = await asyncpg.connect(store)
    waited = 0
    while waited < 3:  # given up and asked again
        row = await watch.fetchrow(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'voxsip' AND wait_event_type = 'Lock'"
            " AND datname = current_database() AND pid <> $1",
            waited,
        )
        waited = waited + 1 if row is not None else waited
        await asyncio.sleep(0)
    assert not writing.done()
    await locking.rollback()
    await writing
    await journal.close()
    await other.close()
    await watch.close()


async def test_a_job_that_is_locked_is_not_waited_for_without_end(store, short_locks):
    await (await StoreJournal.create(store, JobHeader(kind="bind"))).close()
    other = await asyncpg.connect(store)
    async with other.transaction():
        await other.execute("SELECT FROM voxsip.job FOR UPDATE")
        with pytest.raises(StoreUnavailableError, match="it stopped answering; nothing was sent"):
            await StoreJournal.open(store)
    await (await StoreJournal.open(store)).close()
    await other.close()


# Jobs that nobody ends


async def holder_of(store):
    connection = await asyncpg.connect(store)
    holder = await connection.fetchval("SELECT holder FROM voxsip.job")
    await connection.close()
    return holder


def forgetful(emulator, store):
    """Make rows, and a client for them."""
    rows = [{"sip_registration_id": n, "application_id": 1} for n in range(1, 101)]
    return rows, voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)


async def test_an_iteration_that_was_dropped_gives_its_job_back(store):
    async with Emulator(applications=1, registrations=100) as emulator:
        rows, client = forgetful(emulator, store)
        async with client:
            outcomes = aiter(client.bulk.bind(rows, journal=store, concurrency=2))
            await anext(outcomes)
            assert await holder_of(store)
            del outcomes
            gc.collect()  # asyncio closes the generator
            while await holder_of(store):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert (await client.bulk.resume(store, rows)).done == 100


def test_a_loop_that_ends_gives_its_jobs_back(store_address, tmp_path):
    with Emulator(applications=1, registrations=100) as emulator:
        rows, _ = forgetful(emulator, store_address)

        async def main():
            nonlocal done
            client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)
            outcomes = aiter(client.bulk.bind(rows, journal=store_address, concurrency=2))
            while done < 20:
                done += (await anext(outcomes)).status == "done"
            return outcomes

        done = 0
        kept = asyncio.run(main())
        assert asyncio.run(holder_of(store_address)) is None
        del kept
        written = asyncio.run(asyncio.to_thread(read_journal, store_address)).counts
        assert written["done"] >= done, "what was told before the loop ended is in the store"


def test_a_blocking_iteration_that_was_dropped_gives_its_job_back(store_address):
    with Emulator(applications=1, registrations=100) as emulator:
        rows, _ = forgetful(emulator, store_address)
        with voxsip.Client(emulator.credentials, base_url=emulator.base_url) as client:
            outcomes = iter(client.bulk.bind(rows, journal=store_address, concurrency=2))
            next(outcomes)
            del outcomes
            gc.collect()
            assert asyncio.run(holder_of(store_address)) is None
