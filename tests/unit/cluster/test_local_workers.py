"""Workers that are started on this machine."""

import logging

import pytest

from voxsip.cluster import local_workers

pytestmark = pytest.mark.dask


async def test_a_heartbeat_that_the_end_of_its_cluster_cuts_off_is_not_logged(capfd):
    async def lose_heartbeat(dask_worker):
        class Gone:
            async def heartbeat_worker(self, **_):
                raise OSError("the scheduler has ended")

        scheduler, dask_worker.scheduler = dask_worker.scheduler, Gone()
        try:
            await dask_worker.heartbeat()
        finally:
            dask_worker.scheduler = scheduler
        logging.getLogger("distributed.worker").error("something else")

    async with local_workers(1, store="postgresql://h/d") as dask:
        await dask.run(lose_heartbeat)
    said = capfd.readouterr().err
    assert "something else" in said
    assert "heartbeat" not in said
