"""What a process holds: descriptors, threads, tasks, and objects that should be gone."""

import asyncio
import gc
import threading
from collections import Counter
from pathlib import Path

import aiohttp

from voxsip._request import Request
from voxsip._transport import Lane

WATCHED = (aiohttp.ClientSession, aiohttp.TCPConnector, Request, Lane)


def descriptors():
    """Return what is open, by what it is; sockets by their kind only."""
    open_ = Counter()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # the one that lists the folder
        open_[target.partition(":")[0]] += 1
    return open_


def held(*, loop=True):
    """Return all of it, after a collection."""
    gc.collect()
    tasks = len(asyncio.all_tasks()) if loop else 0
    alive = Counter(
        type(found).__name__ for found in gc.get_objects() if isinstance(found, WATCHED)
    )
    return descriptors(), threading.active_count(), tasks, alive


async def settled(before, attempts=200):
    """Return what is held, once it is what it was or has had its time to become so."""
    for _ in range(attempts):
        if held() == before:
            break
        await asyncio.sleep(0.02)
    return held()
