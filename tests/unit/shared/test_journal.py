"""A job's journal in a store: the promises of the file, and a lease."""

import asyncio
import itertools
import os
import traceback
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
import asyncpg
import pytest

import voxsip
from voxsip import models
from voxsip._transport.write_guard import WRITE_GUARD
from voxsip.bulk import read_journal
from voxsip.bulk._journal import store as store_module
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.store import StoreJournal
from voxsip.emulator import Emulator

DIGEST = bytes(16)


@pytest.fixture
async def journals(store):
    opened = []

    async def journal(name="job", *, resume=False, known=None, **header):
        address = f"{store}#{name}"
        if resume:
            made = await StoreJournal.open(address)
        else:
            header = JobHeader(**{"kind": "create", **header})
            made = await StoreJournal.create(address, header, known=known)
        opened.append(made)
        return made

    yield journal
    for made in opened:
        with suppress(voxsip.ConfigurationError):
            await made.close()


@pytest.fixture
async def expire(store):
    """Let the lease of a job end, as time does, without waiting for it."""

    async def expire(name="job"):
        connection = await asyncpg.connect(store)
        await connection.execute(
            "UPDATE voxsip.job SET lease_until = 0, grace = 0 WHERE name = $1", name
        )
        await connection.close()

    return expire


async def test_tells_what_the_job_is(journals):
    told = {"kind": "delete", "account_id": 5, "source": "rows.csv", "checksum": "ab", "rows": 9}
    journal = await journals(options={"concurrency": 4}, known=[3, 1 << 40], **told)
    assert not journal.resumed
    journal.ended(9)
    await journal.close()
    again = await journals(resume=True)
    assert (again.header.kind, again.header.account_id, again.header.rows) == ("delete", 5, 9)
    assert again.header.options == {"concurrency": 4}
    assert (again.resumed, again.unclean, again.runs, again.rows_total) == (True, False, 2, 9)
    assert await again.known_ids() == [3, 1 << 40]


async def test_gives_back_every_kind_of_row(journals):
    journal = await journals()
    await journal.intend(0, DIGEST, "alice@sip.example.com")
    journal.record(1, DIGEST, "done", "b", attempts=2, elapsed=1.5, result_id=1 << 80)
    journal.record(
        3, DIGEST, "failed", "c\0\ud800", error_code=393, error_name="APIError", error_text="no\0"
    )
    journal.record(4, DIGEST, "skipped", "d")
    await journal.close()
    again = await journals(resume=True)
    rows = [await again.restored(n) for n in range(6)]
    assert [row and row.status for row in rows] == [
        "intended",
        "done",
        None,
        "failed",
        "skipped",
        None,
    ]
    assert rows[0].intended_at is not None
    assert (rows[1].attempts, rows[1].elapsed, rows[1].result_id) == (2, 1.5, 1 << 80)
    assert (rows[3].error_code, rows[3].error_text) == (393, "no\\x00")
    assert (again.rows_known, again.open_rows, again.settled) == (5, 1, {None: 3})
    assert await again.result_ids() == [1 << 80]


async def test_the_last_word_on_a_row_counts_and_the_first_intent_of_an_open_one(journals):
    journal = await journals()
    await journal.intend(0, DIGEST, "a")
    journal.record(0, DIGEST, "unknown", "a")
    await journal.close()
    first = (await (again := await journals(resume=True)).restored(0)).intended_at
    again._clock = type("Later", (), {"wall": staticmethod(lambda: 4e9)})()
    await again.intend(0, DIGEST, "a")
    again.record(0, DIGEST, "done", "a", result_id=7)
    again.record(0, DIGEST, "done", "a", result_id=8)
    await again.close()
    row = await (await journals(resume=True)).restored(0)
    assert (row.status, row.result_id, row.intended_at) == ("done", 8, first)
    assert row.at == datetime.fromtimestamp(4e9, UTC)


async def test_the_speed_of_a_job_is_that_of_its_latest_run(journals, store):
    journal = await journals()
    journal.record(0, DIGEST, "done", "a")
    await journal.close()
    await journals(resume=True)
    status = await asyncio.to_thread(read_journal, f"{store}#job")
    assert (status.running, status.counts["done"], status.rate) == (True, 1, 0.0)


async def test_a_job_is_not_begun_twice_and_must_be_there_to_be_resumed(journals):
    await journals("night")
    with pytest.raises(voxsip.ConfigurationError, match="there is a job of that name already"):
        await journals("night")
    with pytest.raises(voxsip.ConfigurationError, match="#other: there is no job of that name"):
        await journals("other", resume=True)


