"""A job on several machines as its user holds it: run it, look at it, stop it, and report on it."""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

import attrs

from voxsip._base_client import BaseAsyncClient
from voxsip._errors import AuthorizationError, VoxsipError
from voxsip._printable import counted
from voxsip._redaction.values import conceal
from voxsip.bulk import AsyncBulk, Outcome, Report, Stop
from voxsip.bulk._journal.values import STATUSES
from voxsip.cluster._dask import Dask
from voxsip.cluster._drive import Drive
from voxsip.cluster._report import (
    Sums,
    compare,
    read_report,
    read_sums,
    read_told,
    why_stopped,
    write_files,
)
from voxsip.cluster._store import ClusterStore, JobRecord, PartRecord


@attrs.frozen(kw_only=True)
class JobProgress:
    """How far a job is.

    Attributes:
        report: Sums so far, as of the last word of each part, some seconds ago at most.
        rows: The number of the job's rows.
        parts: The number of its parts.
        ended: Parts that are done.
        running: Parts that a process works on.
        concurrency: Rows that may be in flight now, all parts together.
        stopped: Why nothing more is sent, or None.
    """

    report: Report
    rows: int
    parts: int
    ended: int
    running: int
    concurrency: int
    stopped: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the progress as plain JSON-able data."""
        return {**attrs.asdict(self, recurse=False), "report": self.report.to_dict()}


class JobFacts(ABC):
    """What a job tells of itself, blocking or not."""

    @abstractmethod
    def _kept(self) -> JobRecord:
        """Return the job as its store keeps it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.job_id}: {self.kind}, {counted(self.rows, 'row')} in {counted(self.parts, 'part')}>"

    @property
    def job_id(self) -> str:
        """The name by which `run_part` and `client.cluster.open` know it."""
        return self._kept().name

    @property
    def kind(self) -> str:
        """What its rows are for: "bind", "create" or "delete"."""
        return self._kept().kind

    @property
    def rows(self) -> int:
        """The number of its rows."""
        return self._kept().rows

    @property
    def parts(self) -> int:
        """The number of its parts; they are called 0, 1 and so on."""
        return self._kept().parts

    @property
    def path(self) -> str:
        """The file of its rows, which every worker reads by this path."""
        return self._kept().path

    @property
    def options(self) -> dict[str, Any]:
        """The options of the job by name."""
        return dict(self._kept().options["job"])

    @property
    def note(self) -> str:
        """Some lines for people on how evenly the rows are divided."""
        return self._kept().note


