"""A process that buys registrations with its journal in a store: BASE_URL CREDENTIALS JOURNAL LEASE ROWS [resume].

Says how each row ended and at last the report; one that resumes waits until the job is free.
"""

import asyncio
import sys

import voxsip
from voxsip.bulk._journal import store

PASSWORD = "canary-of-a-password"


async def main(base_url, credentials, journal, lease, count, *resume):
    store.LEASE = float(lease)
    rows = [
        {
            "sip_username": f"u{n}",
            "proxy": "sip.example.com",
            "application_id": 1,
            **({"password": PASSWORD} if n % 2 else {}),  # in a body; else the request has none
        }
        for n in range(int(count))
    ]
    async with voxsip.AsyncClient(credentials, base_url=base_url, timeout=1.0) as client:
        while True:
            job = (
                client.bulk.resume(journal, rows)
                if resume
                else client.bulk.create(rows, journal=journal, concurrency=8)
            )
            try:
                async for outcome in job:
                    print(outcome.status, flush=True)
            except voxsip.ConfigurationError as error:
                if not (resume and error.in_use):
                    print("ended:", error, flush=True)
                    return
                await asyncio.sleep(0.2)
            else:
                print(job.report.to_dict(), flush=True)
                return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
