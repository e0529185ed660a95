"""Jobs that are continued where they cannot be: in another event loop, in a forked child."""

import asyncio
import itertools
import os
import warnings

import pytest

import voxsip
from voxsip.bulk import BindRequest
from voxsip.emulator import Emulator

ROWS = [BindRequest(sip_registration_id=number, application_id=1) for number in range(1, 41)]


def test_a_job_that_ended_with_its_loop_says_so():
    with Emulator(registrations=40) as emulator:
        client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url)
        job = client.bulk.bind(itertools.cycle(ROWS))  # does not end by itself

        async def first():
            return (await anext(aiter(job))).status

        async def everything():
            return await job

        assert asyncio.run(first()) == "done"
        with pytest.raises(RuntimeError, match="the job was cancelled with its event loop"):
            asyncio.run(everything())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
async def test_a_forked_child_does_not_continue_a_job(account):
    """It would wait forever for what only its parent does."""
    _, client = account
    job = client.bulk.bind(ROWS)
    task = job.start()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # other threads of this process: the child uses none of them
        child = os.fork()
    if child == 0:  # pragma: no cover - another process
        code = 1
        try:
            with pytest.raises(RuntimeError, match="runs in the process that this one was forked"):
                job.start()
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0  # noqa: ASYNC222 - it ends at once
    await task
    assert (await job).done == 40
