"""The one event-loop thread behind every blocking client of the process.

It starts with the first call and ends with the interpreter. After a fork the child starts its own: the parent's loop
and sockets are left alone. A caller that is interrupted cancels what it asked for and waits for it to end.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import warnings
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines to their end from blocking code; the `Runner` of generated classes."""

    __slots__ = ()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns, raise what it raises.

        Arguments:
            coroutine: runs on the loop thread, in a copy of the caller's context.

        Raises:
            RuntimeError: called on the loop thread itself, which would wait for itself.
        """
        try:
            loop = _loop_for_caller()
            job = _Job(coroutine, copy_context())
            loop.call_soon_threadsafe(job.start, loop)
        except BaseException:
            coroutine.close()
            raise
        try:
            job.finished.acquire()
        except BaseException:  # Ctrl-C, most of all
            job.cancel(loop)
            raise
        return job.outcome()

    @staticmethod
    def is_alive() -> bool:
        """Tell whether the thread of this process runs."""
        return _state.thread is not None and _state.thread.is_alive()


class _Job(Generic[T]):
    """One coroutine under way; the lock is released when it has ended."""

    __slots__ = ("_context", "_coroutine", "_task", "finished")

    def __init__(self, coroutine: Coroutine[Any, Any, T], context: Context) -> None:
        self._coroutine = coroutine
        self._context = context
        self._task: asyncio.Task[T] | None = None
        self.finished = threading.Lock()
        self.finished.acquire()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin; runs on the loop thread."""
        self._task = loop.create_task(self._coroutine, context=self._context)
        self._task.add_done_callback(self._end)

    def cancel(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel and wait for the end."""
        loop.call_soon_threadsafe(self._cancel_task)
        self.finished.acquire()
        if self._task is not None and not self._task.cancelled():
            self._task.exception()  # seen: the interruption is what the caller gets

    def outcome(self) -> T:
        """Return or raise what the coroutine did."""
        task, self._task = self._task, None
        if task is None or task.cancelled():
            msg = "the loop thread of voxsip stopped before the call ended"
            raise RuntimeError(msg)
        return task.result()

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, _: asyncio.Task[T]) -> None:
        self.finished.release()


class _State:
    """The process's thread and loop; made anew in a forked child."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stop: asyncio.Event | None = None
        self.warned = False


_state = _State()
_abandoned: list[_State] = []
"""States of parents, kept so that their loops are never finalized, and so never touched, in a child."""


def _loop_for_caller() -> asyncio.AbstractEventLoop:
    state = _state
    if state.thread is not None and threading.get_ident() == state.thread.ident:
        msg = "a blocking client was called on its own loop thread, where it would wait for itself: use AsyncClient there"
        raise RuntimeError(msg)
    if not state.warned:
        _warn_inside_loop(state)
    loop = state.loop
    return loop if loop is not None and not loop.is_closed() else _start(state)


def _warn_inside_loop(state: _State) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    state.warned = True
    warnings.warn(
        "a blocking voxsip.Client is used inside a running event loop and holds it up: use AsyncClient there",
        RuntimeWarning,
        stacklevel=5,
    )


def _start(state: _State) -> asyncio.AbstractEventLoop:
    with state.lock:
        if state.loop is None or state.loop.is_closed():
            ready = threading.Event()
            state.thread = threading.Thread(
                target=_serve, args=(state, ready), name="voxsip-loop", daemon=True
            )
            state.thread.start()
            ready.wait()
        if state.loop is None:
            msg = "the loop thread of voxsip could not start"
            raise RuntimeError(msg)
        return state.loop


def _serve(state: _State, ready: threading.Event) -> None:
    async def until_stopped() -> None:
        state.stop = asyncio.Event()
        state.loop = asyncio.get_running_loop()
        ready.set()
        await state.stop.wait()

    try:
        # the runner cancels what is left, closes async generators (and with them sessions), then the loop
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(until_stopped())
    finally:
        ready.set()


def _new_loop() -> asyncio.AbstractEventLoop:
    """Prefer uvloop, the extra `speed`."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _stop() -> None:
    """End the thread with the interpreter."""
    state = _state
    thread, loop, stop = state.thread, state.loop, state.stop
    if thread is None or loop is None or stop is None or not thread.is_alive():
        return
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=10)


def _after_fork_in_child() -> None:
    global _state  # noqa: PLW0603 - the one state there is
    _abandoned.append(_state)
    _state = _State()


atexit.register(_stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
