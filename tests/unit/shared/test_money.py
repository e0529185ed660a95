"""Money of an account that several purchase jobs spend: never more is intended than the balance that was read."""

import asyncio
import random
from decimal import Decimal

import asyncpg
import pytest

import voxsip
from voxsip.bulk import Quote, Stop
from voxsip.bulk._journal import store_money
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.store import StoreJournal
from voxsip.emulator import Emulator, Fault, Faults

DIGEST = bytes(16)
PRICE = Decimal(3)
PROXY = "sip.example.com"


class Bank:
    """Whose money jobs spend; it takes the price of a purchase as that arrives."""

    def __init__(self, money):
        self.money = Decimal(money)
        self.refused = 0

    def execute(self):
        if self.money < PRICE:
            self.refused += 1
            return False
        self.money -= PRICE
        return True

    async def read(self):
        return Quote(price=PRICE, rows=None, balance=self.money)


@pytest.fixture
async def jobs(store, monkeypatch):
    """Open journals of one account as asked; what is reserved is not waited for."""
    monkeypatch.setattr(store_money, "SETTLE_SECONDS", 0.0)
    opened = []

    async def job(name, read, *, resume=False):
        address = f"{store}#{name}"
        journal = (
            await StoreJournal.open(address)
            if resume
            else await StoreJournal.create(address, JobHeader(kind="create", account_id=7))
        )
        opened.append(journal)
        await journal.hold_money("api.example.com", 7, None, read)
        return journal

    yield job
    for journal in opened:
        await journal.close()


async def money_of(store):
    connection = await asyncpg.connect(store)
    row = await connection.fetchrow("SELECT * FROM voxsip.money")
    await connection.close()
    return row["open"], row["spent"]


async def test_reserved_with_the_intent_and_settled_with_the_outcome(store, jobs):
    bank = Bank(10)
    journal = await jobs("one", bank.read)
    for place in (0, 1, 2):
        await journal.intend(place, DIGEST, "a")
    assert await money_of(store) == (9, 0)
    with pytest.raises(voxsip.InsufficientFundsError) as caught:
        await journal.intend(3, DIGEST, "d")
    assert caught.value.code == 127
    assert caught.value.required_money == PRICE
    assert (
        "not sent: the price is 3, the balance 10, and 9 reserved for purchases without an outcome; add money, or"
        in str(caught.value)
    )
    bank.execute()
    journal.record(0, DIGEST, "done", "a", result_id=1)
    journal.record(1, DIGEST, "failed", "b", error_code=273)
    journal.record(2, DIGEST, "unknown", "c")
    await journal.flush()
    assert await money_of(store) == (3, 3), "spent, given back, kept"
    journal.record(2, DIGEST, "done", "c", result_id=2)
    journal.record(0, DIGEST, "done", "a", result_id=1)
    await journal.flush()
    assert await money_of(store) == (0, 6)


async def test_a_refused_intent_is_not_written(store, jobs):
    journal = await jobs("one", Bank(2).read)
    with pytest.raises(voxsip.InsufficientFundsError):
        await journal.intend(0, DIGEST, "a")
    await journal.close()
    again = await jobs("one", Bank(5).read, resume=True)
    assert again.rows_known == 0
    await again.intend(0, DIGEST, "a")


async def test_money_that_came_is_found(store, jobs):
    bank = Bank(3)
    journal = await jobs("one", bank.read)
    await journal.intend(0, DIGEST, "a")
    bank.money += 3
    await journal.intend(1, DIGEST, "b")
    assert await money_of(store) == (6, 0)


async def test_some_intents_of_a_batch_are_written(store, jobs):
    journal = await jobs("one", Bank(7).read)
    ended = await asyncio.gather(
        *(journal.intend(place, DIGEST, "a") for place in range(5)), return_exceptions=True
    )
    assert [type(one) for one in ended] == [type(None)] * 2 + [voxsip.InsufficientFundsError] * 3
    assert await money_of(store) == (6, 0)


async def test_what_a_dead_job_reserved_stays_reserved_until_it_is_resumed(store, jobs):
    bank = Bank(6)
    dead = await jobs("dead", bank.read)
    await dead.intend(0, DIGEST, "a")
    await dead.close(in_doubt=True)
    other = await jobs("other", bank.read)
    await other.intend(0, DIGEST, "a")
    with pytest.raises(voxsip.InsufficientFundsError):
        await other.intend(1, DIGEST, "b")
    again = await jobs("dead", bank.read, resume=True)
    await again.intend(0, DIGEST, "a")  # its own reservation: not taken twice
    assert await money_of(store) == (6, 0)
    again.record(0, DIGEST, "failed", "a", error_code=273)
    await again.flush()
    assert await money_of(store) == (3, 0)


