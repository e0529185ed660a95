"""Work handed over to a journal's writer, and those who wait for it in their event loops."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from voxsip._errors import ConfigurationError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Task:
    """Something to do after the rows handed over so far, and who waits for it.

    Attributes:
        durable: Whether those rows must be on the disk itself.
        loop: The event loop of who waits, or None.
    """

    __slots__ = ("_cause", "_error", "_future", "_result", "_work", "durable", "loop")

    def __init__(
        self, work: Work[Any] | None, *, durable: bool = False, wanted: bool = True
    ) -> None:
        self.durable = durable
        self.loop = asyncio.get_running_loop() if wanted else None
        self._work = work
        self._future: asyncio.Future[Any] | None = self.loop.create_future() if self.loop else None
        self._result: Any = None
        self._error: str | None = None
        self._cause: BaseException | None = None

    async def outcome(self) -> Any:
        """Return what the work returned."""
        return await self._future if self._future is not None else None

    def do(self, connection: sqlite3.Connection) -> None:
        """Do the work; called by the driver."""
        if self._work is not None:
            self._result = self._work(connection)

    def fail(self, error: str, cause: BaseException | None = None) -> None:
        """Have `outcome` raise `ConfigurationError`."""
        self._error = error
        self._cause = cause

    def tell(self) -> None:
        """Hand the outcome to the waiting tasks; called in their loop."""
        future = self._future
        if future is None or future.done():
            return
        if self._error is None:
            future.set_result(self._result)
        else:
            failure = ConfigurationError(self._error)
            failure.__cause__ = self._cause
            future.set_exception(failure)


def tell(tasks: Iterable[Task]) -> None:
    """Wake all waiting tasks, with one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Task]] = {}
    for task in tasks:
        if task.loop is not None:
            by_loop.setdefault(task.loop, []).append(task)
    for loop, waiting in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits there any more
            loop.call_soon_threadsafe(_tell_here, waiting)


def _tell_here(tasks: Iterable[Task]) -> None:
    for task in tasks:
        task.tell()
