import asyncio
import os
import sys

import asyncpg
import pytest

import voxsip
from voxsip.emulator import Emulator, Fault, Faults
from voxsip.shared import SharedRate

SERVICE, ACCOUNT = "api.example.com", 7


@pytest.fixture
async def limiters(store):
    made = []

    def make(**options):
        made.append(SharedRate(store, **options).limiter_for(SERVICE, ACCOUNT))
        return made[-1]

    yield make
    for limiter in made:
        await limiter.aclose()


@pytest.fixture
async def take(store, limiters):
    """Take slots as a client does; the rate is so slow that no machine can be slower."""
    await limiters(rate=0.01).status()
    connection = await asyncpg.connect(store)

    async def call(wanted, *, urgent=False):
        return await connection.fetchrow(
            "SELECT * FROM voxsip.take_slots($1, $2, $3, $4)", SERVICE, ACCOUNT, wanted, urgent
        )

    yield call
    await connection.close()


async def test_slots_are_given_once(take):
    assert (await take(3))["given"] == 1
    second = await take(3)
    assert second["given"] == 0
    assert 5 < second["delay"] <= 100


async def test_an_urgent_slot_is_given_at_once_and_paid_for_by_the_others(take):
    await take(1)
    before = (await take(1))["delay"]
    urgent = await take(1, urgent=True)
    assert (urgent["given"], urgent["delay"]) == (1, 0.0)
    assert (await take(1))["delay"] > before + 50


async def test_urgent_slots_keep_to_the_rate_too(take):
    await take(1, urgent=True)
    assert (await take(1, urgent=True))["delay"] > 50


async def test_a_burst_of_refusals_counts_once_for_all_processes(limiters):
    first, second = limiters(rate=1000), limiters(rate=1000)
    await asyncio.gather(first.acquire(), second.acquire())
    for limiter in (first, second) * 5:
        limiter.note_throttled(None)
    await asyncio.gather(first.acquire(), second.acquire())  # what was noted goes before
    status = await first.status()
    assert (status.cuts, status.rate, status.ceiling) == (1, 900.0, 1000.0)


async def test_without_a_rate_the_first_refusal_sets_it(limiters):
    limiter = limiters()
    await asyncio.gather(*(limiter.acquire() for _ in range(100)))
    assert limiter.rate is None
    limiter.note_throttled(None)
    await limiter.acquire()
    status = await limiter.status()
    assert status.ceiling is None
    assert 0.5 <= status.rate <= 1000


async def test_a_rate_grows_back_to_its_ceiling_only_while_it_is_used(store, limiters):
    limiter = limiters(rate=100)
    await limiter.status()
    connection = await asyncpg.connect(store)
    for used, grown in ((10, 50.0), (50, 51.5), (200, 53.045)):
        await connection.execute(
            "UPDATE voxsip.rate SET rate = coalesce(nullif(rate, 100), 50), cut_at = 0, window_slots = $1,"
            " window_start = extract(epoch FROM clock_timestamp()) - 1",
            used,
        )
        await limiter.acquire()
        assert limiter.rate == pytest.approx(grown)
    await connection.close()


async def test_a_pause_holds_every_process_until_it_is_ended(limiters):
    here, there = limiters(), limiters()
    await there.acquire()
    await here.pause_all(1000)
    assert (await there.status()).paused > 900
    waiting = asyncio.create_task(there.acquire())
    total = (await there.status()).total
    assert not waiting.done()
    await here.pause_all(0)
    await waiting
    assert (await here.status()).total > total


async def test_a_pause_takes_back_slots_at_hand_in_other_processes(limiters):
    here, there = limiters(rate=0.02), limiters(rate=0.02)
    await there.acquire()
    waiting = asyncio.create_task(there.acquire())
    await there.status()
    await here.change(1000)  # nobody sleeps through a change
    await waiting


async def test_the_rate_in_the_store_stands_until_it_is_changed(limiters):
    await limiters(rate=100).status()
    later = limiters(rate=500)
    assert (await later.status()).ceiling == 100
    later.set_rate(200)
    await later.acquire()
    assert (await later.status()).rate == 200
    await later.change(None)
    assert (await later.status()).rate is None


async def test_one_who_gives_up_leaves_its_slot_to_the_next(limiters):
    limiter = limiters(rate=1000)
    tasks = [asyncio.create_task(limiter.acquire()) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in done[::2]] == [asyncio.CancelledError] * 10
    assert done[1::2] == [None] * 10


async def test_a_broken_connection_is_made_again(store, limiters):
    limiter = limiters()
    await limiter.acquire()
    connection = await asyncpg.connect(store)
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'voxsip' AND datname = current_database()"
    )
    await connection.close()
    await limiter.acquire()
    assert (await limiter.status()).total == 2


async def test_many_processes_may_make_the_tables_at_once(limiters):
    await asyncio.gather(*(limiters(rate=1000).acquire() for _ in range(8)))


