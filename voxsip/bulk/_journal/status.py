"""A look at a journal from outside, while its job runs or after it has stopped."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from voxsip._clock import SYSTEM
from voxsip._errors import ConfigurationError
from voxsip._redaction.paths import path_text
from voxsip._redaction.values import conceal
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import job_header
from voxsip.bulk._journal.job_status import JournalStatus, make_status, rate_since
from voxsip.bulk._journal.lock import is_locked
from voxsip.bulk._journal.schema import (
    WRONG_VALUE,
    connect,
    explain,
    read_header,
    refuse_existing,
)
from voxsip.shared import is_store
from voxsip.shared._address import refuse_foreign

_LINES = "SELECT status, count(*), min(place), max(place), max(at), sum(at >= ?) FROM row GROUP BY status"
_ERRORS = """
SELECT error_code, error_name, count(*) FROM row
WHERE error_name IS NOT NULL OR error_code IS NOT NULL GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""


def read_journal(path: str | os.PathLike[str]) -> JournalStatus:
    """Read the state of a job without disturbing it (1 s per 3 million rows).

    Raises:
        ConfigurationError: no such file, not a journal, damaged, or of a newer format.
        InvalidArgumentError: no path and no address.
    """
    if is_store(path):
        from voxsip.bulk._journal.store_status import read_store_status  # noqa: PLC0415 - only with a store

        return read_store_status(conceal(str(path)))
    refuse_foreign(path_text("path", path))
    with opened_for_reading(path) as connection:
        file = Path(os.path.realpath(path))
        return _read(file, connection, running=is_locked(file))


def check_journal(path: str | os.PathLike[str]) -> None:
    """See that a new job can have this journal; blocks, and makes nothing.

    Raises:
        ConfigurationError: there is one of this name, or its store refuses us.
        NotSentError: the store does not answer.
        InvalidArgumentError: no path and no address.
    """
    if is_store(path):
        from voxsip.bulk._journal.store_status import refuse_existing_job, run_apart  # noqa: PLC0415 - only with a store

        run_apart(refuse_existing_job(conceal(str(path))))
    else:
        refuse_foreign(path_text("path", path))
        refuse_existing(Path(os.path.realpath(path)))


@contextmanager
def opened_for_reading(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Open one snapshot of a journal that may be written meanwhile.

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
    began = values.date(created if started is None else started, "the start of a run")
    now = SYSTEM.wall()
    return make_status(
        str(file),
        header,
        rows_total=rows_total,
        created=values.date(created, "the beginning of the job"),
        started=began,
        now=now,
        runs=runs,
        running=running,
        stopped=stopped,
        lines=connection.execute(_LINES, (rate_since(now, began),)),
        errors=connection.execute(_ERRORS),
    )
