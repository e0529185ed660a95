"""The engine with a client that a test can hold up: what is in flight at once, and what ends a job."""

import asyncio

import pytest

from voxsip import ConfigurationError, RateLimitError
from voxsip._clock import SYSTEM
from voxsip.bulk import AsyncBulk, BindRequest
from voxsip.bulk._engine.engine import MAX_CALLS_PER_ROW
from voxsip.bulk._replies import reply_of

NOBODY = 0
"""Stands for the registration that a row does not name."""


class HeldUp:
    """A client whose calls wait until the test lets them go."""

    account_id = limiter = None
    clock = SYSTEM

    def __init__(self):
        self.calls = {}
        self.most = 0

    def with_options(self, *, rate_limit):
        self.limiter = rate_limit
        return self

    @property
    def sip_registrations(self):
        return self

    async def bind(self, *, sip_registration_id=NOBODY, **_):
        gate = asyncio.get_running_loop().create_future()
        name = sip_registration_id
        self.calls[name] = gate
        self.most = max(self.most, len(self.calls))
        try:
            return await gate
        finally:
            del self.calls[name]

    async def settled(self):
        """Wait until nothing begins any more; return the registrations that are being bound."""
        for _ in range(50):
            await asyncio.sleep(0)
        return sorted(self.calls)

    def let_go(self, registration, outcome=None):
        gate = self.calls[registration]
        if isinstance(outcome, Exception):
            gate.set_exception(outcome)
        else:
            gate.set_result(reply_of("BindSipRegistration"))


def row(registration, user=None):
    return BindRequest(sip_registration_id=registration, application_id=1, user_id=user)


@pytest.fixture
def client():
    return HeldUp()


@pytest.fixture
async def run(client):
    tasks = []

    def start(rows, **options):
        job = AsyncBulk(client).bind(rows, **options)
        tasks.append(asyncio.ensure_future(job._finish()))
        return job, tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_rows_that_share_a_user_wait_and_others_pass_them(client, run):
    job, task = run([row(1, 1), row(2, 1), row(3, 2), row(2, 3), row(4)], concurrency=8)
    assert await client.settled() == [1, 3, 4]
    client.let_go(3)
    assert await client.settled() == [1, 4]
    client.let_go(1)
    assert await client.settled() == [2, 4]
    client.let_go(2)
    assert await client.settled() == [2, 4], "the fourth row, for registration 2, only now"
    client.let_go(2)
    client.let_go(4)
    assert (await task).done == 5
    assert job.report.ok


async def test_no_more_rows_than_allowed_are_in_flight(client, run):
    _, task = run([row(number) for number in range(1, 30)], concurrency=5)
    while not task.done():
        under_way = await client.settled()
        assert len(under_way) <= 5
        for number in under_way[:1]:
            client.let_go(number)
    assert client.most == 5
    assert task.result().done == 29


async def test_rows_are_read_no_further_than_the_window(client, run):
    read = 0

    def rows():
        nonlocal read
        for _ in range(10_000):
            read += 1
            yield row(1, 1)  # each waits for the one before it

    run(rows(), concurrency=4)
    assert await client.settled() == [1]
    assert read == 256


async def test_a_row_that_overlaps_nothing_runs_alone(client, run):
    alone = BindRequest(bind=False, user_id=9, rule_id=1, application_id=1)
    _, task = run([row(1), row(2), alone, row(3)], concurrency=8)
    assert await client.settled() == [1, 2]
    client.let_go(1)
    assert await client.settled() == [2]
    client.let_go(2)
    assert await client.settled() == [NOBODY]
    client.let_go(NOBODY)
    assert await client.settled() == [3]
    client.let_go(3)
    assert (await task).done == 4


async def test_a_client_that_cannot_work_at_all_ends_the_job(client, run):
    _, task = run([row(number) for number in range(1, 100)], concurrency=3)
    assert await client.settled() == [1, 2, 3]
    client.let_go(2, ConfigurationError("credentials: gone"))
    assert await client.settled() == [1, 3], "nothing new begins, what is in flight continues"
    client.let_go(1)
    client.let_go(3)
    with pytest.raises(ConfigurationError, match="gone"):
        await task


async def test_patience_with_a_server_that_wants_none_has_an_end(client, run):
    _, task = run([row(1)])
    tries = 0
    while not task.done():
        if await client.settled():
            tries += 1
            client.let_go(1, RateLimitError("later", code=340, command="BindSipRegistration"))
        await asyncio.sleep(0)
    assert tries == MAX_CALLS_PER_ROW
    assert task.result().failed == 1
