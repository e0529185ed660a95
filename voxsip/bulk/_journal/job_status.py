"""How a job stands, made of what its journal holds; a file and a store are read alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs

from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import known_rows, total_rows
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.values import STATUSES, optional
from voxsip.bulk._outcomes import Kind, recorded_error_label

RATE_SECONDS = 60.0


@attrs.frozen(kw_only=True)
class JournalStatus:
    """How a job stands.

    Attributes:
        path: the journal.
        kind: "bind", "create" or "delete".
        running: whether a process works on it now.
        account_id: the account it runs on, if that is known.
        options: the job's options.
        source: the name of its input as the user gave it, or None.
        checksum: the checksum of the input, or None for a stream.
        version: the version of the library that began the job.
        rows: rows of the input, or None if nobody has counted them yet.
        counts: rows by status; "intended" are those in flight, or those in flight when the process died.
        errors: rows that failed or are unknown, by error: "393 SOME_NAME", or the class if there is no number.
        created: the time at which the job began.
        started: the time at which it was last started or resumed.
        updated: the time at which the last row ended, or None.
        runs: the number of times it was started.
        stopped: why it stopped before its end, or None.
        complete: whether all rows of the input have an outcome and none of them is unknown.
        rate: rows per second that ended within the last minute; 0.0 if it does not run.
    """

    path: str
    kind: Kind
    running: bool
    account_id: int | None
    options: Mapping[str, object]
    source: str | None
    checksum: str | None
    version: str
    rows: int | None
    counts: Mapping[str, int]
    errors: Mapping[str, int]
    created: datetime
    started: datetime
    updated: datetime | None
    runs: int
    stopped: str | None
    complete: bool
    rate: float

    def to_dict(self) -> dict[str, Any]:
        """Return the status as plain JSON-able data."""
        return attrs.asdict(self, value_serializer=lambda _, __, value: _plain(value))


def make_status(
    path: str,
    header: JobHeader,
    *,
    rows_total: object,
    created: datetime,
    started: datetime,
    now: float,
    runs: int,
    running: bool,
    stopped: object,
    lines: Iterable[Iterable[Any]],
    errors: Iterable[Iterable[Any]],
) -> JournalStatus:
    """Make a status of what a journal holds.

    Args:
        lines: The stored statuses, each with the number of rows, their first and last place, the time at which the last
            was written, and the number of those written since `rate_since`.
        errors: The stored numbers and classes of errors, each with the number of rows; the most frequent first.
    """
    _, total = total_rows(header, rows_total)
    counts = dict.fromkeys(("intended", *STATUSES), 0)
    updated: datetime | None = None
    lately = 0
    for code, rows, first, last, latest, recent in lines:
        status = values.status_of(code)
        counts[status] = rows
        known_rows(first, last, total)
        if status != "intended":
            at = values.date(latest, "the time of a row")
            updated = at if updated is None else max(updated, at)
            lately += recent
    found: dict[str, int] = {}
    for code, name, rows in errors:
        number = optional(values.number, code, "the number of an error")
        said = optional(values.text, name, "the name of an error") or "unknown"
        label = recorded_error_label(number, said)
        found[label] = found.get(label, 0) + rows
    seconds = max(1.0, min(RATE_SECONDS, now - started.timestamp()))
    return JournalStatus(
        path=path,
        kind=header.kind,
        running=running,
        account_id=header.account_id,
        options=header.options,
        source=header.source,
        checksum=header.checksum,
        version=header.version,
        rows=total,
        counts=counts,
        errors=found,
        created=created,
        started=started,
        updated=updated,
        runs=runs,
        stopped=optional(values.text, stopped, "the reason of the stop"),
        complete=counts["done"] + counts["unchanged"] + counts["failed"] == total,
        rate=lately / seconds if running else 0.0,
    )


def rate_since(now: float, started: datetime) -> int:
    """Return the time from which rows count for the speed of a run."""
    return int(1e3 * max(now - RATE_SECONDS, started.timestamp()))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