def test_a_limiter_outlives_its_loop(postgres):
    limiter = SharedRate(postgres.dsn()).limiter_for(SERVICE, 12)
    asyncio.run(limiter.acquire())
    asyncio.run(limiter.acquire())
    assert asyncio.run(limiter.status()).total == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_a_connection_of_its_own(postgres):
    limiter = SharedRate(postgres.dsn()).limiter_for(SERVICE, 13)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(limiter.acquire())
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        code = 1
        try:
            asyncio.run(limiter.acquire())
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert loop.run_until_complete(limiter.status()).total == 2
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


class TestErrors:
    PASSWORD = "canary-of-a-password"

    async def _fails(self, dsn, kind=voxsip.ConfigurationError):
        limiter = SharedRate(dsn).limiter_for(SERVICE, ACCOUNT)
        with pytest.raises(kind) as caught:
            await limiter.acquire()
        await limiter.aclose()
        return str(caught.value)

    async def test_no_server(self, tmp_path):
        dsn = f"postgresql://voxsip:{self.PASSWORD}@/db?host={tmp_path}"
        text = await self._fails(dsn, voxsip.NotSentError)
        assert "no PostgreSQL server answers" in text
        assert self.PASSWORD not in text

    async def test_a_wrong_password(self, store, postgres):
        text = await self._fails(store.replace(postgres.password, self.PASSWORD))
        assert "user or password refused" in text
        assert self.PASSWORD not in text

    async def test_no_such_database(self, postgres):
        assert "no such database" in await self._fails(postgres.dsn("nowhere"))

    @pytest.mark.parametrize(("version", "remedy"), [(0, "use an empty"), (99, "upgrade voxsip")])
    async def test_tables_of_another_version(self, store, version, remedy):
        connection = await asyncpg.connect(store)
        await connection.execute(
            "CREATE SCHEMA voxsip; CREATE TABLE voxsip.store (version integer)"
        )
        await connection.execute("INSERT INTO voxsip.store VALUES ($1)", version)
        await connection.close()
        text = await self._fails(store)
        assert f"version {version}, this voxsip needs" in text
        assert remedy in text

    async def test_the_driver_is_not_installed(self, store, monkeypatch):
        monkeypatch.setitem(sys.modules, "asyncpg", None)
        assert "pip install 'voxsip[shared]'" in await self._fails(store)

    @pytest.mark.parametrize("dsn", ["rate.sqlite", "mysql://h/d", "postgresql://h:port/d", "", 5])
    def test_no_address_of_a_store(self, dsn):
        with pytest.raises(voxsip.ConfigurationError, match="store: not a PostgreSQL address"):
            SharedRate(dsn)

    @pytest.mark.parametrize("rate", [0, -1, float("nan"), "9"])
    def test_no_rate(self, rate):
        with pytest.raises(voxsip.ConfigurationError, match="rate: expected"):
            SharedRate("postgresql://h/d", rate=rate)

    def test_a_ready_token_tells_no_account(self):
        with pytest.raises(voxsip.ConfigurationError, match="does not tell its account"):
            voxsip.AsyncClient(token="t", rate_limit=SharedRate("postgresql://h/d"))

    def test_nothing_secret_is_shown(self):
        dsn = f"postgresql://user:{self.PASSWORD}@h:5433/d?password={self.PASSWORD}"
        shared = SharedRate(dsn, rate=5)
        assert repr(shared) == "SharedRate('postgresql://h:5433/d', rate=5.0, urgent=False)"
        assert self.PASSWORD not in repr(shared.limiter_for(SERVICE, ACCOUNT))
        assert self.PASSWORD not in f"{shared.store!r} {shared.store}"


async def test_clients_of_one_account_share_their_rate(store):
    async with Emulator(applications=1, users=3, registrations=3) as emulator:
        options = {"base_url": emulator.base_url}
        async with (
            voxsip.AsyncClient(
                emulator.credentials, rate_limit=SharedRate(store, rate=1000), **options
            ) as job,
            voxsip.AsyncClient(
                emulator.credentials, rate_limit=SharedRate(store, urgent=True), **options
            ) as service,
        ):
            await service.applications.list()
            rows = [
                {"sip_registration_id": n, "application_id": 1, "user_id": n} for n in (1, 2, 3)
            ]
            assert (await job.bulk.bind(rows)).done == 3
            status = await service.limiter.status()
            assert (status.total, status.ceiling) == (4, 1000)


async def test_a_refusal_met_by_a_call_lowers_the_rate_for_all(store):
    fault = Fault(kind="error", code=340, command="GetApplications", first=2)
    async with (
        Emulator(applications=1, faults=Faults([fault])) as emulator,
        voxsip.AsyncClient(
            emulator.credentials,
            base_url=emulator.base_url,
            rate_limit=SharedRate(store, rate=1000),
        ) as client,
    ):
        await client.applications.list()
        status = await client.limiter.status()
        assert (status.cuts, status.total) == (1, 3)


def test_the_blocking_client_shares_too(postgres):
    with (
        Emulator(applications=1) as emulator,
        voxsip.Client(
            emulator.credentials, base_url=emulator.base_url, rate_limit=SharedRate(postgres.dsn())
        ) as client,
    ):
        client.applications.list()
        assert len(list(client.applications.list())) == 1
        assert client.limiter.rate is None
