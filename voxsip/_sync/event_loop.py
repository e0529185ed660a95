"""Makes the event loop of the blocking clients: uvloop if it is installed (the extra `speed`), else asyncio's own."""

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
    """A loop's default executor that also works while the interpreter ends.

    Executors accept no more work once the main thread has ended, but other threads and exit handlers may still make
    calls, which resolve names. Such work is done at once, in the loop's own thread.
    """

    def submit(self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run a function in a thread of the pool, or at once if the pool is closed."""
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
    """Keep a forked child from crashing at its exit if its parent ran uvloop.

    At exit libuv joins the worker threads that it has on record. In a child that has not used them these are the
    parent's, and joining them is a segmentation fault (libuv issue 4443). Any work makes libuv start new ones. The
    cheapest is to resolve a name that must be a number, which asks no resolver.

    Args:
        parents: The loops inherited from parents.
    """
    if all(isinstance(loop, asyncio.BaseEventLoop) for loop in parents):
        return
    loop = new_loop()
    try:
        with suppress(OSError):
            loop.run_until_complete(loop.getaddrinfo("worker", 0, flags=socket.AI_NUMERICHOST))
    finally:
        loop.close()
