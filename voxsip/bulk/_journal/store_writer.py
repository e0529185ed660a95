"""Lines of a job on their way into a store: gathered, written in batches, in the order they were told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Container
from contextlib import suppress

from voxsip._errors import VoxsipError
from voxsip.bulk._journal.lines import PLACE, Line, last_lines

BATCH_SECONDS = 0.03
"""Seconds for which outcomes wait for company; an intent takes them along at once."""
BATCH_ROWS = 2048


class RowWriter:
    """Writes the lines of one job.

    Args:
        send: Writes lines, each of another row, in one statement; returns the places of intents that were refused.
        fail: Told why nothing can be written any more.

    Attributes:
        refused: Places of intents that were not written, for want of money.
    """

    def __init__(
        self, send: Callable[[list[Line]], Awaitable[Container[int]]], fail: Callable[[str], None]
    ) -> None:
        self.refused: set[int] = set()
        self._send = send
        self._fail = fail
        self._queue: deque[Line] = deque()
        self._urgent = asyncio.Event()
        self._told = self._written = 0
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self._failed = False

    def __len__(self) -> int:
        """Return the number of lines that wait to be written."""
        return len(self._queue)

    def put(self, line: Line) -> None:
        """Take a line; returns at once."""
        self._queue.append(line)
        self._told += 1
        self._start()

    async def written(self) -> None:
        """Return when all lines so far are durable, or none can be written any more."""
        if self._failed or self._written >= self._told:
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((self._told, waiter))
        self._start()
        self._urgent.set()
        await waiter

    def give_up(self) -> None:
        """Write nothing more; wake all who wait."""
        self._failed = True
        self._queue.clear()
        self._wake()

    async def abandon(self) -> None:
        """End what writes; wake all who wait."""
        self.give_up()
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait([self._writing])

    def _start(self) -> None:
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        batch: list[Line] = []
        try:
            while self._queue:
                await self._gather()
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_ROWS))]
                refused = await self._send(last_lines(batch))
                self.refused.update(line[PLACE] for line in batch if line[PLACE] in refused)
                self._written += len(batch)
                batch = []
                self._wake()
        except VoxsipError as error:
            self._fail(str(error))
        except asyncio.CancelledError:
            # With all tasks, as a loop ends: closing the journal writes the rest.
            if not self._failed:
                self._queue.extendleft(reversed(batch))
            raise
        except BaseException as error:  # whatever it is: those who wait have no other end
            self._fail(f"writing ended unexpectedly ({type(error).__name__})")
            raise
        finally:
            self._writing = None
            if self._queue and any(not waiter.done() for _, waiter in self._waiters):
                self._start()

    async def _gather(self) -> None:
        """Let outcomes gather; a task that waits for an intent, or for all, ends the wait."""
        if len(self._queue) < BATCH_ROWS:
            with suppress(TimeoutError):
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._urgent.wait()
        self._urgent.clear()

    def _wake(self) -> None:
        while self._waiters and (self._failed or self._waiters[0][0] <= self._written):
            _, waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
        if self._waiters:
            self._urgent.set()
