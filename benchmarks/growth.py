"""Memory of a job that grows no more: `python -m benchmarks.growth ROWS [JOURNAL]`.

Calls are answered without a network: a million of them over TLS would take minutes and add nothing of ours.
"""

from __future__ import annotations

import asyncio
import json
import sys

from benchmarks.instant import instant_client
from benchmarks.memory import resident
from benchmarks.scene import rows

EARLY = 10_000


async def measure(amount: int, journal: str | None) -> dict[str, int]:
    """Return bytes: before the job, at row 10,000, the most from there on, and at the end."""
    client = instant_client()
    await client.sip_registrations.bind(**next(rows(1)))
    job = client.bulk.bind(rows(0))  # loads what jobs need
    await job
    idle = resident()
    early = most = 0
    done = 0
    async for _ in client.bulk.bind(rows(amount), journal=journal):
        done += 1
        if done == EARLY:
            early = resident()
        elif done > EARLY and done % 1_000 == 0:
            most = max(most, resident())
    await client.close()
    return {"rows": done, "idle": idle, "early": early, "most": most, "end": resident()}


def main() -> None:
    amount, *journal = sys.argv[1:]
    print(json.dumps(asyncio.run(measure(int(amount), journal[0] if journal else None))))


if __name__ == "__main__":
    main()
