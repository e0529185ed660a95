"""Bulk jobs for blocking code: rows are read in the caller's thread, calls are made on the loop thread.

The two meet once per batch: a hop between threads costs more than a row does.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, Unpack

import attrs

from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest, conceal_row
from voxsip._clock import SYSTEM
from voxsip._errors import InvalidArgumentError
from voxsip._protocol.interfaces import Runner
from voxsip._redaction.values import Hidden, reveal, type_name
from voxsip.bulk._async import AsyncBulk, Path
from voxsip.bulk._engine.outcome_queue import ITERATED
from voxsip.bulk._job import BulkJob
from voxsip.bulk._options import BindOptions, CreateOptions, JobOptions, ResumeOptions
from voxsip.bulk._outcomes import Outcome, P, Quote, R, Report, Stop
from voxsip.bulk._source import END, Source, hide_address, hide_input, hide_rows

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import (
        BindSipRegistrationReply,
        CreateSipRegistrationReply,
        DeleteSipRegistrationReply,
    )

BATCH = 256
"""Rows, or outcomes, that go from thread to thread at once."""
READ_FOR = 0.05
"""Seconds after which a slow input's rows are handed over although the batch is not full."""
COLLECT_FOR = 0.1
"""Seconds after which outcomes are handed back although the batch is not full."""
WAIT_FOR = 5.0
"""Seconds for which a slow input is not read on until an earlier row has an outcome."""


class Inbox(Source):
    """Rows on their way to the loop thread. Everything but `__init__` runs there.

    Args:
        rows: the input, which the caller's thread reads; only its length is read here.
    """

    __slots__ = ("_ended", "_error", "_items", "_waiter", "on_hungry")

    def __init__(self, rows: Iterable[object] | Hidden) -> None:
        rows = hide_rows(rows)
        if not isinstance(reveal(rows), Iterable):
            name = type_name(rows)
            raise InvalidArgumentError(f"rows: expected an iterable, got {name}", field="rows")
        super().__init__(rows)
        self.is_sync: bool = False
        self._items: deque[object] = deque()
        self._ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.on_hungry: Callable[[], None] = lambda: None

    @property
    def hungry(self) -> bool:
        """Whether more rows should be brought."""
        return not self._ended and len(self._items) < BATCH

    def again(self) -> Iterator[object] | None:
        """The rows are in another thread: they are read once."""
        return None

    def add(self, batch: Batch) -> None:
        """Take rows, and how the input ended, if it did."""
        self._items.extend(batch.rows)
        self._ended = batch.ended
        self._error = batch.error
        self.is_sync = bool(self._items) or self._ended
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def pull_now(self) -> object:
        """Return the next row, or END."""
        if self._items:
            item = self._items.popleft()
            self.is_sync = bool(self._items) or self._ended
            if len(self._items) < BATCH:
                self.on_hungry()
            return item
        if self._error is not None:
            raise self._error
        return END

    async def pull(self) -> object:
        """Return the next row, or END; wait for the caller's thread to bring it."""
        while not self.is_sync:
            self.on_hungry()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.pull_now()

    async def close(self) -> None:
        """The input is the caller's to close."""


@attrs.define(eq=False, repr=False)
class Batch:
    """Rows read in one go."""

    rows: list[object] = attrs.field(factory=list)
    slow: bool = False
    ended: bool = False
    error: BaseException | None = None


