"""A look at a journal from outside, while its job runs or after it has stopped."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs

from voxsip._clock import SYSTEM
from voxsip._errors import ConfigurationError
from voxsip._redaction.values import conceal
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import job_header, known_rows
from voxsip.bulk._journal.lock import is_locked
from voxsip.bulk._journal.schema import (
    WRONG_VALUE,
    connect,
    explain,
    read_header,
    refuse_existing,
)
from voxsip.bulk._journal.values import INTENDED, STATUSES
from voxsip.bulk._outcomes import Kind
from voxsip.shared import is_store
from voxsip.shared._address import refuse_foreign

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
        errors: rows that failed or are unknown, by "393 Name" or by a class if there is no number.
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


def read_journal(path: str | os.PathLike[str]) -> JournalStatus:
    """Read how a job stands, without disturbing it. Blocks for about a second per three million rows.

    Raises:
        ConfigurationError: no such file, not a journal, damaged, or of a newer format.
    """
    if is_store(path):
        from voxsip.bulk._journal.store_status import read_store_status  # noqa: PLC0415 - only with a store

        return read_store_status(conceal(str(path)))
    refuse_foreign(os.fspath(path))
    with opened_for_reading(path) as connection:
        file = Path(os.path.realpath(path))
        return _read(file, connection, running=is_locked(file))


def check_journal(path: str | os.PathLike[str]) -> None:
    """See that a new job can have this journal; blocks, and makes nothing.

    Raises:
        ConfigurationError: there is one of this name, or its store refuses us.
        NotSentError: the store does not answer.
    """
    if is_store(path):
        from voxsip.bulk._journal.store_status import refuse_existing_job, run_apart  # noqa: PLC0415 - only with a store

        run_apart(refuse_existing_job(conceal(str(path))))
    else:
        refuse_foreign(os.fspath(path))
        refuse_existing(Path(os.path.realpath(path)))


@contextmanager
def opened_for_reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Open a journal that another process, or this one, may be writing; see one moment of it.

    Raises:
        ConfigurationError: no such file, not a journal, damaged, or of a newer format.
    """
    file = Path(os.path.realpath(path))
    try:
        quiet = not is_locked(file) and not file.with_name(file.name + "-wal").exists()
        with closing(connect(file, "immutable" if quiet else "ro")) as connection:
            connection.execute("BEGIN")
            yield connection
    except (sqlite3.Error, OSError, *WRONG_VALUE) as error:
        raise ConfigurationError(explain(file, error)) from None


def _read(file: Path, connection: sqlite3.Connection, *, running: bool) -> JournalStatus:
    header = job_header(*read_header(connection))
    created, rows_total, stopped = connection.execute(
        "SELECT created_at, rows_total, stopped FROM job"
    ).fetchone()
    runs, started = connection.execute("SELECT count(*), max(started_at) FROM run").fetchone()
    created = values.moment(created, "the beginning of the job")
    started = created if started is None else values.moment(started, "the start of a run")
    now = SYSTEM.wall()
    since = max(
        int(1e3 * (now - RATE_SECONDS)), started
    )  # what an earlier run did is no speed of this one
    counts = dict.fromkeys(("intended", *STATUSES), 0)
    updated, lately = 0, 0
    for status, rows, last, recent in connection.execute(
        "SELECT status, count(*), max(at), sum(at >= ?) FROM row GROUP BY status", (since,)
    ):
        counts[values.status_of(status)] = rows
        if status != INTENDED:
            updated = max(updated, values.moment(last, "the time of a row"))
            lately += recent
    rows_total = values.count_or_none(rows_total, "the number of rows")
    first, last = connection.execute("SELECT min(place), max(place) FROM row").fetchone()
    rows = header.rows if rows_total is None else rows_total
    known_rows(first, last, rows)
    seconds = max(1.0, min(RATE_SECONDS, now - started / 1e3))
    return JournalStatus(
        path=str(file),
        kind=header.kind,
        running=running,
        account_id=header.account_id,
        options=header.options,
        source=header.source,
        checksum=header.checksum,
        version=header.version,
        rows=rows,
        counts=counts,
        errors=_errors(connection),
        created=_time(created),
        started=_time(started),
        updated=_time(updated) if updated else None,
        runs=runs,
        stopped=values.text_or_none(stopped, "the reason of the stop"),
        complete=counts["done"] + counts["unchanged"] + counts["failed"] == rows,
        rate=lately / seconds if running else 0.0,
    )


def _errors(connection: sqlite3.Connection) -> dict[str, int]:
    found = {}
    for code, name, rows in connection.execute(
        "SELECT error_code, ifnull(error_name, 'unknown'), count(*) AS number FROM row"
        " WHERE error_name IS NOT NULL OR error_code IS NOT NULL"
        " GROUP BY error_code, error_name ORDER BY number DESC, error_code"
    ):
        number = values.number_or_none(code, "the number of an error")
        said = values.text(name, "the name of an error")
        found[said if number is None else f"{number} {said}"] = rows
    return found


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1e3, UTC)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
