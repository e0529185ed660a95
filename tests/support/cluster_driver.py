"""Runs a job that is in a store on a Dask scheduler, and prints its report. A program of its own, to be killed.

    python tests/support/cluster_driver.py SCHEDULER JOB [sync]

Store, credentials and URL come from the environment.
"""

import asyncio
import json
import os
import sys

import distributed

import voxsip


async def run(scheduler, job_id):
    async with (
        voxsip.AsyncClient(timeout=2) as client,
        distributed.Client(scheduler, asynchronous=True) as dask,
        await client.cluster.open(job_id, store=os.environ["VOXSIP_STORE"]) as job,
    ):
        return await job.run(dask)


def run_sync(scheduler, job_id):
    with (
        voxsip.Client(timeout=2) as client,
        distributed.Client(scheduler) as dask,
        client.cluster.open(job_id, store=os.environ["VOXSIP_STORE"]) as job,
    ):
        return job.run(dask)


if __name__ == "__main__":
    if sys.argv[3:] == ["sync"]:
        report = run_sync(*sys.argv[1:3])
    else:
        report = asyncio.run(run(*sys.argv[1:3]))
    print("REPORT", json.dumps(report.to_dict()), flush=True)
