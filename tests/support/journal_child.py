"""A process that works on a journal until it is killed: `child.py JOURNAL bind|create SEED`.

Each line it prints is the place of a row: recorded (bind), or intended with the intent on the disk (create).
"""

import asyncio
import os
import random
import sys

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.journal import create_journal, open_journal

ROWS = 200_000


def order(seed):
    """Return all places in the order in which they are recorded: near the input's, as a job does it."""
    chooser = random.Random(seed)
    return sorted(range(ROWS), key=lambda place: place + chooser.uniform(0, 64))


def say(place):
    os.write(1, b"%d\n" % place)


async def bind(journal, places):
    for place in places:
        journal.record(place, b"digest", "done", str(place), attempts=1, elapsed=0.1)
        say(place)
        if place % 64 == 0:
            await asyncio.sleep(0)


async def create(journal, places):
    left = iter(places)

    async def worker():
        for place in left:
            await journal.intend(place, b"digest", f"{place}@x")
            say(place)
            journal.record(place, b"digest", "done", f"{place}@x", result_id=place)

    await asyncio.gather(*(worker() for _ in range(16)))


async def main(path, kind, seed):
    try:
        journal = await create_journal(path, JobHeader(kind=kind))
    except ConfigurationError:
        journal = await open_journal(path)
    say(-1)
    await {"bind": bind, "create": create}[kind](journal, order(seed))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