@pytest.mark.parametrize("seed", range(12))
async def test_never_more_than_there_is_in_any_interleaving(jobs, seed):
    """Purchases arrive, end and get lost at any moment, also while a balance is read; the bank never has to refuse."""
    chance = random.Random(seed)
    bank = Bank(chance.choice((0, 4, 30, 60)))
    flying = []  # journal, place, executed: granted, and no outcome yet
    depth = 0

    async def read():
        nonlocal depth
        depth += 1
        if depth < 3:
            for _ in range(chance.randrange(3)):
                await step()
        quote = await bank.read()
        if depth < 3:
            for _ in range(chance.randrange(3)):
                await step()
        depth -= 1
        return quote

    journals = []
    places = {}

    async def step():
        what = chance.random()
        if what < 0.5:
            index = chance.randrange(len(journals))
            if index in reading:
                return
            reading.add(index)  # one who waits for money reads, and may be inside of that now
            journal, place = journals[index], places[index]
            places[index] += 1
            try:
                await journal.intend(place, DIGEST, "a")
            except voxsip.InsufficientFundsError:
                journal._money._nothing_left.clear()
            else:
                flying.append([journal, place, None])
            finally:
                reading.discard(index)
        elif what < 0.75 and flying:
            arrived = chance.choice(flying)
            if arrived[2] is None:
                arrived[2] = chance.random() < 0.8 and bank.execute()
        elif what < 0.97 and flying:
            journal, place, executed = flying.pop(chance.randrange(len(flying)))
            status = "done" if executed else "failed"
            if executed is None or chance.random() < 0.1:
                status = "unknown"
                if executed is None:
                    bank.execute()  # the gateway said 504 while the work continued
            journal.record(place, DIGEST, status, "a")
            await journal.flush()
        elif what > 0.99:
            bank.money += chance.randrange(5)

    reading = set()
    for index in range(3):
        places[index] = 0
        journals.append(await jobs(f"job-{index}", bank.read))
        journals[index]._money._readers[None] = read
    for _ in range(80):
        await step()
        assert bank.refused == 0
    for journal, _, executed in flying:
        assert journal.may_write()
        if executed is None:
            assert bank.execute()
    assert bank.money >= 0


async def bought(client, store, name, rows):
    job = client.bulk.create(rows, journal=f"{store}#{name}", concurrency=8)
    return [outcome async for outcome in job], job.report


async def test_two_jobs_spend_what_there_is_and_stop(store, caplog):
    async with Emulator(balance=50, price=1, latency=0.005) as emulator:
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            rows = (
                ({"sip_username": f"{job}{n}", "proxy": PROXY} for n in range(40)) for job in "ab"
            )
            ended = await asyncio.gather(
                *(bought(client, store, name, more) for name, more in zip("ab", rows, strict=True))
            )
        counter = emulator.state.counters["CreateSipRegistration"]
        assert counter == {"received": 50, "executed": 50}, "the API never had to refuse"
        assert emulator.state.account["balance"] == 0
    outcomes = [outcome for found, _ in ended for outcome in found]
    assert sum(outcome.status == "done" for outcome in outcomes) == 50
    assert {outcome.status for outcome in outcomes} == {"done", "failed", "skipped"}
    assert all(report.stopped == Stop.FUNDS for _, report in ended)
    assert all(o.error.code == 127 and not o.attempts for o in outcomes if o.status == "failed")
    assert await money_of(store) == (0, 50)


async def test_a_reading_that_waits_for_a_newer_one_sees_it(store):
    """Two jobs that begin at once: the older reading's update waits for the newer, and changes nothing."""
    other = await asyncpg.connect(store)
    watcher = await asyncpg.connect(store)

    async def commit_when_it_waits(newer):
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(30):
            while not await watcher.fetchval(waiting):
                pass
        await newer.commit()

    async def read():
        newer = other.transaction()
        await newer.start()
        await other.execute("UPDATE voxsip.money SET reading = 2, readings = 2, balance = 9")
        committing.append(asyncio.create_task(commit_when_it_waits(newer)))
        return Quote(price=PRICE, rows=None, balance=Decimal(9))

    committing = []
    journal = await StoreJournal.create(f"{store}#one", JobHeader(kind="create", account_id=7))
    try:
        quote = await journal.hold_money("api.example.com", 7, None, read)
        assert quote.balance == 9
    finally:
        await asyncio.gather(*committing)
        await journal.close()
        await other.close()
        await watcher.close()


async def test_refused_purchases_give_their_money_back(store):
    async with Emulator(balance=10, price=1) as emulator:
        emulator.faults = Faults(
            [Fault(kind="error", code=273, share=0.5, command="CreateSipRegistration")]
        )
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            rows = ({"sip_username": f"u{n}", "proxy": PROXY} for n in range(15))
            _, report = await bought(client, store, "one", rows)
        assert report.done <= 10
        assert report.done + report.failed == 15
        assert await money_of(store) == (0, report.done)
        assert emulator.state.account["balance"] == 10 - report.done


async def test_money_is_kept_for_each_account(store):
    async with Emulator(balance=3, price=1) as emulator:
        child = emulator.add_child(balance=1)
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            rows = (
                {"sip_username": f"u{n}", "proxy": PROXY, "account_id": account}
                for n in range(5)
                for account in (1, child)
            )
            outcomes, report = await bought(client, store, "one", rows)
        assert emulator.state.counters["CreateSipRegistration"]["received"] == 4
        for account, left in ((1, 3), (child, 1)):
            done = [o for o in outcomes if o.status == "done" and o.row.account_id == account]
            assert len(done) == left
        assert report.stopped == Stop.FUNDS


async def test_a_job_whose_money_others_reserved_buys_nothing(store, monkeypatch):
    monkeypatch.setattr("voxsip.bulk._journal.store_money.SETTLE_SECONDS", 0.5)
    async with Emulator(balance=10, price=1) as emulator:
        async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
            held = await StoreJournal.create(
                f"{store}#held", JobHeader(kind="create", account_id=1)
            )
            service = emulator.base_url.split("/")[2]
            await held.hold_money(service, 1, None, client.bulk.quote)
            for place in range(8):
                await held.intend(place, DIGEST, "a")
            rows = [{"sip_username": f"u{n}", "proxy": PROXY} for n in range(3)]
            _, report = await bought(client, store, "one", rows)
            assert (report.stopped, report.skipped) == (Stop.FUNDS, 3)
            _, report = await bought(client, store, "two", rows[:2])
            assert report.done == 2
            await held.close(in_doubt=True)
        assert emulator.state.counters["CreateSipRegistration"]["received"] == 2