async def test_a_job_that_is_held_is_not_taken_over(journals):
    await journals()
    with pytest.raises(
        voxsip.ConfigurationError, match=rf"held by process {os.getpid()} on .* try again in \d+ s"
    ):
        await journals(resume=True)


async def test_the_attempt_timeout_passes_before_a_take_over(store, journals, expire):
    await StoreJournal.create(f"{store}#slow", JobHeader(kind="bind"), grace=1000.0)
    connection = await asyncpg.connect(store)
    await connection.execute("UPDATE voxsip.job SET lease_until = extract(epoch FROM now()) - 500")
    await connection.close()
    with pytest.raises(voxsip.ConfigurationError, match="try again in 50"):
        await journals("slow", resume=True)
    await expire("slow")
    assert (await journals("slow", resume=True)).unclean


async def test_requests_on_their_way_are_told_to_the_next_run(journals):
    """Given back at once, and yet no end in order."""
    await (await journals()).close(in_doubt=True)
    again = await journals(resume=True)
    assert again.unclean
    await again.close()
    assert not (await journals(resume=True)).unclean


@pytest.fixture
async def meanwhile(store):
    """Do one thing while another process holds the job's line, which it changes before it lets go."""

    async def meanwhile(change, task):
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        async with (
            asyncpg.create_pool(store, min_size=2, max_size=2) as pool,
            pool.acquire() as other,
            pool.acquire() as watch,
        ):
            async with other.transaction():
                await other.execute(f"UPDATE voxsip.job SET {change}")  # noqa: S608 - a constant
                running = asyncio.ensure_future(task)
                while not await watch.fetchval(waiting):
                    assert not running.done()
            return await running

    return meanwhile


@pytest.mark.parametrize(
    ("change", "unclean"),
    [
        # another process takes the job, which had ended in order, and its lease ends
        ("lease = 'other', holder = 'another', lease_until = 0, grace = 0", True),
        # the holder gives the job back in order
        ("lease = NULL, holder = NULL, lease_until = 0", False),
    ],
)
async def test_a_run_begins_with_what_the_job_is_as_it_is_locked(
    journals, expire, meanwhile, change, unclean
):
    """Not with what it was as the statement began: requests of the other may be on their way."""
    first = await journals()
    await (first.close() if unclean else expire())
    assert (await meanwhile(change, journals(resume=True))).unclean == unclean


async def test_one_who_is_being_taken_over_notes_nothing_of_what_there_is(
    store, journals, meanwhile
):
    journal = await journals()
    with pytest.raises(voxsip.ConfigurationError, match="another process has taken the job over"):
        await meanwhile("lease = 'other'", journal.note_known(7, [1, 2]))
    connection = await asyncpg.connect(store)
    assert await connection.fetchval("SELECT count(*) FROM voxsip.job_account") == 0
    await connection.close()


async def test_one_who_was_taken_over_writes_nothing(journals, expire):
    stale = await journals()
    await stale.intend(0, DIGEST, "a")
    await expire()
    successor = await journals(resume=True)
    stale.record(0, DIGEST, "done", "a", result_id=1)
    with pytest.raises(voxsip.ConfigurationError, match="another process has taken the job over"):
        await stale.flush()
    with pytest.raises(voxsip.ConfigurationError, match="another process has taken the job over"):
        await stale.intend(1, DIGEST, "b")
    assert not stale.may_write()
    assert successor.may_write()
    successor.record(5, DIGEST, "done", "c")
    await successor.close()
    again = await journals(resume=True)
    assert (await again.restored(0)).status == "intended"
    assert again.rows_known == 6


async def test_a_lease_is_renewed_by_what_is_written(journals, expire):
    journal = await journals()
    await expire()
    await journal.intend(0, DIGEST, "a")
    with pytest.raises(voxsip.ConfigurationError, match="held by"):
        await journals(resume=True)


async def test_a_lease_that_ended_lets_nothing_be_written(journals, monkeypatch):
    journal = await journals()
    assert journal.may_write()
    passed = store_module._boot_time() + store_module.LEASE
    monkeypatch.setattr(store_module, "_boot_time", lambda: passed)
    assert not journal.may_write()


