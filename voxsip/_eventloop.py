"""Which event loop runs the blocking clients: uvloop where it is installed (the extra `speed`), else asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def prepare_exit_after_fork(parents: Iterable[asyncio.AbstractEventLoop]) -> None:
    """Keep a forked child from crashing when it ends, where uvloop ran in its parent.

    At exit libuv joins the worker threads it believes to have. In a child that never gave them work these are the
    parent's, and joining them is a segmentation fault (libuv issue 4443). Work of any kind makes libuv start new
    ones; resolving a name that may only be a number is the least of it, and asks no resolver.

    Arguments:
        parents: loops inherited from parents.
    """
    if all(isinstance(loop, asyncio.BaseEventLoop) for loop in parents):
        return
    loop = new_loop()
    try:
        with suppress(OSError):
            loop.run_until_complete(loop.getaddrinfo("worker", 0, flags=socket.AI_NUMERICHOST))
    finally:
        loop.close()
