"""What is to be written to a journal, and the turns that write it; a driver decides when.

Rows go through one queue and are committed in the order they were handed over, a stretch of the queue in each
transaction: what is on disk after a crash is a prefix of what was recorded. Nothing is written any more after a
failed write, so that holds there too.

A commit that somebody waits for (an intent, a flush) is forced to the disk. One that nobody waits for is left to
the system: lost with the machine, never with the process. A task that asks for durability while a commit is on its way
shares the next one with all who asked meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.lines import Line
from voxsip.bulk._journal.log import Log
from voxsip.bulk._journal.ownership import Ownership
from voxsip.bulk._journal.schema import explain
from voxsip.bulk._journal.tasks import T, Task, Work

GATHER_ROWS = 2048
"""Rows that are not kept waiting any longer."""
ROOM_ROWS = 4096
"""Rows handed over and not yet written above which `room` waits."""

_writers: weakref.WeakSet[Writer] = weakref.WeakSet()


class Driver(Protocol):
    """Runs a writer's turns; `JournalThread` is one, a simulation has another."""

    def start(self) -> None:
        """Take the first step of `Writer.turns`, which opens the journal."""
        ...

    def wake(self, *, urgent: bool) -> None:
        """Take another step soon, or at once; called from any thread."""
        ...

    def join(self) -> None:
        """Return once the last step is done."""
        ...


class Writer:
    """Writes one journal; started by `start` and ended by `close`.

    Args:
        opening: locks and opens it; called in the first turn.
        unlocking: called once the connection is closed.
        driver: makes what runs the turns.

    Attributes:
        path: the journal.
        ownership: whether it is still ours; from the first turn on.
        ended: whether there is no further turn.
    """

    def __init__(
        self,
        path: Path,
        opening: Callable[[], sqlite3.Connection],
        unlocking: Callable[[], None],
        driver: Callable[[Writer], Driver],
    ) -> None:
        self.path = path
        self._opening = opening
        self._unlocking = unlocking
        self._rows: deque[Line] = deque()
        self._tasks: deque[Task] = deque()
        self._mutex = threading.Lock()
        self._armed = False
        self._stopping = False
        self.ended = False
        self._failure: str | None = None  # what went wrong
        self._bug: BaseException | None = None  # if nobody foresaw it: its traceback says where
        self._refusal: str | None = None  # why nothing can be handed over: that, or being closed
        self._closed = False
        self._closers: list[Task] = []
        self.ownership: Ownership
        self._driver = driver(self)

    async def start(self, first: Work[T]) -> T:
        """Start; return what `first` reads from the journal."""
        task = self._hand_over(first)
        _writers.add(self)
        self._driver.start()
        try:
            return await task.outcome()  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            self._stop()
            raise

    def put(self, row: Line) -> None:
        """Hand over a row; returns at once."""
        if self._refusal is not None:
            raise ConfigurationError(self._refusal) from self._bug
        self._rows.append(row)
        if not self._armed:
            self._armed = True
            self._driver.wake(urgent=False)
        elif len(self._rows) == GATHER_ROWS:
            self._driver.wake(urgent=True)

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
            raise ConfigurationError(self._refusal) from self._bug

    async def close(self) -> None:
        """Write the rest, close and unlock; a second call waits for the same end.

        Raises:
            ConfigurationError: not everything could be written.
        """
        first, self._closed = not self._closed, True
        with self._mutex:
            end = None if self.ended else Task(None)
            if end is not None:
                self._closers.append(end)
        if end is not None:
            self._stop()
            await end.outcome()
        if first and self._failure is not None:
            raise ConfigurationError(self._failure) from self._bug

    def abandon(self) -> None:
        """Close at exit, or when an unclosed journal is collected."""
        if not self.ended:
            self._stop()
            self._driver.join()

    def _hand_over(
        self, work: Work[Any] | None, *, durable: bool = False, wanted: bool = True
    ) -> Task:
        task = Task(work, durable=durable, wanted=wanted)
        with self._mutex:  # so that the last turn overlooks nobody
            if self._refusal is not None:
                raise ConfigurationError(self._refusal) from self._bug
            self._tasks.append(task)
        self._driver.wake(urgent=True)
        return task

    def _stop(self) -> None:
        with self._mutex:
            self._refusal = self._refusal or f"journal {self.path} is closed"
        self._stopping = True
        self._driver.wake(urgent=True)

    # From here on: what the driver calls.

    def turns(self) -> Iterator[list[Task]]:
        """Open the journal, commit what was handed over turn by turn, close it.

        Every step commits first and then yields those to be told of it. Nothing but the caller's frame holds the
        connection: in a forked child, which lacks that frame's thread, nothing can close it and thereby take its
        parent's log away.
        """
        last: list[Task] = []
        try:
            with closing(self._opening()) as connection:
                self.ownership = Ownership(self.path, connection)
                last = yield from self._serve(connection)
        except GeneratorExit:  # the driver gives up: there is nobody to tell
            raise
        except BaseException as error:
            self._fail(error)
        finally:
            self._unlocking()
        yield [*last, *self._end()]

    def _serve(self, connection: sqlite3.Connection) -> Generator[list[Task], None, list[Task]]:
        log = Log(connection, self.ownership)
        tasks: list[Task] = []
        while True:
            yield tasks
            # First the flags, then the queues: what comes in between is written now and looked for once more.
            self._armed = False
            stopping = self._stopping
            tasks = [self._tasks.popleft() for _ in range(len(self._tasks))]
            try:
                self.ownership.check_files(connection)
                log.write(self._rows, durable=stopping or any(task.durable for task in tasks))
                for task in tasks:
                    task.do(connection)
                self.ownership.wrote()
            except BaseException as error:
                self._fail(error, tasks)
                if self.ownership.lost:
                    _forbid_checkpoint(connection)
                return tasks
            if stopping:
                return tasks

    def checkpoint(self, connection: sqlite3.Connection) -> None:
        """Move the whole log into the main file, and that onto the disk; work for a turn."""
        with self.ownership.checkpoint(connection):
            _, logged, moved = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if moved < logged:
            raise ConfigurationError(
                f"journal {self.path}: another program reads it all the time: close that program"
            )

    def _fail(self, error: BaseException, tasks: Iterable[Task] = ()) -> None:
        if self._failure is None:
            self._failure = explain(self.path, error)
            foreseen = isinstance(error, ConfigurationError | sqlite3.Error | OSError)
            self._bug = None if foreseen else error
        self._refusal = self._failure
        for task in tasks:
            task.fail(self._failure, self._bug)

    def _end(self) -> list[Task]:
        with self._mutex:
            self.ended = True
            self._refusal = self._refusal or f"journal {self.path} is closed"
            left, closers = list(self._tasks), self._closers
            self._tasks.clear()
        for task in left:
            task.fail(self._refusal, self._bug)
        return [*left, *closers]

    def forget(self) -> None:
        """Leave everything to the parent of this forked child."""
        self._failure = None
        self._refusal = f"journal {self.path} belongs to the process that opened it"
        self.ended = True


def _forbid_checkpoint(connection: sqlite3.Connection) -> None:
    """Keep a closing connection from writing its log into another job's file."""
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)


def _after_fork() -> None:
    for writer in list(_writers):
        writer.forget()
    _writers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
