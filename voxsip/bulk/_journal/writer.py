"""The thread that owns a journal's connection and writes what event loops hand it.

Rows go through one queue and are committed in the order they were handed over, a stretch of the queue in each
transaction: what is on disk after a crash is a prefix of what was recorded. Nothing is written any more after a
failed write, so that holds there too.

A commit that somebody waits for (an intent, a flush) is forced to the disk. One that nobody waits for is left to
the system: lost with the machine, never with the process. Whoever asks for durability while a commit is on its way
shares the next one with all who asked meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.log import Log, Row
from voxsip.bulk._journal.schema import explain

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

GATHER_SECONDS = 0.1
"""How long outcomes gather before they are written: what a killed process can lose of them."""
GATHER_ROWS = 2048
"""Rows that are not kept waiting any longer."""
ROOM_ROWS = 4096
"""Rows handed over and not yet written above which `room` waits."""

_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer:
    """One journal's thread, started by `start` and ended by `close`.

    Arguments:
        path: the journal, for messages.
        opening: locks and opens it; called on the thread.
        unlocking: called on the thread once the connection is closed.
    """

    def __init__(
        self, path: Path, opening: Callable[[], sqlite3.Connection], unlocking: Callable[[], None]
    ) -> None:
        self._path = path
        self._opening = opening
        self._unlocking = unlocking
        self._rows: deque[Row] = deque()
        self._tasks: deque[_Task] = deque()
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._armed = False
        self._stopping = False
        self._ended = False
        self._failure: str | None = None  # what went wrong
        self._refusal: str | None = None  # why nothing can be handed over: that, or being closed
        self._closed = False
        self._closers: list[_Task] = []
        self._thread = threading.Thread(target=self._main, name=f"voxsip {path.name}", daemon=True)

    async def start(self, first: Work[T]) -> T:
        """Start the thread; return what `first` reads from the journal.

        Raises:
            ConfigurationError: another process has it, or it cannot be made or opened.
        """
        task = self._hand_over(first)
        _writers.add(self)
        self._thread.start()
        try:
            return await task.outcome()  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            self._stop()
            raise

    def put(self, row: Row) -> None:
        """Hand over a row; returns at once.

        Raises:
            ConfigurationError: the journal cannot be written any more, or is closed.
        """
        if self._refusal is not None:
            raise ConfigurationError(self._refusal)
        self._rows.append(row)
        if not self._armed:
            self._armed = True
            self._wake.set()
        elif len(self._rows) == GATHER_ROWS:
            self._urgent.set()

    def put_work(self, work: Work[object]) -> None:
        """Hand over work to be done after the rows told so far; nobody waits for it.

        Where nothing can be written any more it is dropped: `close` tells.
        """
        with suppress(ConfigurationError):
            self._hand_over(work, wanted=False)

    async def run(self, work: Work[T]) -> T:
        """Return what `work` returns, with all rows told so far committed before."""
        return await self._hand_over(work).outcome()  # type: ignore[no-any-return]

    async def durable(self) -> None:
        """Return once all rows told so far are on the disk itself."""
        await self._hand_over(None, durable=True).outcome()

    async def room(self) -> None:
        """Return once few rows are left to be written."""
        while len(self._rows) > ROOM_ROWS:
            await self._hand_over(None).outcome()
        if self._refusal is not None:
            raise ConfigurationError(self._refusal)

    async def close(self) -> None:
        """Write what is left, close and unlock. Another call waits for the same end and raises nothing.

        Raises:
            ConfigurationError: not everything could be written.
        """
        first, self._closed = not self._closed, True
        with self._mutex:
            end = None if self._ended else _Task(None)
            if end is not None:
                self._closers.append(end)
        if end is not None:
            self._stop()
            await end.outcome()
        if first and self._failure is not None:
            raise ConfigurationError(self._failure)

    def abandon(self) -> None:
        """Close where nothing can be awaited: as an unclosed journal is collected, or at exit."""
        if not self._ended and self._thread is not threading.current_thread():
            self._stop()
            self._thread.join()

    def _hand_over(
        self, work: Work[Any] | None, *, durable: bool = False, wanted: bool = True
    ) -> _Task:
        task = _Task(work, durable=durable, wanted=wanted)
        with self._mutex:  # so that the thread's end overlooks nobody
            if self._refusal is not None:
                raise ConfigurationError(self._refusal)
            self._tasks.append(task)
        self._urgent.set()
        self._wake.set()
        return task

    def _stop(self) -> None:
        with self._mutex:
            self._refusal = self._refusal or f"journal {self._path} is closed"
        self._stopping = True
        self._urgent.set()
        self._wake.set()

    # From here on: the thread.

    def _main(self) -> None:
        # The connection is a local of this thread and of nothing else: in a forked child, which has no such
        # thread, nothing can close it and thereby take its parent's log away.
        try:
            connection = self._opening()
            try:
                self._serve(connection)
            finally:
                connection.close()
        except BaseException as error:
            self._fail(error)
        finally:
            self._unlocking()
            self._end()

    def _serve(self, connection: sqlite3.Connection) -> None:
        log = Log(connection)
        stopping = False
        while not stopping:
            self._wake.wait()
            self._urgent.wait(GATHER_SECONDS)
            # First the flags, then the queues: what comes in between is written now and looked for once more.
            self._urgent.clear()
            self._wake.clear()
            self._armed = False
            stopping = self._stopping
            tasks = [self._tasks.popleft() for _ in range(len(self._tasks))]
            try:
                log.write(self._rows, durable=stopping or any(task.durable for task in tasks))
                for task in tasks:
                    task.do(connection)
            except BaseException as error:
                self._fail(error, tasks)
                raise
            finally:
                _tell(tasks)

    def _fail(self, error: BaseException, tasks: Iterable[_Task] = ()) -> None:
        if self._failure is None:
            self._failure = explain(self._path, error)
        self._refusal = self._failure
        for task in tasks:
            task.fail(self._failure)

    def _end(self) -> None:
        with self._mutex:
            self._ended = True
            self._refusal = self._refusal or f"journal {self._path} is closed"
            left, closers = list(self._tasks), self._closers
            self._tasks.clear()
        for task in left:
            task.fail(self._refusal)
        _tell([*left, *closers])

    def forget(self) -> None:
        """Leave everything to the parent: this is a forked child, and has no thread to wait for."""
        self._failure = None
        self._refusal = f"journal {self._path} belongs to the process that opened it"
        self._ended = True


class _Task:
    """Something for the thread to do after the rows told so far, and who waits for it."""

    __slots__ = ("_error", "_future", "_loop", "_result", "_work", "durable")

    def __init__(
        self, work: Work[Any] | None, *, durable: bool = False, wanted: bool = True
    ) -> None:
        self.durable = durable
        self._work = work
        self._result: Any = None
        self._error: str | None = None
        self._loop = asyncio.get_running_loop() if wanted else None
        self._future: asyncio.Future[Any] | None = (
            self._loop.create_future() if self._loop else None
        )

    async def outcome(self) -> Any:
        """Return what the work returned."""
        return await self._future if self._future is not None else None

    def do(self, connection: sqlite3.Connection) -> None:
        if self._work is not None:
            self._result = self._work(connection)

    def fail(self, error: str) -> None:
        self._error = error

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        return self._loop

    def tell(self) -> None:
        """Hand the outcome to whoever waits; called in their loop."""
        future = self._future
        if future is None or future.done():
            return
        if self._error is None:
            future.set_result(self._result)
        else:
            future.set_exception(ConfigurationError(self._error))


def _tell(tasks: Iterable[_Task]) -> None:
    """Tell all waiting tasks, with one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Task]] = {}
    for task in tasks:
        if task.loop is not None:
            by_loop.setdefault(task.loop, []).append(task)
    for loop, waiting in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_here, waiting)


def _tell_here(tasks: Iterable[_Task]) -> None:
    for task in tasks:
        task.tell()


def _after_fork() -> None:
    for writer in list(_writers):
        writer.forget()
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
