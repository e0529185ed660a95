"""One run of a job from beginning to end: journal, funds, plan, rows, comparison."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from voxsip._base_client import BaseAsyncClient, attempt_seconds
from voxsip._bindings.rows import REQUESTS
from voxsip._errors import ConfigurationError, InvalidArgumentError
from voxsip._transport.write_guard import WRITE_GUARD
from voxsip.bulk._accounts.account import Account
from voxsip.bulk._accounts.accounts import Accounts, check_accounts, observers
from voxsip.bulk._engine.engine import Engine
from voxsip.bulk._engine.interface import Holds
from voxsip.bulk._engine.outcome_queue import OutcomeQueue
from voxsip.bulk._engine.window import Window
from voxsip.bulk._guards import Guards
from voxsip.bulk._journal.interface import JobHeader, Journal
from voxsip.bulk._journal.previous_runs import PreviousRuns
from voxsip.bulk._limits.job_limits import JobLimits
from voxsip.bulk._live.existing import Existing
from voxsip.bulk._live.purchases import Purchases, Survey, survey
from voxsip.bulk._live.unchanged import find_unchanged
from voxsip.bulk._options import Options
from voxsip.bulk._outcomes import Kind, Outcome, Report, Stop
from voxsip.bulk._source import Rows, Source
from voxsip.shared._address import is_store, refuse_foreign

log = logging.getLogger("voxsip.bulk")
ROOM = 1024
"""Outcomes kept for a slow reader before no further row is sent."""


@attrs.define(kw_only=True, eq=False)
class Run:
    """What a job does, and with what.

    Args:
        options: the options of the job; for a resumed one, only those given again.
        kind: the kind of the rows; None to resume, where the journal says it.
        driver: makes what runs the journal's turns; None for a thread.
        survey: tells what an account has before the first purchase.
    """

    client: BaseAsyncClient
    rows: Source
    options: Options
    kind: Kind | None
    journal: str | None = None
    source: str | None = None
    checksum: str | None = None
    overrides: Mapping[str, Any] = attrs.field(factory=dict)
    driver: Callable[..., Any] | None = None
    survey: Survey = survey

    queue: OutcomeQueue[Outcome[Any]] = attrs.field(init=False)
    _report: Report = attrs.field(init=False)
    _started: float | None = attrs.field(default=None, init=False)
    _existing: Existing | None = attrs.field(default=None, init=False)
    _purchases: Purchases | None = attrs.field(default=None, init=False)
    _opened: float = attrs.field(default=0.0, init=False)
    _ended: bool = attrs.field(default=False, init=False)
    _engine: Engine | None = attrs.field(default=None, init=False)
    _limits: JobLimits | None = attrs.field(default=None, init=False)
    _stop: tuple[str, bool] | None = attrs.field(default=None, init=False)
    _quiet: bool = attrs.field(default=True, init=False)

    def __attrs_post_init__(self) -> None:
        """Make what can be looked at before the job starts."""
        self.queue = OutcomeQueue(ROOM)
        self._report = Report(kind=self.kind or "resume")

    @property
    def report(self) -> Report:
        """The sums so far."""
        if self._started is not None and not self._ended:
            self._report.seconds = self.client.clock.monotonic() - self._started
        return self._report

    @property
    def concurrency(self) -> int:
        """Rows that may be in flight now."""
        if self._engine is not None:
            return self._engine.limits.limit
        return self._limits.adaptive.limit if self._limits else self.options.concurrency

    @property
    def sending(self) -> bool:
        """Whether reading and sending rows has begun."""
        return self._engine is not None

    @property
    def in_flight(self) -> int:
        """Rows in flight now."""
        return self._engine.in_flight if self._engine else 0

    @property
    def rate(self) -> float | None:
        """Requests per second that may leave now, or None."""
        return self._limits.limiter.rate if self._limits else None

    def stop(self, reason: str, *, read_rest: bool) -> None:
        """Send no further row."""
        if self._engine is not None:
            self._engine.stop(reason, read_rest=read_rest)
        elif self._stop is None or not read_rest:
            self._stop = (self._stop[0] if self._stop else reason, read_rest)

    async def run(self) -> None:
        """Do the whole job."""
        self._started = self.client.clock.monotonic()
        journal: Journal | None = None
        try:
            check_accounts(self.client, self.rows)
            known = await self._survey()
            journal = await self._open_journal(known)
            self._opened = self.client.clock.monotonic()
            self._quiet = journal is None or not journal.unclean
            if may_write := getattr(journal, "may_write", None):
                WRITE_GUARD.set(may_write)  # for this job's tasks: they inherit the context
            await self._rows(journal)
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            reason = Stop.CANCELLED if cancelled else Stop.ERROR
            self._report.stopped = self._report.stopped or reason
            raise
        finally:
            try:
                if journal is not None:
                    journal.stopped(self._report.stopped)
                    await journal.close(in_doubt=not self._quiet or self.in_flight > 0)
            finally:
                self._report.seconds = self.client.clock.monotonic() - self._started
                self._ended = True
                self.queue.close()

    async def _rows(self, journal: Journal | None) -> None:
        kind, options = self.kind, self.options
        if kind is None:
            raise ConfigurationError("journal: it does not say what its rows are for")
        self._report.kind = kind
        self._report.options = options.to_json()
        own = Account(None, self._make_limits(), verify=options.verify and kind == "bind")
        own.existing, own.purchases = self._existing, self._purchases
        record = None if journal is None else PreviousRuns(journal, self.client.account_id)
        if record is not None:
            await record.check(self.rows, REQUESTS[kind])
        if journal is not None:
            await journal.begin()
            if journal.log_lost:
                log.warning(
                    "the journal has lost its -wal file: rows not in it are taken for begun"
                )
            await self._until_quiet(journal, kind)
        accounts = Accounts(
            kind=kind,
            client=self.client,
            options=options,
            own=own,
            source=self.rows,
            journal=journal,
            previous_runs=record,
            survey=self.survey,
        )
        send = await accounts.prepare(own)
        if record is not None and kind == "create":
            record.find = accounts.find
        holds: Holds | None = None
        if own.existing is not None:
            holds = own.existing.holds
        elif options.skip_unchanged:
            self.rows, holds = await find_unchanged(self.rows, accounts.bindings, record)
        engine = self._engine = Engine(
            row_class=REQUESTS[kind],
            source=self.rows,
            send=send,
            keys=own.keys,
            window=Window(max(4 * options.concurrency, 256)),
            queue=self.queue,
            report=self._report,
            limits=own.limits.adaptive,
            guards=Guards(kind=kind, options=options),
            workers=options.concurrency,
            previous_runs=record if journal is not None and journal.resumed else None,
            on_end=None if record is None else record.end,
            learn=None if own.verifier is None else own.verifier.learn,
            knows=None if own.verifier is None else own.verifier.knows,
            holds=holds,
            observers=[*observers(own), *([] if record is None else [record.observe])],
            catch_up=None if journal is None else journal.room,
            clock=self.client.clock.monotonic,
            sleep=self.client.clock.sleep,
        )
        if self._stop is not None:
            engine.stop(self._stop[0], read_rest=self._stop[1])
        elif kind == "create":
            await accounts.check_funds(own)
        accounts.attach(engine)
        await self._run_engine(engine)
        for account in accounts:
            if account.verifier is not None:
                await account.verifier.compare(self._report)

    async def _until_quiet(self, journal: Journal, kind: Kind) -> None:
        """Wait until requests of earlier runs have arrived.

        They left before the journal was opened again, so the wait counts from there, by one clock of one process:
        neither another kill nor a sleeping machine shortens it. The whole job waits: of binds in flight a journal
        says nothing. Purchases of unknown outcome are looked for, and wait after an end in order as well.
        """
        if journal.unclean or (journal.open_rows and kind in {"create", "apply"}):
            quiet_at = self._opened + self.options.recovery_delay
            while (left := quiet_at - self.client.clock.monotonic()) > 0:
                await self.client.clock.sleep(left)
        self._quiet = True

    async def _run_engine(self, engine: Engine) -> None:
        """Run the engine to its end, or to the job's deadline."""
        timer = None
        if self.options.deadline is not None:
            left = self.options.deadline - (self.client.clock.monotonic() - (self._started or 0.0))
            if left <= 0:
                engine.stop(Stop.DEADLINE)
            timer = asyncio.create_task(self._stop_after(left, engine))
        try:
            await engine.run()
        finally:
            if timer is not None:
                timer.cancel()

    async def _stop_after(self, seconds: float, engine: Engine) -> None:
        await self.client.clock.sleep(seconds)
        engine.stop(Stop.DEADLINE)

    async def _journal_at(
        self, path: str, header: JobHeader | None, known: Iterable[int] | None
    ) -> Journal:
        """Open the journal of a resumed job, or create that of a new one."""
        if is_store(path):
            from voxsip.bulk._journal.store import StoreJournal  # noqa: PLC0415 - only with a store

            grace = attempt_seconds(self.client)
            if header is None:
                return await StoreJournal.open(path, grace=grace, clock=self.client.clock)
            return await StoreJournal.create(
                path, header, known=known, grace=grace, clock=self.client.clock
            )
        refuse_foreign(path)
        from voxsip.bulk._journal.journal import create_journal, open_journal  # noqa: PLC0415 - only with a journal
        from voxsip.bulk._journal.thread import JournalThread  # noqa: PLC0415

        clock, driver = self.client.clock, self.driver or JournalThread
        if header is None:
            return await open_journal(path, clock=clock, driver=driver)
        return await create_journal(path, header, known=known, clock=clock, driver=driver)

    def _make_limits(self) -> JobLimits:
        if self._limits is None:
            options = self.options
            self._limits = JobLimits(self.client, options.concurrency, options.rate_limit)
        return self._limits

    async def _survey(self) -> list[int] | None:
        """List the registrations before the first purchase, for the journal."""
        if self.kind != "create":
            return None
        if self.journal is not None and is_store(self.journal):
            from voxsip.bulk._journal.store_status import refuse_existing_job  # noqa: PLC0415 - only with a store

            await refuse_existing_job(self.journal)
        elif self.journal is not None:
            from voxsip.bulk._journal.schema import refuse_existing  # noqa: PLC0415 - only with a journal

            refuse_foreign(self.journal)
            refuse_existing(Path(self.journal))
        if self.options.skip_unchanged:
            self._existing = Existing()
        known = await self.survey(self._make_limits().client, self._existing, None)
        self._purchases = Purchases(known)
        return known

    async def _open_journal(self, known: Iterable[int] | None) -> Journal | None:
        if self.journal is None:
            return None
        account = self.client.account_id
        if self.kind is not None:
            header = JobHeader(
                kind=self.kind,
                account_id=account,
                options=self.options.to_json(),
                source=self.source,
                checksum=self.checksum,
                rows=self.rows.length,
            )
            return await self._journal_at(self.journal, header, known)
        journal = await self._journal_at(self.journal, None, None)
        try:
            self._take_over(journal.header, account)
        except BaseException:
            await journal.close(in_doubt=journal.unclean)
            raise
        return journal

    def _take_over(self, header: JobHeader, account: int | None) -> None:
        """Take kind and options from the journal of a job that is resumed."""
        if account is not None and header.account_id not in {None, account}:
            raise ConfigurationError(
                f"journal: the job ran on account {header.account_id}, the credentials are for {account}"
            )
        changed = self.checksum is not None and header.checksum not in {None, self.checksum}
        if changed:
            raise InvalidArgumentError(
                "the input is not the one the journal was written for: its checksum differs",
                field="rows",
            )
        self.kind = header.kind
        try:
            self.options = Options.from_json(header.options, self.overrides)
        except (ValueError, TypeError, ArithmeticError) as error:
            Options.from_json({}, self.overrides)  # a mistake in what is given now is said as such
            raise ConfigurationError(
                f"journal {self.journal}: its options are none that voxsip writes ({error}): restore a copy of the"
                " journal"
            ) from None


def make_source(rows: Rows) -> Source:
    """Take what the user gave as input."""
    return rows if isinstance(rows, Source) else Source(rows)
