"""Jobs that did not reach their end: their report is not ok."""

import asyncio

import pytest

from tests.unit.bulk.conftest import until
from voxsip.bulk import Stop
from voxsip.emulator import Fault, Faults

ROWS = [{"sip_registration_id": number, "application_id": 1} for number in range(1, 41)]


@pytest.mark.parametrize("reached", [1, 5])
async def test_a_job_that_was_cancelled_is_not_ok(account, reached):
    _, client = account
    job = client.bulk.bind(ROWS, concurrency=1)

    async def follow():
        async for outcome in job:
            if outcome.index == reached:
                asyncio.current_task().cancel()
                await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(follow())
    await job.aclose()
    assert not job.report.ok
    assert job.report.stopped is not None


async def test_a_report_that_was_awaited_and_cancelled_is_not_ok(start):
    stuck = Fault(kind="delay", command="BindSipRegistration", times=(7,), seconds=60)
    _, client = await start(registrations=40, users=12, faults=Faults([stuck]))
    job = client.bulk.bind(ROWS, concurrency=1)

    async def wait():
        return await job

    task = asyncio.create_task(wait())
    await until(lambda: job.report.rows >= 6)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (job.report.rows, job.report.done) == (6, 6)
    assert (job.report.stopped, job.report.ok) == (Stop.CANCELLED, False)


async def test_a_job_cancelled_before_its_first_step_is_not_ok(account):
    _, client = account
    job = client.bulk.bind(ROWS)
    job.start().cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert (job.report.stopped, job.report.ok) == (Stop.CANCELLED, False)


async def test_a_job_whose_input_raised_is_not_ok(account):
    _, client = account

    def rows():
        yield ROWS[0]
        raise LookupError

    job = client.bulk.bind(rows())
    with pytest.raises(LookupError):
        await job
    assert (job.report.done, job.report.stopped, job.report.ok) == (1, Stop.ERROR, False)
