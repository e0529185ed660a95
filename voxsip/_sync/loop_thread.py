"""The one event-loop thread behind every blocking client of the process.

It starts with the first call and ends with the interpreter. After a fork the child starts its own: the parent's loop
and sockets are left alone. A caller that is interrupted cancels what it asked for and waits for it to end.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import sys
import threading
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Generic, TypeVar

from voxsip._sync.event_loop import new_loop, prepare_exit_after_fork

T = TypeVar("T")
LAST_SECONDS = 2.0
"""How long the interpreter's end waits for cancelled calls to clean up."""
PULSE = 0.2
"""Seconds after which a waiting caller sees a signal that came just before it began to wait: locks lose those. (On
Windows a lock notices no signal at all.)"""


class LoopThread:
    """Runs coroutines to their end from blocking code; the `Runner` of generated classes."""

    __slots__ = ()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns, raise what it raises.

        Interrupted (by Ctrl-C, or whatever else a signal handler raises), it cancels the coroutine, waits for its end
        and raises the reason. Interrupted again while it waits, it raises at once.

        Args:
            coroutine: runs on the loop thread, in a copy of the caller's context.

        Raises:
            RuntimeError: called on the loop thread itself, which would wait for itself.
        """
        job = _Job(coroutine)
        try:
            job.hand_over(_service_for_caller())
            job.wait()
        except BaseException as reason:
            job.cancel(reason)
            raise
        finally:
            if _state.ending:
                _halt_daemon()
        return job.result()

    @staticmethod
    def is_alive() -> bool:
        """Returns whether the thread of this process runs."""
        service = _state.service
        return service is not None and service.thread.is_alive()


class _Job(Generic[T]):
    """One coroutine in flight."""

    __slots__ = ("_coroutine", "_ended", "_service", "_task")

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._ended = _closed_gate()
        self._service: _Service | None = None
        self._task: asyncio.Task[T] | None = None

    def hand_over(self, service: _Service) -> None:
        """Give the coroutine to the loop thread; the loop takes a copy of this thread's context along."""
        self._service = service
        service.loop.call_soon_threadsafe(self._start)

    def wait(self) -> None:
        """Wait for its end."""
        if self._service is not None:
            self._service.wait_for(self._ended)

    def result(self) -> T:
        """Return or raise what came of it."""
        task = self._task
        self._task = None  # an exception holds this frame: no cycle through the task
        if task is None:
            raise RuntimeError("the call never began")
        return task.result()

    def cancel(self, reason: BaseException) -> None:
        """Cancel it, wherever it is, and wait for its end; leave word with the reason of what came of it."""
        if self._service is None or self._service.loop.is_closed():
            self._coroutine.close()
            return
        over = _closed_gate()
        self._service.loop.call_soon_threadsafe(self._cancel, over)
        self._service.wait_for(over)
        if self._task is not None:
            for note in _what_came_of(self._task):
                reason.add_note(note)

    # On the loop thread

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._coroutine)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # seen, even if the caller has been interrupted and does not look
        self._ended.release()

    def _cancel(self, over: threading.Lock) -> None:
        if self._task is None:  # interrupted on its way here: it will not start any more
            self._coroutine.close()
            over.release()
        else:
            self._task.add_done_callback(lambda _: over.release())
            self._task.cancel()


class _Service:
    """A loop, and the thread that runs it until it is told to stop."""

    def __init__(self, state: _State) -> None:
        self.loop = new_loop()
        self.thread = threading.Thread(target=self._serve, name="voxsip-loop", daemon=True)
        self._stop = asyncio.Event()
        self._state = state

    def wait_for(self, gate: threading.Lock) -> None:
        """Wait until something on the loop thread opens a gate."""
        while not gate.acquire(timeout=PULSE):
            if not self.thread.is_alive():
                raise RuntimeError("the loop thread of voxsip ended before the call did")

    def stop(self) -> None:
        """Cancel what runs, close what is open, end the thread; give it some seconds for that."""
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self.thread.join(LAST_SECONDS)

    def _serve(self) -> None:
        with self._state.lock:
            if (
                self._state.service is not self
            ):  # the call that started it was interrupted while doing so
                return
        try:
            life = self.loop.create_task(self._until_stopped())
            while not life.done():  # SystemExit ends the call that raised it, and nothing else
                with suppress(SystemExit, KeyboardInterrupt):
                    self.loop.run_until_complete(life)
        finally:
            self.loop.close()

    async def _until_stopped(self) -> None:
        """Wait for the word to stop, then cancel what is left and close async generators, and with them sessions."""
        await self._stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()