class SyncBulkJob(Generic[R, P]):
    """Many rows in flight, for blocking code.

    Iterated, it gives every row's outcome in the order in which rows end; `wait` runs it to its end and gives
    the report. Nothing is sent before one of the two is begun. The input is read in this thread. Leaving the
    iteration early, and Ctrl-C, send nothing more and wait for what is in flight; Ctrl-C once more cancels it.
    """

    def __init__(self, job: BulkJob[R, P], inbox: Inbox, rows: Any, runner: Runner) -> None:
        self._job = job
        self._inbox = inbox
        self._rows: Hidden = hide_rows(rows)
        self._runner = runner
        self._over = False
        self._reading = threading.Lock()
        inbox.on_hungry = job.queue.ring

    def __repr__(self) -> str:
        return repr(self._job).replace("BulkJob", type(self).__name__, 1)

    @property
    def report(self) -> Report:
        """The totals so far; always the same object."""
        return self._job.report

    @property
    def concurrency(self) -> int:
        """Rows that may be in flight now."""
        return self._job.concurrency

    @property
    def rate(self) -> float | None:
        """Requests per second that may leave now; None if the rate is not limited."""
        return self._job.rate

    def stop(self, reason: str = Stop.REQUESTED, *, read_rest: bool = True) -> None:
        """Send no further row; see `BulkJob.stop`."""
        self._job.stop(reason, read_rest=read_rest)

    def wait(self) -> Report:
        """Run to the end; return the report.

        Raises:
            RuntimeError: The job is being iterated.
        """
        with self._read_alone():
            self._job.queue.discard()
            for _ in self._outcomes():
                pass
        return self.report

    def close(self) -> None:
        """Send no further row and wait for the rows in flight. Calling it twice is safe."""
        if not self._over:
            self._over = True
            if self._job.reachable:
                self._runner.run(self._job.aclose())

    def __iter__(self) -> Generator[Outcome[R, P], None, None]:
        """Give every outcome.

        Raises:
            RuntimeError: The job is being iterated already, here or in another thread.
        """
        with self._read_alone():
            yield from self._outcomes()

    @contextmanager
    def _read_alone(self) -> Iterator[None]:
        """Refuse a second reader: it would read the rows again, and have them sent."""
        if not self._reading.acquire(blocking=False):
            raise RuntimeError(ITERATED)
        try:
            yield
        finally:
            self._reading.release()

    def _outcomes(self) -> Generator[Outcome[R, P], None, None]:
        rows = iter(self._rows.reveal())
        hungry = True
        try:
            while not self._over:
                batch = _read(rows) if hungry else Batch()
                outcomes, hungry = self._runner.run(self._exchange(batch))
                yield from outcomes
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _exchange(self, batch: Batch) -> tuple[deque[Outcome[Any]], bool]:
        """Bring rows and fetch outcomes, on the loop thread; raise the job's error."""
        inbox, queue = self._inbox, self._job.queue
        if inbox.hungry:
            inbox.add(batch)
        task = self._job.start()
        late = False

        def be_late() -> None:
            nonlocal late
            late = True
            queue.ring()

        def enough() -> bool:
            count = len(queue.items)
            if count >= BATCH or queue.closed:
                return True
            if batch.slow:  # reading on may take a while: first see what these rows have come to
                return late or count > 0
            return inbox.hungry or (late and count > 0)

        patience = WAIT_FOR if batch.slow else COLLECT_FOR
        timer = asyncio.get_running_loop().call_later(patience, be_late)
        try:
            await queue.wait(enough)
        finally:
            timer.cancel()
        outcomes = queue.take()
        if not outcomes and queue.closed:
            self._over = True
            await task
        return outcomes, inbox.hungry


def _read(rows: Iterator[object]) -> Batch:
    """Read rows in the caller's thread until there are enough, or time is up."""
    batch = Batch()
    append = batch.rows.append
    before = SYSTEM.monotonic()
    until = before + READ_FOR
    try:
        for row in map(conceal_row, rows):
            append(row)
            now = SYSTEM.monotonic()
            if now >= until or len(batch.rows) >= BATCH:
                batch.slow = now - before >= READ_FOR
                return batch
            before = now
    except Exception as error:
        batch.error = error
    batch.ended = True
    return batch


class Bulk:
    """Starts jobs over many rows, for blocking code. Reached as `client.bulk`.

    Args:
        bulk: its async twin.
        runner: runs coroutines.
    """

    def __init__(self, bulk: AsyncBulk, runner: Runner) -> None:
        self._bulk = bulk
        self._runner = runner

    def bind(
        self,
        rows: Iterable[BindRequest | Mapping[str, object]],
        **options: Unpack[BindOptions],
    ) -> SyncBulkJob[BindRequest, BindSipRegistrationReply]:
        """Bind and unbind registrations, read in this thread; see `AsyncBulk.bind`."""
        rows = hide_input(rows, options)
        return self._job(self._bulk.bind, rows, options)

    def create(
        self,
        rows: Iterable[CreateRequest | Mapping[str, object]],
        **options: Unpack[CreateOptions],
    ) -> SyncBulkJob[CreateRequest, CreateSipRegistrationReply]:
        """Buy registrations; see `AsyncBulk.create`. The rows are read in this thread."""
        rows = hide_input(rows, options)
        return self._job(self._bulk.create, rows, options)

    def delete(
        self,
        rows: Iterable[DeleteRequest | Mapping[str, object]],
        **options: Unpack[JobOptions],
    ) -> SyncBulkJob[DeleteRequest, DeleteSipRegistrationReply]:
        """Delete registrations; see `AsyncBulk.delete`. The rows are read in this thread."""
        rows = hide_input(rows, options)
        return self._job(self._bulk.delete, rows, options)

    def resume(
        self,
        journal: Path,
        rows: Iterable[BindRequest | CreateRequest | DeleteRequest | Mapping[str, object]],
        **options: Unpack[ResumeOptions],
    ) -> SyncBulkJob[Any]:
        """Resume a job, its rows read in this thread; see `AsyncBulk.resume`."""
        rows = hide_rows(rows)
        journal = hide_address(journal)
        return self._job(partial(self._bulk.resume, journal), rows, options)

    def _job(
        self, start: Callable[..., BulkJob[R, P]], rows: Any, options: Mapping[str, Any]
    ) -> SyncBulkJob[R, P]:
        inbox = Inbox(rows)
        return SyncBulkJob(start(inbox, **options), inbox, rows, self._runner)

    def quote(self, rows: int | None = None, *, account_id: int | None = None) -> Quote:
        """Compare a price with the account's balance; see `AsyncBulk.quote`."""
        return self._runner.run(self._bulk.quote(rows, account_id=account_id))
