"""A bulk job in a process of its own, there to be killed: `killed.py KIND BASE_URL CREDENTIALS JOURNAL ROWS`."""

import asyncio
import sys
from pathlib import Path

import voxsip

PROXY = "sip.example.com"


def rows_of(kind, count):
    """The input, the same every time."""
    for number in range(1, count + 1):
        if kind == "create":
            # every tenth row asks for what the one before it asked for: two purchases
            name = f"new-{number - 1 if number % 10 == 0 else number}"
            yield {"sip_username": name, "proxy": PROXY, "password": "hunter2"}
        elif kind == "delete":
            yield {"sip_registration_id": number}
        else:
            user = number % 30 + 1
            yield {
                "sip_registration_id": number % 90 + 1,
                "application_id": (user - 1) % 3 + 1,
                "user_id": user,
            }


async def main(kind, base_url, credentials, journal, count, *, resume):
    async with voxsip.AsyncClient(credentials, base_url=base_url) as client:
        rows = rows_of(kind, int(count))
        if resume:
            job = client.bulk.resume(journal, rows, recovery_delay=0.3)
        else:
            job = getattr(client.bulk, kind)(rows, journal=journal)
        print("started", flush=True)
        report = await job
    print(report.rows, report.done, report.failed, report.unknown, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:], resume=Path(sys.argv[4]).exists()))
