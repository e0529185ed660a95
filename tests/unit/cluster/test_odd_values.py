"""What nobody wrote into a store of jobs on several machines is refused by name."""

import pytest

from tests.support.odd_rows import odd_store
from tests.unit.cluster.conftest import run_all
from voxsip.cluster import read_status, run_part

TABLES = "cluster_job", "cluster_part", "cluster_known", "cluster_index", "job_row"
ROWS = [{"sip_username": f"phone-{number}", "proxy": "sip.example.com"} for number in range(4)]


@pytest.mark.slow
@pytest.mark.once
async def test_no_value_ends_in_a_crash(account, store, write):
    emulator, client = account
    job = await client.cluster.create(write(ROWS), store=store, partitions=2, name="job")
    async with job:
        await run_all(job, store, client)
        executed = emulator.state.counters["CreateSipRegistration"]["executed"]
        async with odd_store(store, *TABLES) as odd:
            tried, crashed = await odd.crashes(
                lambda: read_status(store, "job"),
                lambda: run_part(store, "job", 0, client=client, wait=0),
                lambda: _resume(job),
            )
        assert not crashed
        assert tried > 80
        assert emulator.state.counters["CreateSipRegistration"]["executed"] == executed


async def _resume(job):
    await job.reopen()
    await job.report()
    return [outcome async for outcome in job.outcomes()]
