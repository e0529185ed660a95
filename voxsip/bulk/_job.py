"""A bulk job: iterate it for outcomes, or await it for the report."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from typing import Any, Generic, Self

from voxsip._printable import counted
from voxsip.bulk._engine.outcome_queue import ITERATED, OutcomeQueue
from voxsip.bulk._outcomes import Outcome, P, R, Report, Stop
from voxsip.bulk._run import Run


class BulkJob(Generic[R, P]):
    """Many rows in flight.

    Iterate it for the outcome of every row, in the order in which rows end, or await it for the report. Nothing is
    sent before that. Leaving the iteration early sends no further row and lets the rows in flight end; use `async
    with` to choose where this happens. Cancelling cancels the rows in flight.

    A job runs once. It never raises for a row. It raises what the input raises, and `VoxsipError` if the job as a
    whole cannot continue.

    Attributes:
        queue: queue of outcomes to be read; for the blocking client.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self.queue: OutcomeQueue[Outcome[Any]] = run.queue
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._iterated = False
        self._process = os.getpid()

    def __repr__(self) -> str:
        report = self.report
        return f"<{type(self).__name__} {report.kind}: {counted(report.rows, 'row')}>"

    @property
    def report(self) -> Report:
        """The totals so far; always the same object."""
        return self._run.report

    @property
    def concurrency(self) -> int:
        """Rows that may be in flight now."""
        return self._run.concurrency

    @property
    def rate(self) -> float | None:
        """Requests per second that may leave now; None if the rate is not limited."""
        return self._run.rate

    def stop(self, reason: str = Stop.REQUESTED, *, read_rest: bool = True) -> None:
        """Send no further row and let the rows in flight end.

        May be called from any thread or signal handler.

        Args:
            reason: the reason that the report gives.
            read_rest: read the rest of the input and report its rows as skipped.
        """
        loop = self._loop
        if loop is None:
            self._run.stop(reason, read_rest=read_rest)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(lambda: self._run.stop(reason, read_rest=read_rest))

    def __await__(self) -> Generator[Any, None, Report]:
        """Run to the end."""
        return self._finish().__await__()

    def __aiter__(self) -> AsyncIterator[Outcome[R, P]]:
        """Give every outcome."""
        return self._outcomes()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def reachable(self) -> bool:
        """Whether the job's loop serves this process; not after a fork or at exit."""
        return (
            self._loop is not None and not self._loop.is_closed() and self._process == os.getpid()
        )

    async def aclose(self) -> None:
        """Send no further row and wait for the rows in flight. Calling it twice is safe."""
        task = self._task
        if task is None or task.done():
            return
        if not self._run.sending:  # still getting ready: there is nothing to wait for
            await self._abort()
            return
        self._run.stop(Stop.REQUESTED, read_rest=False)
        self.queue.discard()
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            await self._abort()
            raise
        _retrieve_exception(task)

    async def _finish(self) -> Report:
        self.queue.discard()
        await self.start()
        return self.report

    async def _outcomes(self) -> AsyncGenerator[Outcome[R, P], None]:
        task = self.start()
        queue = self.queue
        if self._iterated:
            raise RuntimeError(ITERATED)  # before the try: the job continues for its first reader
        self._iterated = True
        try:
            while not queue.closed or queue.items:
                await queue.wait()
                for outcome in queue.take():
                    yield outcome
            await task
        except asyncio.CancelledError:
            await self._abort()
            raise
        finally:
            self._iterated = False
            await self.aclose()

    def start(self) -> asyncio.Task[None]:
        """Start the job once, and return its task; for the blocking client."""
        if self._task is None:
            self._loop = asyncio.get_running_loop()
            self._task = self._loop.create_task(self._run.run(), name="voxsip-bulk")
            self._task.add_done_callback(self._note_end)
            self._process = os.getpid()
        elif self._process != os.getpid():
            raise RuntimeError(
                "the job runs in the process that this one was forked from; iterate it there"
            )
        elif self._task.cancelled() and self._loop is not asyncio.get_running_loop():
            raise RuntimeError(
                "the job was cancelled with its event loop; resume it from its journal, or make a new one"
            )
        return self._task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        """Note a job that was cancelled before its first step: its own code never ran."""
        if task.cancelled() and self.report.stopped is None:
            self.report.stopped = Stop.CANCELLED
        self.queue.close()  # a reader that waits for an outcome ends too

    async def _abort(self) -> None:
        """Cancel everything in flight and wait until it has ended."""
        task = self._task
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait((task,))
            _retrieve_exception(task)


def _retrieve_exception(task: asyncio.Task[None]) -> None:
    """Keep asyncio from complaining that nobody wanted to know how a task ended."""
    if not task.cancelled():
        task.exception()
