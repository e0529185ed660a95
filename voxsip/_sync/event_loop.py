"""Which event loop runs the blocking clients: uvloop if it is installed (the extra `speed`), else asyncio's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from voxsip._lazy import IMPORTS

P = ParamSpec("P")
R = TypeVar("R")


class LastingExecutor(ThreadPoolExecutor):
    """A loop's default executor that resolves names to the very end.

    Once the main thread has ended executors take no more work, while other threads, and exit handlers, may still
    call. What is asked for then is done at once, in the loop's own thread.
    """

    def submit(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run a function in a thread of the pool, if it may still have one."""
        try:
            return super().submit(function, *args, **kwargs)
        except RuntimeError:
            future: Future[R] = Future()
            try:
                future.set_result(function(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)
            return future


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop."""
    try:
        with IMPORTS:
            import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    loop.set_default_executor(LastingExecutor(thread_name_prefix="voxsip"))
    return loop


def prepare_exit_after_fork(parents: Iterable[asyncio.AbstractEventLoop]) -> None:
    """Keep a forked child from crashing when it ends, where uvloop ran in its parent.

    At exit libuv joins the worker threads it believes to have. In a child that never gave them work these are the
    parent's, and joining them is a segmentation fault (libuv issue 4443). Work of any kind makes libuv start new
    ones; resolving a name that may only be a number is the least of it, and asks no resolver.

    Args:
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
