"""A client that calls a hostile server once: `hostile_program.py BASE_URL`; prints what came of it and the MiB it took."""

import asyncio
import resource
import sys

import voxsip

UNIT = 1024 if sys.platform != "darwin" else 1024 * 1024


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT


async def main(base_url):
    policy = voxsip.RetryPolicy(attempts=1)
    async with voxsip.AsyncClient(token="token", base_url=base_url, retry=policy) as client:
        before = peak()
        try:
            await client.call("GetSomething", {}, deadline=2)
        except voxsip.VoxsipError as error:
            print(
                type(error).__name__,
                error.outcome_unknown,
                round(peak() - before),
                str(error)[:120],
            )


asyncio.run(main(sys.argv[1]))