class ClusterJob(JobFacts):
    """A job whose rows are divided into parts, each for one worker at a time.

    Made by `client.cluster`.

    All that is known of it is in the store, so it may be opened and run again from anywhere.
    """

    def __init__(self, client: BaseAsyncClient, store: ClusterStore, record: JobRecord) -> None:
        self._client = client
        self._store = store
        self._record = record

    def _kept(self) -> JobRecord:
        return self._record

    async def run(
        self,
        dask_client: Any,
        *,
        on_progress: Callable[[JobProgress], object] | None = None,
        reports: str | os.PathLike[str] | None = None,
    ) -> Report:
        """Run what is left of the job on Dask, and return the report of all of it.

        Run again, it continues: rows that have an outcome are not sent. Cancelled, it sends nothing more and leaves what is in
        flight to end.

        Args:
            dask_client: A `distributed.Client`, blocking or of this event loop. Its workers need the file of rows and, in
                their environment, `VOXSIP_STORE` and credentials.
            on_progress: Called with the progress, about once a second.
            reports: Folder for the reports that a bulk job leaves; None for none.

        Raises:
            WorkerRefusedError: No worker can work on the job: another voxsip, another file, no credentials.
            EngineLostError: Dask does not answer any more; what was done is in the store.
            VoxsipError: A part could not be run, or the job not be reported on.
        """
        engine = Dask(dask_client)
        await self.reopen()
        clock = self._client.clock
        began = clock.monotonic()
        parts = await self._store.parts(self._record)
        before = await read_sums(self._store, self._record, parts)

        def on_parts(parts: list[PartRecord]) -> None:
            if on_progress is not None:
                seconds = clock.monotonic() - began
                on_progress(_progress(self._record, parts, before, seconds))

        try:
            await self._check_funds(parts)
            drive = Drive(
                store=self._store, job=self._record, engine=engine, clock=clock, on_parts=on_parts
            )
            await drive.run()
            report = await self.report(reports=reports, before=before)
        except asyncio.CancelledError:
            await asyncio.shield(self._give_up())
            raise
        report.seconds = clock.monotonic() - began
        return report

    async def report(
        self, *, reports: str | os.PathLike[str] | None = None, before: Sums | None = None
    ) -> Report:
        """Return the report of the job as it stands, all runs together.

        For programs that call `run_part` themselves.

        With `verify`, the live state is read and compared.

        Args:
            reports: Folder for the reports that a bulk job leaves; None for none.
            before: The sums before a run, to count what that run did.
        """
        self._record = await self._store.job(self.job_id)
        parts = await self._store.parts(self._record)
        report = await read_report(self._store, self._record, parts, before)
        if self.options.get("verify") and self.kind == "bind":
            await compare(self._store, self._record, parts, self._client, report)
        if reports is not None:
            await self.write_reports(report, reports)
        return report

    async def write_reports(
        self, report: Report, directory: str | os.PathLike[str]
    ) -> dict[str, Path]:
        """Write the folder of reports; return the files by their usual names.

        Args:
            report: The report of the job.
            directory: The folder to write to.

        Raises:
            ConfigurationError: The folder cannot be written to, or the file of rows not be read here.
        """
        parts = await self._store.parts(self._record)
        return await write_files(
            self._store, self._record, parts, report, directory, keep=self._needed(report)
        )

    async def progress(self) -> JobProgress:
        """Return how far the job is."""
        self._record = await self._store.job(self.job_id)
        return _progress(self._record, await self._store.parts(self._record), None, 0.0)

    async def outcomes(self) -> AsyncGenerator[Outcome[Any], None]:
        """Yield the outcome of every row by part; rows that were not sent are "skipped".

        Raises:
            ConfigurationError: The file of rows cannot be read here, or is another one.
        """
        async for told in read_told(
            self._store, self._record, await self._store.parts(self._record)
        ):
            yield told.outcome

    async def stop(self, reason: str = Stop.REQUESTED) -> None:
        """Send no further row; parts learn of it within some seconds.

        Args:
            reason: The reason that the report gives.
        """
        await self._store.stop(self._record, str(reason))

    async def reopen(self) -> None:
        """Let the job continue after it was stopped; `run` does so itself.

        Raises:
            ConfigurationError: Another version of voxsip works on it now.
        """
        self._record = await self._store.begin(self._record)

    async def close(self) -> None:
        """Close the connection to the store; it is made again when it is needed."""
        await self._store.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def accounts(self) -> dict[int | None, int]:
        """Return the number of rows of each account; None is the client's own."""
        rows: dict[int | None, int] = {}
        for part in await self._store.parts(self._record):
            rows[part.account_id] = rows.get(part.account_id, 0) + part.rows
        return rows

    async def _check_funds(self, parts: list[PartRecord]) -> None:
        """Buy nothing for an account whose money does not cover what is left to buy."""
        options = self._record.options["job"]
        if self.kind != "create" or not options["check_funds"] or options["skip_unchanged"]:
            return
        bulk = AsyncBulk(self._client)
        for account in dict.fromkeys(part.account_id for part in parts):
            own = [part for part in parts if part.account_id == account]
            sums = await read_sums(self._store, self._record, own)
            left = sum(part.rows for part in own) - sums.ended
            if not left:
                continue
            try:
                quote = await bulk.quote(left, account_id=account)
            except AuthorizationError:
                if account is None:
                    raise
                continue  # the key may not act for it: its rows will fail
            if not quote.enough:
                await self._store.stop_account(self._record, account, Stop.FUNDS)

    async def _give_up(self) -> None:
        try:
            await self.stop(Stop.CANCELLED)
        except VoxsipError:  # then the leases end by themselves
            return

    def _needed(self, report: Report) -> list[str]:
        """Return the files that a job which may be resumed must find again."""
        fine = report.stopped is None and not (report.failed or report.skipped or report.unknown)
        return [] if fine else [self.path]


def _progress(
    job: JobRecord, parts: list[PartRecord], before: Sums | None, seconds: float
) -> JobProgress:
    counts: dict[str, Any] = {name: sum(part.counts[name] for part in parts) for name in STATUSES}
    report = Report(**counts, kind=job.kind, rows=sum(counts.values()), seconds=seconds)
    if before is not None:
        report.restored = before.ended
    return JobProgress(
        report=report,
        rows=job.rows,
        parts=len(parts),
        ended=sum(part.ended for part in parts),
        running=sum(part.held for part in parts),
        concurrency=sum(part.concurrency for part in parts if part.held),
        stopped=why_stopped(job, parts),
    )


@attrs.frozen(kw_only=True)
class JobStatus:
    """How a job stands, for people who look at it from anywhere.

    Attributes:
        job_id: Its name.
        kind: The kind of its rows.
        account_id: The account of its client.
        path: The file of its rows.
        note: A description of how evenly they are divided.
        version: The version of voxsip that runs it.
        progress: The progress of the job; its sums are exact.
        troubles: The errors of parts that are not done, by part.
    """

    job_id: str
    kind: str
    account_id: int | None
    path: str
    note: str
    version: str
    progress: JobProgress
    troubles: Mapping[int, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the status as plain JSON-able data."""
        return {**attrs.asdict(self, recurse=False), "progress": self.progress.to_dict()}


async def read_status(store: str, job_id: str) -> JobStatus:
    """Read how a job stands, without disturbing it and without credentials.

    Args:
        store: `postgresql://user@host/database`.
        job_id: The job.

    Raises:
        ConfigurationError: There is no such job, or the store cannot be used.
    """
    store = conceal(store)
    async with aclosing(ClusterStore(store)) as kept:
        job = await kept.job(job_id)
        parts = await kept.parts(job)
        exact = await read_report(kept, job, parts, None)
    progress = _progress(job, parts, None, 0.0)
    exact.rows -= exact.skipped
    return JobStatus(
        job_id=job.name,
        kind=job.kind,
        account_id=job.account_id,
        path=job.path,
        note=job.note,
        version=job.version,
        progress=attrs.evolve(progress, report=exact),
        troubles={
            part.part: part.error for part in parts if part.error is not None and not part.ended
        },
    )
