"""What a process holds: descriptors, threads, tasks, and objects that should be gone."""

import asyncio
import gc
import threading
from collections import Counter
from pathlib import Path

import aiohttp

from voxsip._calls.request import Request
from voxsip._transport.session_pool import LoopState

WATCHED = (aiohttp.ClientSession, aiohttp.TCPConnector, Request, LoopState)
LOOKS = 250  # in 5 s at least: the other side notices a closed connection when it gets to it


def held():
    """Return how much there is of everything, after a collection."""
    gc.collect()
    alive = Counter(type(one).__name__ for one in gc.get_objects() if isinstance(one, WATCHED))
    running = Counter(threads=threading.active_count(), tasks=len(asyncio.all_tasks()))
    return _descriptors() + running + alive


async def left_behind(before):
    """Return what is held beyond what was, once that is nothing or has had its time to become so."""
    for _ in range(LOOKS):
        if not held() - before:
            break
        await asyncio.sleep(0.02)
    return held() - before


def _descriptors():
    """Return what is open, by what it is, where that can be told; sockets by their kind only."""
    place, open_ = Path("/proc/self/fd"), Counter()
    for entry in place.iterdir() if place.exists() else ():
        try:
            target = str(entry.readlink())
        except OSError:
            continue  # the one that lists the folder
        open_[target.partition(":")[0]] += 1
    return open_
