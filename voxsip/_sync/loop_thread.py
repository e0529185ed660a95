"""The event-loop thread that all blocking clients of the process share.

It starts with the first call and ends with the interpreter. After a fork the child starts its own, and leaves the
parent's loop and sockets alone. If a caller is interrupted, its call is cancelled, and the caller waits for the call to
end.
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
"""Seconds that the interpreter waits at its end for cancelled calls to clean up."""
PULSE = 0.2
"""Seconds between the checks of a waiting caller for signals: waiting for a lock misses a signal that came just before
(on Windows, any signal)."""


class LoopThread:
    """Runs coroutines on the shared loop; the `Runner` of generated classes."""

    __slots__ = ()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; return its result or raise its error.

        If the caller is interrupted (by Ctrl-C, or by an error that a signal handler raises), the coroutine is
        cancelled, and that error is raised when it has ended. A second interruption is raised at once.

        Args:
            coroutine: The coroutine, run on the loop thread in a copy of the caller's context.

        Raises:
            RuntimeError: The caller is the loop thread, which would wait for itself.
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
        """Start the coroutine on the loop thread, in a copy of this thread's context."""
        self._service = service
        service.loop.call_soon_threadsafe(self._start)

    def wait(self) -> None:
        """Wait for the coroutine to end."""
        if self._service is not None:
            self._service.wait_for(self._ended)

    def result(self) -> T:
        """Return the coroutine's result or raise its error."""
        task = self._task
        self._task = None  # an exception holds this frame: no cycle through the task
        if task is None:
            raise RuntimeError("the call never began")
        return task.result()

    def cancel(self, reason: BaseException) -> None:
        """Cancel the coroutine, wait for its end, and note on `reason` how it ended."""
        if self._service is None or self._service.loop.is_closed():
            self._coroutine.close()
            return
        over = _closed_gate()
        self._service.loop.call_soon_threadsafe(self._cancel, over)
        self._service.wait_for(over)
        if self._task is not None:
            for note in _how_it_ended(self._task):
                reason.add_note(note)

    # On the loop thread

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._coroutine)
        self._task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # mark as retrieved: an interrupted caller does not ask for it
        self._ended.release()

    def _cancel(self, over: threading.Lock) -> None:
        if self._task is None:  # interrupted before it was handed over: it will never start
            self._coroutine.close()
            over.release()
        else:
            self._task.add_done_callback(lambda _: over.release())
            self._task.cancel()


class _Service:
    """A loop, and the thread that runs it until `stop` is called."""

    def __init__(self, state: _State) -> None:
        self.loop = new_loop()
        self.thread = threading.Thread(target=self._serve, name="voxsip-loop", daemon=True)
        self._stop = asyncio.Event()
        self._state = state

    def wait_for(self, gate: threading.Lock) -> None:
        """Wait until the loop thread opens a gate."""
        while not gate.acquire(timeout=PULSE):
            if not self.thread.is_alive():
                raise RuntimeError("the loop thread of voxsip ended before the call did")

    def stop(self) -> None:
        """Cancel calls in flight, close connections and end the thread.

        Waits at most `LAST_SECONDS`.
        """
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
            while not life.done():  # SystemExit ends only the call that raised it
                with suppress(SystemExit, KeyboardInterrupt):
                    self.loop.run_until_complete(life)
        finally:
            self.loop.close()

    async def _until_stopped(self) -> None:
        """Wait for `stop`, then cancel all tasks and close async generators.

        The generators close the sessions.
        """
        await self._stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()


class _State:
    """The state of the process; a forked child gets a new one."""

    def __init__(self, parents: tuple[_Service, ...] = ()) -> None:
        self.lock = threading.Lock()
        self.service: _Service | None = None
        self.parents = parents
        """Services inherited by fork: never used, and kept so that their loops are not finalized."""
        self.warned = False
        self.ending = False


_state = _State()


def _refuse_green_threads() -> None:
    """Raise if gevent or eventlet has replaced threads: the loop's would never run."""
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
    """Returns whether this is a notebook's kernel, whose loop is idle during a cell."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _level_of_caller() -> int:
    """Return the `stacklevel` of the first frame outside this package."""
    level, frame = 1, sys._getframe(1)  # noqa: SLF001 - `warnings` uses it as well
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("voxsip."):
        level, frame = level + 1, frame.f_back
    return level


def _closed_gate() -> threading.Lock:
    gate = threading.Lock()
    gate.acquire()
    return gate


def _halt_daemon() -> None:
    """Block a daemon thread while the interpreter ends.

    The interpreter stops daemon threads; until then this one must not continue and print an error.
    """
    if threading.current_thread().daemon:
        _closed_gate().acquire()


def _how_it_ended(task: asyncio.Task[Any]) -> list[str]:
    """Return notes for the caller of an interrupted call about how it ended."""
    try:
        task.result()
    except BaseException as error:
        return getattr(error, "__notes__", [])
    return ["the call had just succeeded; its result is lost"]


def _end_with_interpreter() -> None:
    """Close connections and end the thread.

    Exit handlers run in reverse order, so this one runs after those registered since this module was imported.
    """
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
