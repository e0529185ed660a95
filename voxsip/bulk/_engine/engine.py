"""The engine of a bulk job: a fixed set of workers that pull rows through a window.

There is no feeder and no queue: a worker that finds nothing ready reads the next row itself, one worker at
a time. A row costs no task and no future of its own unless it has to wait for another row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

import attrs

from voxsip._bindings.conflicts import overlaps_nothing
from voxsip._bindings.rows import Row, read_row
from voxsip._calls.halt import Halt
from voxsip._calls.trace import CallTrace
from voxsip._clock import SYSTEM, yield_to_loop
from voxsip._errors import ConfigurationError, Disposition, InvalidArgumentError, VoxsipError
from voxsip.bulk._engine.bugs import Bugs
from voxsip.bulk._engine.interface import (
    Accounts,
    Holds,
    Item,
    Keys,
    Limits,
    PreviousRuns,
    RowOutcome,
    Send,
    SkipRow,
)
from voxsip.bulk._engine.outcome_queue import OutcomeQueue
from voxsip.bulk._engine.outcomes import NO_ANSWER, not_sent, outcome_of, unsent, without_frames
from voxsip.bulk._engine.waiters import Waiters
from voxsip.bulk._engine.window import Entry, Window
from voxsip.bulk._guards import Guards
from voxsip.bulk._outcomes import Outcome, Report, Status, Stop
from voxsip.bulk._source import END, Source
from voxsip.shared._errors import StoreUnavailableError

log = logging.getLogger("voxsip.bulk")
MAX_CALLS_PER_ROW = 20
"""Calls made for a row that the server refuses for now, each with the client's own retries."""
STORE_SECONDS = 1.0
"""Between them if it is the store of the rate that does not answer: a server that restarts takes some seconds."""
YIELD_EVERY = 64
"""Rows after which the journal may catch up and, if no call was made, the loop gets its turn."""


