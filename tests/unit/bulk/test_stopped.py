"""A stopped job sends nothing more but what clears up an outcome; other waits end at once. All are in virtual time."""

import asyncio
import heapq
import itertools
import math

import pytest

import voxsip
from tests.unit.bulk.conftest import received, until
from voxsip import RateLimit
from voxsip._clock import Seams, SystemClock
from voxsip.bulk._outcomes import Stop
from voxsip.emulator import Fault, Faults

COMMANDS = {
    "bind": "BindSipRegistration",
    "create": "CreateSipRegistration",
    "delete": "DeleteSipRegistration",
}
DEADLINE = 3.0


class VirtualClock(SystemClock):
    """Lets time pass to the next wait that ends, once every row in flight waits for that."""

    def __init__(self):
        self.now = 1000.0
        self._waits = []
        self._order = itertools.count()

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        if seconds < 1e-6:  # a slot of a limiter without a rate
            self.now += seconds
            await asyncio.sleep(0)
            return
        wait = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waits, (self.now + seconds, next(self._order), wait))
        await wait

    @property
    def waits(self):
        return sum(not wait.done() for _, _, wait in self._waits)

    async def run(self, job, deadline=None):
        """Run a job to its end and return its report."""
        ends = -math.inf if deadline is None else self.now + deadline
        task = asyncio.ensure_future(job._finish())
        while not task.done():
            await asyncio.sleep(0.001)
            timers = self.now < ends
            if self.waits < job._run.in_flight + timers or not self.waits:
                continue
            if timers and not job._run.in_flight:
                continue  # a request of the job itself
            due, _, wait = heapq.heappop(self._waits)
            if not wait.done():
                self.now = max(self.now, due)
                wait.set_result(None)
                for _ in range(50):  # whoever waited does what follows
                    await asyncio.sleep(0)
        return await task


def rows_of(kind, count=8):
    if kind == "create":
        return [
            {"sip_username": f"n{number}", "proxy": "sip.example.com"} for number in range(count)
        ]
    more = {"application_id": 1} if kind == "bind" else {}
    return [{"sip_registration_id": number, **more} for number in range(1, count + 1)]


@pytest.fixture
async def house(start):
    """Give an emulator with faults, and a client whose waits are virtual."""
    opened = []

    async def house(*faults, kind="bind"):
        emulator, _ = await start(
            balance=100,
            price=1,
            registrations=0 if kind == "create" else 9,
            faults=Faults(list(faults)),
        )
        clock = VirtualClock()
        client = voxsip.AsyncClient(
            emulator.credentials, base_url=emulator.base_url, _seams=Seams(clock=clock)
        )
        opened.append(client)
        return emulator, clock, client

    yield house
    for client in opened:
        await client.close()


def sent(emulator):
    return sum(received(emulator, command) for command in COMMANDS.values())


@pytest.mark.parametrize("retry_after", [None, 3600])
@pytest.mark.parametrize("kind", COMMANDS)
async def test_throttled_rows_end_at_the_deadline_and_can_be_resumed(
    house, tmp_path, kind, retry_after
):
    told = {} if retry_after is None else {"retry_after": retry_after}
    fault = Fault(kind="error", code=340, command=COMMANDS[kind], **told)
    emulator, clock, client = await house(fault, kind=kind)
    journal = tmp_path / "job.sqlite"
    begun = clock.now
    job = getattr(client.bulk, kind)(rows_of(kind), deadline=DEADLINE, journal=journal)
    report = await clock.run(job, DEADLINE)
    assert (report.skipped, report.failed, report.unknown) == (8, 0, 0)
    assert report.stopped == Stop.DEADLINE
    assert DEADLINE <= clock.now - begun == report.seconds < DEADLINE + 0.5
    emulator.faults = Faults([])
    again = client.bulk.resume(journal, rows_of(kind), recovery_delay=0)
    assert (await clock.run(again)).done == 8
    assert emulator.state.counters[COMMANDS[kind]]["executed"] == 8


async def test_rows_that_wait_for_the_rate_are_not_sent_after_the_deadline(house):
    emulator, clock, client = await house()
    job = client.bulk.bind(rows_of("bind"), deadline=DEADLINE, rate_limit=RateLimit(1))
    report = await clock.run(job, DEADLINE)
    assert (report.done, report.skipped) == (sent(emulator), 8 - sent(emulator))
    assert 3 <= report.done <= 4
    assert report.seconds < DEADLINE + 0.5


@pytest.mark.parametrize("kind", ["bind", "delete"])
async def test_a_row_in_doubt_is_finished(house, kind):
    lost = Fault(kind="lose_reply", command=COMMANDS[kind], times=(1,))
    throttled = Fault(
        kind="error", code=340, command=COMMANDS[kind], retry_after=DEADLINE + 1, times=(2,)
    )
    emulator, clock, client = await house(lost, throttled, kind=kind)
    job = getattr(client.bulk, kind)(rows_of(kind, 1), deadline=DEADLINE)
    report = await clock.run(job, DEADLINE)
    assert (report.done, report.unknown, report.skipped, sent(emulator)) == (1, 0, 0, 3)
    assert report.stopped == Stop.DEADLINE


async def test_a_purchase_in_doubt_is_looked_for_but_not_sent_again(house):
    broken = Fault(kind="http", status=503, command=COMMANDS["create"])
    emulator, clock, client = await house(broken, kind="create")
    job = client.bulk.create(rows_of("create", 1), deadline=0.001)
    report = await clock.run(job, 0.001)
    assert (report.unknown, sent(emulator)) == (1, 1)
    assert received(emulator, "GetSipRegistrations") >= 2  # before the job, and for the row


@pytest.mark.parametrize("read_rest", [True, False])
async def test_a_job_that_is_told_to_stop_does_not_wait_for_throttled_rows(house, read_rest):
    fault = Fault(kind="error", code=340, command=COMMANDS["bind"], retry_after=3600)
    emulator, clock, client = await house(fault)
    job = client.bulk.bind(rows_of("bind"))
    task = asyncio.ensure_future(job._finish())
    await until(lambda: clock.waits > 0 and sent(emulator) > 0)
    job.stop(read_rest=read_rest)
    report = await asyncio.wait_for(task, 30)
    assert (report.done, report.failed, report.unknown) == (0, 0, 0)
    assert report.skipped == 8
    assert sent(emulator) <= 8


async def test_a_guard_that_stops_the_job_ends_the_waits_of_other_rows(house):
    throttled = Fault(kind="error", code=340, command=COMMANDS["bind"], retry_after=3600)
    _, clock, client = await house(throttled)

    async def rows():
        for row in rows_of("bind"):
            yield row
        await until(lambda: clock.waits > 0)
        yield {"wrong": 1}

    job = client.bulk.bind(rows(), max_failures=0)
    report = await asyncio.wait_for(job._finish(), 30)
    assert (report.failed, report.skipped, report.stopped) == (1, 8, Stop.FAILURES)
