"""What has become of a job's rows, read from the store: sums, outcomes, the folder of reports, the comparison at the end."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import attrs

from voxsip._base_client import BaseAsyncClient
from voxsip._bindings.names import AccountNames
from voxsip._bindings.rows import REQUESTS, Row
from voxsip._errors import OutcomeUnknownError
from voxsip._row_files.part import PartFile
from voxsip.bulk import Outcome, Report
from voxsip.bulk._journal.decoding import restored_rows
from voxsip.bulk._journal.interface import RestoredRow
from voxsip.bulk._journal.previous_runs import check_digest, restore_outcome
from voxsip.bulk._journal.store_statements import ROWS
from voxsip.bulk._journal.values import STATUSES
from voxsip.bulk._live.existing import Verifier
from voxsip.bulk._outcomes import recorded_error_label
from voxsip.cluster._index import decode
from voxsip.cluster._plan import client_of
from voxsip.cluster._store import ClusterStore, JobRecord, PartRecord
from voxsip.report import ReportWriter
from voxsip.report._series import TimeSeries

BATCH = 2_000
"""Rows that are read from the store at once."""


@attrs.frozen(kw_only=True)
class Told:
    """How a row ended, and what else people want to know of it.

    Attributes:
        outcome: The outcome of the row; its index is the row's place in the file.
        password_from: The place of its password if that is another file: "FILE:LINE".
        account_id: The account it belongs to; None for the client's own.
    """

    outcome: Outcome[Any]
    line: int
    password_from: str | None
    account_id: int | None
    known: RestoredRow | None


@attrs.frozen
class Sums:
    """Counts of a job's rows at a moment.

    Attributes:
        calls: Requests sent for them.
        retries: Those that repeated another.
    """

    rows: Mapping[str, int]
    calls: int
    retries: int

    @property
    def ended(self) -> int:
        """Rows that have an outcome and are not sent again."""
        return sum(self.rows.values()) - self.rows["skipped"]


async def read_sums(store: ClusterStore, job: JobRecord, parts: Iterable[PartRecord]) -> Sums:
    """Count the rows of all parts by what has become of them."""
    counts = await store.counts(job, parts)
    rows: dict[str, int] = {name: counts.get(name, (0, 0, 0))[0] for name in STATUSES}
    rows["unknown"] += counts.get("intended", (0, 0, 0))[0]
    return Sums(
        rows, sum(one[1] for one in counts.values()), sum(one[2] for one in counts.values())
    )


async def read_report(
    store: ClusterStore, job: JobRecord, parts: list[PartRecord], before: Sums | None
) -> Report:
    """Return the sums of a job, errors included.

    Args:
        before: The sums when the run began; None counts all runs as one.
    """
    now = await read_sums(store, job, parts)
    counts: dict[str, Any] = dict(now.rows)
    report = Report(**counts, kind=job.kind, rows=job.rows, calls=now.calls, retries=now.retries)
    report.skipped += job.rows - sum(now.rows.values())  # those that no part has come to
    if before is not None:
        report.restored = before.ended
        report.calls -= before.calls
        report.retries -= before.retries
    report.options = dict(job.options["job"])
    report.stopped = why_stopped(job, parts)
    for code, name, rows in await store.errors(job, parts):
        label = recorded_error_label(code, name)
        report.errors[label] = report.errors.get(label, 0) + rows
    return report


def why_stopped(job: JobRecord, parts: Iterable[PartRecord]) -> str | None:
    """Return why nothing more of a job, or of some part of it, is sent; or None."""
    return job.stop or next((part.stop for part in parts if part.stop is not None), None)


async def read_told(
    store: ClusterStore, job: JobRecord, parts: Iterable[PartRecord]
) -> AsyncGenerator[Told, None]:
    """Yield the outcome of every row, by part and in the order of the file.

    Raises:
        ConfigurationError: The file of rows cannot be read here, or is another one.
    """
    checked = False
    for part in parts:
        record, data = await store.part(job, part.part)
        with store.reading(job.name):
            places, spans = decode(data, job.head, record.rows)
        with PartFile(job.path, REQUESTS[job.kind], spans, job.reading) as rows:
            if not checked:
                rows.check(job.checksum)
                checked = True
            source = enumerate(rows.with_origins())
            while batch := list(islice(source, BATCH)):
                known = await _restored(store, job, record, range(batch[0][0], batch[-1][0] + 1))
                for index, (row, origin) in batch:
                    yield Told(
                        outcome=_outcome(places[index], row, known.get(index)),
                        line=spans.lines[index],
                        password_from=origin,
                        account_id=part.account_id,
                        known=known.get(index),
                    )


async def _restored(
    store: ClusterStore, job: JobRecord, part: PartRecord, places: range
) -> Mapping[int, RestoredRow]:
    """Return what the store holds of rows of a part."""
    if part.journal is None:
        return {}
    lines = await store.fetch(ROWS, part.journal, places.start, places.stop)
    return restored_rows(f"{store.address}#{job.name}/{part.part}", lines)


def _outcome(index: int, row: Row, known: RestoredRow | None) -> Outcome[Any]:
    """Return the outcome of a row; one that was about to be sent is unknown."""
    if known is None:
        return Outcome(index=index, row=row, status="skipped")
    check_digest(known, row)
    if known.status == "intended":
        lost = OutcomeUnknownError(f"{row.label}: the process that was about to send it has ended")
        return Outcome(index=index, row=row, status="unknown", error=lost, restored=True)
    return restore_outcome(index, row, known, known.status)


async def compare(
    store: ClusterStore,
    job: JobRecord,
    parts: list[PartRecord],
    client: BaseAsyncClient,
    report: Report,
) -> None:
    """Compare what the rows should have left with the live state, in the report.

    Rows of different parts commute, so that it does not matter which of them is taken in first.
    """
    verifiers: dict[int | None, Verifier] = {}
    async for told in read_told(store, job, parts):
        verifier = verifiers.get(told.account_id)
        if verifier is None:
            own = client_of(client, told.account_id)
            verifier = verifiers[told.account_id] = Verifier(
                own, AccountNames(own), told.account_id
            )
        if told.outcome.status not in {"failed", "skipped"}:
            await verifier.learn(told.outcome.row)
        verifier.observe(told.outcome)
    for verifier in verifiers.values():
        await verifier.compare(report)


async def write_files(
    store: ClusterStore,
    job: JobRecord,
    parts: list[PartRecord],
    report: Report,
    directory: str | os.PathLike[str],
    keep: Iterable[str | os.PathLike[str]] = (),
) -> dict[str, Path]:
    """Write the folder of reports that a bulk job leaves; return the files by name."""
    series = TimeSeries()
    timeline = await _timeline(store, job, parts)
    with ReportWriter(
        directory, job.kind, job.path, columns=job.columns, account_id=job.account_id
    ) as writer:
        async for told in read_told(store, job, parts):
            writer.add(told.outcome, told.line, password_from=told.password_from)
            if told.known is not None and told.known.status != "intended":
                at = timeline(told.known.at.timestamp())
                series.add(at, told.known.status, told.known.elapsed)
        return writer.finish(report, series=series, keep=[*keep])


async def _timeline(
    store: ClusterStore, job: JobRecord, parts: list[PartRecord]
) -> Callable[[float], float]:
    """Return a function from times to seconds since the job began.

    The time between its runs does not count.

    For plots alone: it compares the clocks of machines.
    """
    last = await store.last_rows(job, parts)
    starts = job.starts or (0.0,)
    offsets = [0.0]
    for run, start in enumerate(starts, 1):
        offsets.append(offsets[-1] + max(0.0, last.get(run, 0) / 1e3 - start))

    def place(at: float) -> float:
        run = max(0, bisect_right(starts, at) - 1)
        return max(0.0, offsets[run] + at - starts[run])

    return place
