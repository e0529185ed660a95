"""Ten thousand calls, cancelled calls and failed starts leave nothing behind: no task, socket, thread or file."""

import asyncio
import random
import socket
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

import voxsip
from tests.support.counting import held, left_behind

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts by /proc"),
]
QUICK = voxsip.RetryPolicy(attempts=3, backoff=0, max_retry_after=0, budget=10_000)
CALLS = 10_000


@pytest.fixture(scope="module")
def account(server):
    return voxsip.ServiceAccount.from_file(server.credentials)


@pytest.fixture
def connect(server, account):
    def make(cls=voxsip.AsyncClient, base_url=server.base_url, **options):
        return cls(account, base_url=base_url, retry=QUICK, **options)

    return make


async def some_call(client, number):
    """A call of one kind or another; some are refused, some meet faults."""
    registrations = client.sip_registrations
    registration = number % 200 + 1
    match number % 5:
        case 0 | 1:
            return await registrations.bind(sip_registration_id=registration, application_id=1)
        case 2:
            return await registrations.update(sip_registration_id=registration, proxy="p.example")
        case 3:
            return await registrations.list(sip_registration_id=registration)
    return await registrations.delete(sip_registration_id=10_000 + number)  # there is none


async def run(client, numbers):
    """Make the calls, 50 at a time; return how many failed."""
    failed = 0
    left = iter(numbers)

    async def worker():
        nonlocal failed
        for number in left:
            try:
                await some_call(client, number)
            except voxsip.VoxsipError:
                failed += 1

    await asyncio.gather(*(worker() for _ in range(50)))
    return failed


async def test_ten_thousand_calls(connect):
    async with connect() as client:
        await run(client, range(500))
    before = held()
    async with connect() as client:
        failed = await run(client, range(CALLS))
    assert CALLS / 5 <= failed <= CALLS / 3
    assert not await left_behind(before)


async def cancel_some(tasks, numbers):
    """Cancel calls as others end, so at any moment of their life on a machine of any speed; return how many."""

    def running(some):
        return [task for task in some if not task.done() and not task.cancelling()]

    doomed, cancelled = numbers.sample(tasks, len(tasks) // 3), 0
    while doomed and (others := running(tasks)):
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(numbers.randrange(3)):
            await asyncio.sleep(0)
        doomed = running(doomed)
        cancelled += sum(task.cancel() for task in doomed[:2])
    return cancelled


async def test_cancelled_calls_and_those_beside_them(connect):
    numbers = random.Random(1)
    async with connect(max_connections=20) as client:
        await run(client, range(200))
    before = held()
    cancelled, results = 0, []
    async with connect(max_connections=20) as client:
        for _ in range(20):
            tasks = [asyncio.ensure_future(some_call(client, 5 * n + n % 2)) for n in range(150)]
            cancelled += await cancel_some(tasks, numbers)
            results += await asyncio.gather(*tasks, return_exceptions=True)
        failed = await run(client, range(200))
    kinds = Counter(type(result) for result in results if isinstance(result, BaseException))
    assert kinds == {asyncio.CancelledError: cancelled}
    assert cancelled >= 150
    assert failed <= 80
    del tasks, results  # a cancelled call's traceback has the frames it ended in
    assert not await left_behind(before)


async def test_cancelled_creates_say_that_they_may_be_done(connect):
    before = held()
    done, told = set(), set()

    async def create(client, name):
        """Record what a create says when it is cancelled: a `gather` would lose it."""
        try:
            await client.sip_registrations.create(sip_username=name, proxy="cancelled.example")
        except asyncio.CancelledError as error:
            told.update(
                {name} if "outcome is unknown" in str(getattr(error, "__notes__", "")) else ()
            )
        else:
            done.add(name)
            first.set()

    first = asyncio.Event()
    async with connect() as client:
        names = [f"cancelled-{number}" for number in range(150)]
        tasks = [asyncio.ensure_future(create(client, name)) for name in names]
        await first.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        bought = [one async for one in client.sip_registrations.list(proxy=["cancelled.example"])]
    there = {one.sip_username for one in bought}
    assert len(there) == len(bought)
    assert done <= there <= done | told, "bought, and nobody was told that it might be"
    assert told, "none was in flight"
    assert not await left_behind(before)


async def test_failed_starts(connect, account, tmp_path):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{place.getsockname()[1]}/platform_api"
        before = held()
        for number in range(300):
            async with connect(base_url=nobody) as client:
                with pytest.raises(voxsip.NotSentError):
                    await some_call(client, number)
            connect(base_url=nobody)  # made, and never used
            with pytest.raises(voxsip.ConfigurationError):
                voxsip.AsyncClient(account, base_url="ftp://x")
        (tmp_path / "taken").write_text("no journal")
        async with connect(base_url=nobody) as client:
            for _ in range(50):
                with pytest.raises(voxsip.VoxsipError):
                    await client.bulk.bind(
                        [{"sip_registration_id": 1, "application_id": 1}],
                        journal=tmp_path / "taken",
                    )
        assert not await left_behind(before)


async def test_jobs_with_journals_ended_and_cut_off(connect, tmp_path):
    rows = [{"sip_registration_id": number, "application_id": 1} for number in range(1, 201)]
    async with connect() as client:
        await client.bulk.bind(rows, journal=tmp_path / "first")
    before = held()
    for number in range(10):
        async with connect() as client:
            report = await client.bulk.bind(rows, journal=tmp_path / f"ended-{number}")
            assert report.done == 200
            task = asyncio.ensure_future(
                client.bulk.bind(rows, journal=tmp_path / f"cut-{number}")._finish()
            )
            await asyncio.sleep(0.01 * number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            job = client.bulk.bind(rows, journal=tmp_path / f"left-{number}")
            async for _ in job:
                break  # and never looked at again
            job.stop()
            await job
    assert not await left_behind(before)


async def test_blocking_clients_in_many_threads(connect):
    def work(number):
        with connect(voxsip.Client) as client:
            for turn in range(20):
                client.sip_registrations.bind(
                    sip_registration_id=(number + turn) % 200 + 1, application_id=1
                )
        return True

    def many():
        with ThreadPoolExecutor(20) as pool:
            return all(pool.map(work, range(100)))

    assert await asyncio.to_thread(many)
    before = held()
    assert await asyncio.to_thread(many)
    assert not await left_behind(before)
