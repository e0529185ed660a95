"""The journal's file format: how it is made, how it is recognized, and how its errors read.

A new journal appears under its name only when it is complete: it is built beside it and renamed, so that a
process killed at that very moment leaves either a journal that can be resumed or none at all.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import orjson

from voxsip._clock import Clock
from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.values import now_ms, storable_number, storable_text

APPLICATION_ID = 0x766F7873
"""What tells a voxsip journal from other SQLite files: "voxs"."""
SCHEMA_VERSION = 3

OWN = 0
"""Stands for the account of the job where a key needs a number."""
INSERT_KNOWN = "INSERT OR IGNORE INTO known_id VALUES (?, ?)"

_SCHEMA = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    kind TEXT NOT NULL,
    account_id INTEGER,
    options TEXT NOT NULL,
    source TEXT,
    checksum TEXT,
    version TEXT NOT NULL,
    rows_expected INTEGER,
    rows_total INTEGER,
    created_at INTEGER NOT NULL,
    stopped_at INTEGER,
    stopped TEXT,
    listed INTEGER NOT NULL,
    log_lost INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE account (account_id INTEGER PRIMARY KEY, listed INTEGER NOT NULL);
CREATE TABLE known_id (account_id INTEGER, id, PRIMARY KEY (account_id, id)) WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    closed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE row (
    place INTEGER PRIMARY KEY,
    digest BLOB NOT NULL,
    key TEXT NOT NULL,
    status INTEGER NOT NULL,
    intended_at INTEGER,
    at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    elapsed INTEGER NOT NULL,
    error_code INTEGER,
    error_name TEXT,
    error_text TEXT,
    result_id INTEGER,
    account_id INTEGER
);
"""
# Times are milliseconds since 1970 UTC, `elapsed` is microseconds. `job.listed` says whether `known_id` holds the ids of
# all registrations there were before the job's first purchase, `account.listed` the same of a child account;
# `job.log_lost` whether the log of a run was ever lost. `run.closed` says that the run closed the journal, and left no log;
# `run.ended_at` that no request was on its way then. A row's account is NULL, and that of a known id 0, for the account
# of the job.


WRONG_VALUE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError)
"""What reading a value raises that is not of the kind, or not in the range, that was written."""


def explain(path: Path | str, error: BaseException) -> str:
    """Return a sentence that names the file and, if there is one, the remedy."""
    if isinstance(error, ConfigurationError):
        return str(error)
    if isinstance(error, sqlite3.Error):
        return f"journal {path}: {_remedy(error)}"
    if isinstance(error, OSError):
        return f"journal {path}: {error.strerror or error}"
    if isinstance(error, WRONG_VALUE):
        return f"journal {path}: it holds what voxsip does not write ({error}): restore a copy of the journal"
    return f"journal {path}: {type(error).__name__}: {error}"


def _remedy(error: sqlite3.Error) -> str:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB:
            return "this is not a voxsip journal: check the name"
        case sqlite3.SQLITE_CORRUPT:
            return (
                "the file is damaged or cut short: restore a copy, or start a new job over rows that "
                "`skip_unchanged` (bind) or a listing (create) shows to be missing"
            )
        case sqlite3.SQLITE_FULL:
            return "the disk is full: free some space, then resume the job"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN:
            return f"no permission to open it for writing, or its folder is gone ({error})"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "another program holds it open for writing: close that program"
    return f"{error}: if it stays so, restore a copy of the journal"


def refuse_existing(path: Path) -> None:
    """Refuse the name of a file that exists for a new journal."""
    if path.exists():
        raise ConfigurationError(
            f"journal {path} exists already: resume its job, or name another file for a new one"
        )


def create_file(
    path: Path, header: JobHeader, clock: Clock, known: Iterable[int] | None = None
) -> None:
    """Create a journal file; the caller holds its lock.

    Args:
        known: ids of the registrations that are there before a job's first purchase; None: not known.
    """
    refuse_existing(path)
    building = path.with_name(path.name + ".new")
    remains = [
        building,
        *(building.with_name(building.name + end) for end in ("-wal", "-shm", "-journal")),
    ]
    for leftover in remains:
        leftover.unlink(missing_ok=True)
    # Names and error texts are nobody else's business; SQLite gives its side files the same mode.
    os.close(os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(building, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        connection.execute(
            "INSERT INTO job (id, kind, account_id, options, source, checksum, version, rows_expected,"
            " created_at, listed) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                header.kind,
                header.account_id,
                orjson.dumps(dict(header.options)).decode(),
                storable_text(header.source),
                storable_text(header.checksum),
                header.version,
                header.rows,
                now_ms(clock),
                known is not None,
            ),
        )
        connection.execute("BEGIN")
        connection.executemany(
            INSERT_KNOWN,
            ((OWN, storable_number(number)) for number in known or ()),
        )
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    building.rename(path)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Make the rename last through a power cut, if the system can."""
    with suppress(OSError):  # Windows opens no directories
        fd = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def connect(path: Path, mode: Literal["rw", "ro", "immutable"] = "rw") -> sqlite3.Connection:
    """Open an existing journal after looking at what it is.

    Args:
        mode: "immutable" reads a file that nobody writes and that has no log: leaves nothing beside it.
    """
    if not path.is_file():
        raise ConfigurationError(f"journal {path}: there is no such file")
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{'immutable=1' if mode == 'immutable' else f'mode={mode}'}",
        uri=True,
        isolation_level=None,
        timeout=10.0,
    )
    try:
        _recognize(path, connection)
        if mode == "rw":
            _check(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a transaction that excludes other writers."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _recognize(path: Path, connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise ConfigurationError(f"journal {path}: this is not a voxsip journal: check the name")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise ConfigurationError(
            f"journal {path}: written by a newer voxsip (format {version}, this one reads up to"
            f" {SCHEMA_VERSION}): update voxsip to resume it"
        )
    if version < SCHEMA_VERSION:
        raise ConfigurationError(
            f"journal {path}: written by an older voxsip (format {version}, this one reads {SCHEMA_VERSION}): finish"
            " its job with that version"
        )


def _check(connection: sqlite3.Connection) -> None:
    """Look for damage before a job builds on it; half a second for a million rows."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"the file is damaged ({found}): restore a copy")


def read_header(connection: sqlite3.Connection) -> tuple[object, ...]:
    """Return what the journal says of its job: what `decoding.job_header` takes."""
    found = connection.execute(
        "SELECT kind, account_id, options, source, checksum, version, rows_expected FROM job"
    ).fetchone()
    if found is None:
        raise ValueError("it has no job")
    return tuple(found)