@pytest.mark.parametrize("command", ["BindSipRegistration", "CreateSipRegistration"])
@pytest.mark.parametrize("encoding", ["query", "form", "auto"])
@pytest.mark.parametrize("given", [False, True], ids=["own", "given"])
async def test_a_request_is_refused_where_its_bytes_are_written(command, encoding, given):
    held = True
    async with (
        Emulator(applications=1, registrations=3) as emulator,
        aiohttp.ClientSession() as session,
        voxsip.AsyncClient(
            emulator.credentials,
            base_url=emulator.base_url,
            encoding=encoding,
            session=session if given else None,
        ) as client,
    ):

        async def send(number):
            if command == "BindSipRegistration":
                await client.sip_registrations.bind(sip_registration_id=number, application_id=1)
            else:  # without a password: by default its arguments are in the URL, and it has no body
                await client.sip_registrations.create(sip_username=f"u{number}", proxy="pbx.test")

        WRITE_GUARD.set(lambda: held)
        for number in (1, 2):  # over a new connection, and over a kept one
            await send(number)
        held = False
        with pytest.raises(voxsip.NotSentError, match="another process has taken the job over"):
            await send(3)
        WRITE_GUARD.set(None)
        assert emulator.state.counters[command] == {"received": 2, "executed": 2}


async def test_a_job_is_resumed_from_another_machine(store, expire):
    async with Emulator(applications=1, registrations=40, users=1) as emulator:
        rows = [{"sip_registration_id": n, "application_id": 1} for n in range(1, 41)]
        async with (
            voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
            client.bulk.bind(rows, journal=f"{store}#night", concurrency=2) as job,
        ):
            async for outcome in job:
                if outcome.index >= 10:
                    break
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            again = client.bulk.resume(f"{store}#night", rows)
            told = {outcome.result async for outcome in again}
        assert told == {models.BindSipRegistrationReply(result=1)}
        assert (again.report.rows, again.report.done) == (40, 40)
        assert again.report.restored >= 10
        assert emulator.state.counters["BindSipRegistration"]["executed"] == 40


async def test_another_account_is_refused(store, journals):
    await (await journals("night", kind="bind", account_id=987654)).close()
    async with (
        Emulator(registrations=1) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        with pytest.raises(voxsip.ConfigurationError, match="ran on account 987654"):
            await client.bulk.resume(f"{store}#night", [])


async def test_a_purchase_of_an_earlier_run_is_told_again(store):
    rows = [{"sip_username": "alice", "proxy": "sip.example.com"}]
    async with (
        Emulator() as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        await client.bulk.create(rows, journal=f"{store}#buy")
        (outcome,) = [o async for o in client.bulk.resume(f"{store}#buy", rows, recovery_delay=0)]
    assert outcome.restored
    assert outcome.result == models.CreateSipRegistrationReply(result=1, sip_registration_id=1)


async def test_a_job_that_was_taken_over_sends_nothing_more(store, monkeypatch):
    """From the moment its lease has ended by its own clock, whatever it has heard of that."""
    rows = [{"sip_registration_id": n, "application_id": 1} for n in range(1, 101)]
    other = await asyncpg.connect(store)
    async with (
        Emulator(applications=1, registrations=100) as emulator,
        voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client,
    ):
        job = client.bulk.bind(rows, journal=f"{store}#night", concurrency=4)

        async def count():
            nonlocal before
            async for outcome in job:
                if outcome.index == 10:
                    await other.execute("UPDATE voxsip.job SET lease = 'of another'")
                    monkeypatch.setattr(
                        store_module, "_boot_time", itertools.repeat(later).__next__
                    )
                    before = emulator.state.counters["BindSipRegistration"]["received"]

        before = 0
        later = store_module._boot_time() + 1000 * store_module.LEASE
        with pytest.raises(voxsip.ConfigurationError, match="another process has taken the job"):
            await count()
        assert before >= 11
        assert emulator.state.counters["BindSipRegistration"]["received"] <= before + 4, (
            "those whose bytes were on their way"
        )
    await other.close()


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://app:HUNTER2@h:99999/x#j",
        "postgresql://app:HUNTER2@[bad/x#j",
        "mysql://app:HUNTER2@h/x#j",
    ],
)
async def test_an_address_that_cannot_be_shows_no_password(address):
    async with voxsip.AsyncClient(token="t", base_url="http://127.0.0.1:9") as client:
        with pytest.raises(voxsip.ConfigurationError) as caught:
            await client.bulk.bind([{"sip_registration_id": 1}], journal=address)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [
        frame
        for frame in shown.stack
        if "voxsip/" in frame.filename and "/tests/" not in frame.filename
    ]
    assert ours
    assert not any("HUNTER2" in str(frame.locals) for frame in ours)
    assert "HUNTER2" not in str(caught.value)