@attrs.define(kw_only=True)
class Engine:
    """Runs the rows of one job, once.

    Args:
        row_class: the class of the rows.
        source: gives them.
        send: does a row; raises VoxsipError.
        keys: tells which rows conflict.
        window: holds those that are read and not done.
        queue: takes the outcomes.
        report: counts them.
        limits: the limit of rows in flight.
        limits_of: gives the limits of a row's account; None if all rows are of one.
        accounts: opened before their first row; None if rows name none.
        guards: say when to stop.
        workers: rows in flight at most.
        previous_runs: the outcomes of earlier runs, or None.
        learn: awaited before anything else for a row that `knows` is false for; None if no row needs it.
        knows: checks whether `learn` has nothing to do for a row.
        holds: tells which rows need not be sent; or None.
        on_end: told the number of rows once the input has been read to its end; or None.
        observers: called with every outcome before it is handed on.
        catch_up: awaited now and then: lets a journal that lags behind catch up.
        clock: monotonic seconds.
        sleep: waits so many of them.
    """

    row_class: type[Any]
    source: Source
    send: Send
    keys: Keys
    window: Window[Item]
    queue: OutcomeQueue[RowOutcome]
    report: Report
    limits: Limits
    guards: Guards
    workers: int
    limits_of: Callable[[Row], Limits] | None = None
    accounts: Accounts | None = None
    previous_runs: PreviousRuns | None = None
    learn: Callable[[Row], Awaitable[None]] | None = None
    knows: Callable[[Row], bool] | None = None
    holds: Holds | None = None
    on_end: Callable[[int], None] | None = None
    observers: Iterable[Callable[[RowOutcome], None]] = ()
    catch_up: Callable[[], Awaitable[None]] | None = None
    clock: Callable[[], float] = SYSTEM.monotonic
    sleep: Callable[[float], Awaitable[None]] = SYSTEM.sleep

    in_flight: int = attrs.field(default=0, init=False)
    """Rows in flight."""
    _next_index: int = attrs.field(default=0, init=False)
    _exhausted: bool = attrs.field(default=False, init=False)
    _fast_path: bool = attrs.field(init=False)
    _unparsed: tuple[int, object] | None = attrs.field(default=None, init=False)
    _pulling: bool = attrs.field(default=False, init=False)
    _reader: asyncio.Task[Any] | None = attrs.field(default=None, init=False)
    _abandoned: bool = attrs.field(default=False, init=False)
    _halt: Halt = attrs.field(factory=Halt, init=False)
    _parking: Waiters = attrs.field(factory=Waiters, init=False)
    _empty: asyncio.Future[None] | None = attrs.field(default=None, init=False)
    _failure: BaseException | None = attrs.field(default=None, init=False)
    _since_yield: int = attrs.field(default=0, init=False)
    _bugs: Bugs = attrs.field(factory=Bugs, init=False)

    def __attrs_post_init__(self) -> None:
        """See whether rows go straight into the window."""
        self._fast_path = self.previous_runs is None and self.holds is None

    @property
    def _busy(self) -> int:
        """Rows in flight, and those that workers are about to begin."""
        return self.in_flight + self._parking.woken

    async def run(self) -> None:
        """Run until the input or the job ends and nothing is in flight.

        Raises:
            Exception: what the input raised, after the rows read before it are done.
            ConfigurationError: the client cannot work at all.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(self.workers):
                    group.create_task(self._work(), name=f"voxsip-bulk-{number}")
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            await self.source.close()
        if self._failure is not None:
            raise self._failure

    def stop(self, reason: str, *, read_rest: bool = True) -> None:
        """Send nothing more; what is in flight ends.

        Args:
            reason: the reason that the report gives. The first one counts.
            read_rest: read the rest of the input, every row of it "skipped"; False leaves it unread.
        """
        if not self._halt.is_set:
            self.report.stopped = reason
            self._halt.set()
        if not read_rest:
            self._exhausted = True
            if self._reader is not None and not self._abandoned:
                self._reader.cancel()
            self._abandoned = True
        self._parking.wake_all()

    # Workers

    async def _work(self) -> None:
        may_have_executed = False
        limits = self.limits

        def on_failure(error: VoxsipError) -> None:
            nonlocal may_have_executed
            may_have_executed = may_have_executed or error.outcome_unknown
            limits.on_failure(self.clock(), error)

        with CallTrace(on_failure) as trace:
            while (entry := self._take() or await self._next()) is not None:
                item = entry.item
                limits = self.limits if self.limits_of is None else self.limits_of(item.row)
                trace.reset()
                self._halt.begin()
                may_have_executed = False
                started = self.clock()
                rounds = 1
                while True:
                    try:
                        result = await self.send(item)
                    except ConfigurationError as error:
                        self._fail(error)
                        outcome = outcome_of(item, "failed", error)
                    except SkipRow as skip:
                        outcome = outcome_of(item, "skipped", skip.reason)
                    except VoxsipError as error:
                        if self._may_send_again(error, rounds, may_have_executed=may_have_executed):
                            rounds += 1
                            if isinstance(error, StoreUnavailableError):
                                await self.sleep(STORE_SECONDS)
                            continue
                        maybe = may_have_executed and error.disposition in NO_ANSWER
                        lost = maybe or error.outcome_unknown
                        status: Status = "unknown" if lost else "failed"
                        if isinstance(error, StoreUnavailableError) and not lost:
                            self.stop(Stop.STORE)
                        if self._halt.is_set and not lost and unsent(error):
                            outcome = not_sent(item)
                        else:
                            spent = self._seconds_spent(started, trace)
                            outcome = outcome_of(item, status, error, trace.failures, spent)
                        if error.disposition is Disposition.REFUSED and trace.failures:
                            limits.on_success(self.clock(), self._busy)
                    except Exception as error:
                        bug = self._bugs.unknown(item.index, item.row, error)
                        spent = self._seconds_spent(started, trace)
                        outcome = outcome_of(item, "unknown", bug, trace.failures + 1, spent)
                    else:
                        limits.on_success(self.clock(), self._busy)
                        outcome = Outcome(
                            index=item.index,
                            row=item.row,
                            status="done",
                            result=result,
                            attempts=trace.failures + 1,
                            elapsed=self._seconds_spent(started, trace),
                        )
                    break
                self._finish(entry, outcome)
                self._since_yield += 1
                if self._since_yield >= YIELD_EVERY or self.queue.full:
                    await self._rest()

    def _seconds_spent(self, started: float, trace: CallTrace) -> float:
        """Return the seconds a row took, without those it stood in the client's own queue."""
        return self.clock() - started - trace.waited

    def _may_send_again(self, error: VoxsipError, rounds: int, *, may_have_executed: bool) -> bool:
        """Returns whether a throttled row may be sent again; never after a lost reply."""
        may = not may_have_executed and rounds < MAX_CALLS_PER_ROW and not self._halt.is_set
        return may and unsent(error)

    def _take(self) -> Entry[Item] | None:
        """Return a row to send if that needs no waiting: most do not."""
        if self._halt.is_set or self.in_flight >= self.limits.limit:
            return None
        while (entry := self.window.take()) is None:
            if not self._may_read or not self._read_now():
                return None
        self.in_flight += 1
        if self._parking and self._could_continue():
            self._parking.wake_one()
        return entry

    async def _next(self) -> Entry[Item] | None:
        """Return a row to send; read rows until there is one. None once all is done."""
        window = self.window
        while True:
            if self._halt.is_set:
                self._skip_ready()
                if not self._pulling and not self._exhausted:
                    await self._pull()
                    continue
            elif (entry := self._take()) is not None:
                return entry
            elif self.in_flight < self.limits.limit and self._may_read:
                await self._pull()
                continue
            if self._exhausted and not window:
                self._parking.wake_all()
                return None
            await self._parking.wait()

    def _could_continue(self) -> bool:
        if self.in_flight >= self.limits.limit:
            return False
        return self._may_read or bool(self.window.ready)

    def _finish(self, entry: Entry[Item], outcome: RowOutcome) -> None:
        self.in_flight -= 1
        self._emit(outcome)
        self.window.complete(entry)
        self._note_empty()

    def _skip_ready(self) -> None:
        for item in self.window.drop():
            self._emit(not_sent(item))
        self._note_empty()

    def _note_empty(self) -> None:
        if self._empty is not None and not self.window and not self._empty.done():
            self._empty.set_result(None)

    # Reading

    @property
    def _may_read(self) -> bool:
        """Whether there may be another row, room for it, and nobody at it."""
        return not (self._pulling or self._exhausted or self.window.full)

    def _read_now(self) -> bool:
        """Read a row into the window if that needs no waiting; False leaves it to `_pull`."""
        if not self._fast_path or self._unparsed is not None or not self.source.is_sync:
            return False
        try:
            item = self.source.pull_now()
            if item is END:
                self._end()
                return True
            index = self._next_index
            self._next_index = index + 1
        except Exception as error:
            self._fail(error)
            return True
        row, keys = self._row_and_keys(item)
        if row is None or keys is None:
            self._unparsed = (index, item)
            return False
        self.window.admit(Item(index, row, None), keys)
        return True

    def _row_and_keys(self, item: object) -> tuple[Row | None, Any]:
        """Return a row and its keys; None for an unusual one, which `_place` handles."""
        try:
            row = cast("Row", read_row(self.row_class, item))
            if overlaps_nothing(row) or not self._is_open(row):
                return row, None
            if self.knows is not None and not self.knows(row):
                return row, None
            return row, self.keys.keys(row)
        except Exception:
            return None, None

    def _is_open(self, row: Row) -> bool:
        return self.accounts is None or row.account_id in self.accounts

    async def _pull(self) -> None:
        """Read one row and put it where it belongs."""
        self._pulling = True
        try:
            if self._unparsed is not None:
                index, item = self._unparsed
                self._unparsed = None
            else:
                source = self.source
                item = source.pull_now() if source.is_sync else await self._pull_later()
                if item is END:
                    self._end()
                    return
                index = self._next_index
                self._next_index = index + 1
            await self._place(index, item)
        except Exception as error:
            self._fail(error)
        finally:
            self._pulling = False

    def _end(self) -> None:
        self._exhausted = True
        if self.on_end is not None and not self._abandoned:
            self.on_end(self._next_index)

    async def _pull_later(self) -> object:
        task = self._reader = asyncio.current_task()
        try:
            return await self.source.pull()
        except asyncio.CancelledError:
            if self._abandoned and task is not None and task.uncancel() == 0:
                return END
            raise
        finally:
            self._reader = None

    async def _place(self, index: int, item: object) -> None:
        try:
            row: Row = read_row(self.row_class, item)
        except InvalidArgumentError as error:
            await self._settle(
                Outcome(index=index, row=item, status="failed", error=without_frames(error))
            )
            return
        except Exception as error:
            bug = without_frames(self._bugs.unsent(index, item, error))
            await self._settle(Outcome(index=index, row=item, status="failed", error=bug))
            return
        try:
            placed = await self._prepare(index, row)
        except VoxsipError:
            raise
        except Exception as error:
            placed = self._unprepared(index, row, error)
        if placed is not None:
            await self._settle(placed)

    async def _prepare(self, index: int, row: Row) -> RowOutcome | None:
        """Put a row into the window, or return its outcome if it need not be sent."""
        if self.accounts is not None and row.account_id not in self.accounts:
            await self.accounts.open(row.account_id)
        if self.learn is not None:
            await self.learn(row)
        intended = None
        if self.previous_runs is not None:
            known = await self.previous_runs.restore(index, row)
            if isinstance(known, Outcome):
                return known
            intended = known
        if self.holds is not None and intended is None:
            try:
                held = self.holds(index, row)
            except InvalidArgumentError as error:
                return Outcome(index=index, row=row, status="failed", error=without_frames(error))
            if held is not False:
                result = None if held is True else held
                return Outcome(index=index, row=row, status="unchanged", result=result)
        item = Item(index, row, intended)
        if self._halt.is_set:
            return not_sent(item)
        await self._admit(item)
        return None

    def _unprepared(self, index: int, row: Row, error: Exception) -> RowOutcome:
        """Return the outcome of a row that a bug kept from being sent.

        In a resumed job, an earlier run may have sent it.
        """
        if self.previous_runs is None:
            bug = self._bugs.unsent(index, row, error)
            return Outcome(index=index, row=row, status="failed", error=without_frames(bug))
        bug = self._bugs.unknown(index, row, error)
        return Outcome(
            index=index, row=row, status="unknown", error=without_frames(bug), restored=True
        )

    async def _admit(self, item: Item) -> None:
        row = item.row
        keys = self.keys.keys(row)
        if keys is None:
            await self._until_empty()
            await self.keys.learn(row)
            keys = self.keys.keys(row)
        if overlaps_nothing(row):
            await self._until_empty()
            self.window.admit_alone(item)
        else:
            self.window.admit(item, keys or ())

    async def _until_empty(self) -> None:
        while self.window:
            self._parking.wake_all()
            self._empty = asyncio.get_running_loop().create_future()
            try:
                await self._empty
            finally:
                self._empty = None

    # Outcomes

    async def _settle(self, outcome: RowOutcome) -> None:
        """Add the outcome of a row that was not sent; wait if the queue is full."""
        self._emit(outcome)
        self._since_yield += 1
        if self._since_yield >= YIELD_EVERY or self.queue.full:
            await self._rest()
            await yield_to_loop()

    async def _rest(self) -> None:
        """Wait for a journal that lags behind, and for room for outcomes."""
        self._since_yield = 0
        if self.catch_up is not None:
            try:
                await self.catch_up()
            except ConfigurationError as error:
                self._fail(error)
        if self.queue.full:
            await self.queue.room()

    def _emit(self, outcome: RowOutcome) -> None:
        self.report.count(outcome)
        for observer in self.observers:
            try:
                observer(outcome)
            except ConfigurationError as error:  # the journal cannot be written any more
                self._fail(error)
            except Exception as error:
                what = f"row {outcome.index}: its outcome could not be recorded"
                self._bugs.note(what, outcome.row, error)
        self.queue.put(outcome)
        if not outcome.restored and not self._halt.is_set:
            reason = self.guards.judge(outcome)
            if reason is not None:
                log.warning("bulk %s: stopping: %s", self.report.kind, reason)
                self.stop(reason)

    def _fail(self, error: Exception) -> None:
        """Record what ends the job: nothing more is read.

        Rows already read are still done, unless it is our own error: then the input changed, or the client
        cannot work at all.
        """
        if self._failure is None:
            self._failure = error
        self._exhausted = True
        if isinstance(error, VoxsipError):
            self.stop(Stop.ERROR, read_rest=False)
        self._parking.wake_all()