class _State:
    """What the process has; made again in a forked child."""

    def __init__(self, parents: tuple[_Service, ...] = ()) -> None:
        self.lock = threading.Lock()
        self.service: _Service | None = None
        self.parents = parents
        """Inherited by fork: kept, so that their loops are never finalized, and never touched."""
        self.warned = False
        self.ending = False


_state = _State()


def _refuse_green_threads() -> None:
    """Raise if threads have been replaced by ones that all run in this thread: the loop's would never get its turn."""
    gevent = sys.modules.get("gevent.monkey")
    eventlet = sys.modules.get("eventlet.patcher")
    if gevent is not None and (
        gevent.is_module_patched("thread") or gevent.is_module_patched("threading")
    ):
        by = "gevent"
    elif eventlet is not None and eventlet.is_monkey_patched("thread"):
        by = "eventlet"
    else:
        return
    raise RuntimeError(
        f"voxsip.Client: threads are patched by {by}, and the loop thread would never run; use AsyncClient in a process "
        "of its own, or patch without threads (thread=False)"
    )


def _service_for_caller() -> _Service:
    state = _state
    _refuse_green_threads()
    if state.ending:
        raise RuntimeError("the interpreter is ending, and voxsip has closed its connections")
    service = state.service
    if service is None or service.loop.is_closed():
        service = _start(state)
    if service.thread.ident == threading.get_ident():
        raise RuntimeError(
            "a blocking client was called on its own loop thread, where it would wait for itself: use AsyncClient there"
        )
    if not state.warned:
        _warn_inside_loop(state)
    return service


def _start(state: _State) -> _Service:
    with state.lock:
        service = state.service
        if service is None or service.loop.is_closed():
            service = _Service(state)
            try:
                service.thread.start()
                state.service = service
            except BaseException:
                state.service = None
                service.loop.close()
                raise
        return service


def _warn_inside_loop(state: _State) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    state.warned = True
    if _in_notebook():
        return
    warnings.warn(
        "a blocking voxsip.Client is used inside a running event loop and holds it up: use AsyncClient there",
        RuntimeWarning,
        stacklevel=_level_of_caller(),
    )


def _in_notebook() -> bool:
    """Returns whether this is the kernel of a notebook, whose loop has nothing to do while a cell runs."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _level_of_caller() -> int:
    """Return the place, as `warnings` counts, of the first frame outside this package."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - what `warnings` itself goes by
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("voxsip."):
        level, frame = level + 1, frame.f_back
    return level


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate


def _halt_daemon() -> None:
    """Keep a daemon thread from continuing, and failing in public, while the interpreter ends and it is to be stopped anyway."""
    if threading.current_thread().daemon:
        _closed_gate().acquire()


def _what_came_of(task: asyncio.Task[Any]) -> list[str]:
    """Return what the caller of an interrupted call should know."""
    try:
        task.result()
    except BaseException as error:
        return getattr(error, "__notes__", [])
    return ["the call had just succeeded; its result is lost"]


def _end_with_interpreter() -> None:
    """Close connections and end the thread; the interpreter runs this after the exit handlers of all that use voxsip."""
    state = _state
    state.ending = True
    if state.service is not None:
        state.service.stop()
    prepare_exit_after_fork(parent.loop for parent in state.parents)


def _reset_in_child() -> None:
    global _state  # noqa: PLW0603 - the one state there is
    inherited = () if _state.service is None else (_state.service,)
    _state = _State((*_state.parents, *inherited))


atexit.register(_end_with_interpreter)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_in_child)
