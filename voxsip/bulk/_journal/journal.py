"""A bulk job's journal: a SQLite file with a line for the job and one for every row that was begun.

What it promises:

- An intent is on the disk before `intend` returns, and thus before the request leaves.
- Outcomes are written in the order they were recorded, in batches that are there whole or not at all. After a
  crash the journal holds a prefix of them. Rows that conflict are recorded one after the other, so a row known to
  be done implies that every earlier row in conflict with it is known too; running the unknown rest again in
  input order gives the state of a run without a crash.
- No secret is in it: rows are kept by place and by a digest that leaves secrets out.
- One process works on it at a time; others may read it meanwhile.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError
from voxsip._version import __version__
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import (
    ids,
    job_header,
    known_rows,
    refusing,
    restored_row,
    settled,
)
from voxsip.bulk._journal.interface import JobHeader, RestoredRow
from voxsip.bulk._journal.lock import JournalLock
from voxsip.bulk._journal.log import COLUMNS
from voxsip.bulk._journal.schema import (
    INSERT_KNOWN,
    OWN,
    STATUS_CODES,
    UNKNOWN,
    connect,
    create_file,
    immediate,
    now_ms,
    read_header,
)
from voxsip.bulk._journal.thread import JournalThread
from voxsip.bulk._journal.values import INTENDED, storable_number, storable_text
from voxsip.bulk._journal.writer import Driver, Writer
from voxsip.bulk._outcomes import Status

_COUNTS = "SELECT status, error_code, account_id, count(*) FROM row GROUP BY 1, 2, 3"
RANGE_ROWS = 512
"""Rows of earlier runs that are held in memory at a time."""


async def create_journal(
    path: str | os.PathLike[str],
    header: JobHeader,
    *,
    known: Iterable[int] | None = None,
    clock: Clock = SYSTEM,
    driver: Callable[[Writer], Driver] = JournalThread,
) -> Journal:
    """Make a new journal and open it.

    Raises:
        ConfigurationError: the file exists, another process is at it, or it cannot be made.
    """

    def prepare(file: Path) -> None:
        create_file(file, header, clock, known)

    return await Journal._open(path, prepare, clock, driver)  # noqa: SLF001 - one module


async def open_journal(
    path: str | os.PathLike[str],
    *,
    clock: Clock = SYSTEM,
    driver: Callable[[Writer], Driver] = JournalThread,
) -> Journal:
    """Open an existing journal to resume its job.

    Raises:
        ConfigurationError: no such file, not a journal, damaged, of a newer format, or in use.
    """
    return await Journal._open(path, None, clock, driver)  # noqa: SLF001 - one module


class Journal:
    """One job's journal, open for this process alone. Made by `create_journal` and `open_journal`.

    Attributes:
        path: the file, symbolic links resolved.
        header: the description of the job.
        rows_known: rows up to the last one that an earlier run wrote.
        rows_total: the number of input rows, once `ended` was told.
        settled: rows of earlier runs that need no money, by account: ended for good, or perhaps bought.
        surveyed: child accounts whose registrations were noted, and whether they could be listed.
        runs: the number of times the job was started, including this one.
        listed: whether the journal holds the ids there were before.
        resumed: whether it was there before this run.
        unclean: whether requests of an earlier run may be on their way.
        log_lost: whether the log of an earlier run was lost: the -wal file that a killed one leaves.
        open_rows: rows of earlier runs whose outcome is not known.
    """

    def __init__(self, path: Path, writer: Writer, facts: _Facts, clock: Clock) -> None:
        self.path = path
        self.header = facts.header
        self.rows_known = facts.rows_known
        self.rows_total = facts.rows_total
        self.settled = facts.settled
        self.surveyed = facts.surveyed
        self.runs = facts.runs
        self.listed = facts.listed
        self.resumed = facts.resumed
        self.unclean = facts.unclean
        self.log_lost = facts.log_lost
        self.open_rows = facts.open_rows
        self._writer = writer
        self._clock = clock
        self._put = writer.put
        self._range = range(0)
        self._rows: dict[int, tuple[Any, ...]] = {}
        weakref.finalize(self, writer.abandon)  # an unclosed journal: also at exit

    @classmethod
    async def _open(
        cls,
        name: str | os.PathLike[str],
        prepare: Callable[[Path], None] | None,
        clock: Clock,
        driver: Callable[[Writer], Driver],
    ) -> Journal:
        path = _real_path(name)
        lock: list[JournalLock] = []
        log_found = False

        in_use: list[ConfigurationError] = []  # the writer passes on texts alone

        def opening() -> sqlite3.Connection:
            nonlocal log_found
            try:
                lock.append(JournalLock(path))
            except ConfigurationError as error:
                if error.in_use:
                    in_use.append(error.with_traceback(None))
                raise
            if prepare is not None:
                prepare(path)
            log = path.with_name(path.name + "-wal")
            log_found = log.exists() and log.stat().st_size > 0
            return connect(path)

        def unlocking() -> None:
            for held in lock:
                held.release()

        def begin_run(connection: sqlite3.Connection) -> _Facts:
            return _begin_run(
                connection, writer, clock, new=prepare is not None, log_found=log_found
            )

        writer = Writer(path, opening, unlocking, driver)
        try:
            return cls(path, writer, await writer.start(begin_run), clock)
        except ConfigurationError:
            if not in_use:
                raise
        raise in_use.pop()

    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        """Note that a row is about to be sent; on the disk when this returns."""
        now = now_ms(self._clock)
        nothing = (0, 0, None, None, None, None)
        self._put((index, digest, storable_text(key), INTENDED, now, now, *nothing, account_id))
        await self._writer.durable()

    def record(
        self,
        index: int,
        digest: bytes,
        status: Status,
        key: str,
        *,
        attempts: int = 0,
        elapsed: float = 0.0,
        error_code: int | None = None,
        error_name: str | None = None,
        error_text: str | None = None,
        result_id: int | None = None,
        account_id: int | None = None,
    ) -> None:
        """Note how a row ended; returns at once.

        Raises:
            ConfigurationError: an earlier batch could not be written.
        """
        self._put(
            (
                index,
                digest,
                storable_text(key),
                STATUS_CODES[status],
                None,
                now_ms(self._clock),
                attempts,
                int(elapsed * 1e6),
                storable_number(error_code),
                error_name,
                storable_text(error_text),
                storable_number(result_id),
                account_id,
            )
        )

    async def room(self) -> None:
        """Return once the records not yet written are few."""
        await self._writer.room()

    async def restored(self, index: int) -> RestoredRow | None:
        """Return what earlier runs wrote of a row, or None. Ask in rising order."""
        if index >= self.rows_known:
            return None
        if index not in self._range:
            self._range = range(index, index + RANGE_ROWS)
            self._rows = await self._writer.run(
                lambda connection: _read_range(connection, self._range)
            )
        found = self._rows.get(index)
        if found is None:
            return None
        with refusing(self.path):
            return restored_row(found)

    async def digests(self, after: int) -> Iterable[bytes]:
        """Return the fingerprints of the rows of earlier runs that come after a place."""
        return await self._writer.run(partial(_digests, after))

    async def begin(self) -> None:
        """Make the main file alone tell that this run has begun; to be awaited before its first request."""
        await self._writer.run(self._writer.checkpoint)

    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        """Note which registrations a child account has before its first purchase; in the main file when this returns."""
        await self._writer.run(partial(_note_known, account_id, known, self._writer))
        await self._writer.run(self._writer.checkpoint)
        self.surveyed[account_id] = known is not None

    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        """Return the ids of the registrations there were before the job, or None if they could not be listed."""
        listed = self.listed if account_id is None else self.surveyed[account_id]
        return await self._writer.run(partial(_known_ids, account_id or OWN)) if listed else None

    async def result_ids(self, account_id: int | None = None) -> list[int]:
        """Return the registrations that rows of earlier runs were told, of one account."""
        return await self._writer.run(partial(_result_ids, account_id))

    def ended(self, rows: int) -> None:
        """Note that the input has been read to its end."""
        self.rows_total = rows
        self._writer.put_work(_Update("UPDATE job SET rows_total = ?", rows))

    def stopped(self, reason: str | None) -> None:
        """Note why the job stopped sending, or None if it ran to its end."""
        self._writer.put_work(
            _Update("UPDATE job SET stopped_at = ?, stopped = ?", now_ms(self._clock), reason)
        )

    async def flush(self) -> None:
        """Return once everything told so far is on the disk."""
        await self._writer.durable()

    async def close(self, *, in_doubt: bool = False) -> None:
        """Flush, close and give the lock back. Idempotent.

        Args:
            in_doubt: whether requests of this run, or of one before it, may be on their way.

        Raises:
            ConfigurationError: not everything could be written; told once.
        """
        ended_at = None if in_doubt else now_ms(self._clock)
        self._writer.put_work(
            _Update("UPDATE run SET ended_at = ?, closed = 1 WHERE id = ?", ended_at, self.runs)
        )
        await self._writer.close()


def _real_path(name: str | os.PathLike[str]) -> Path:
    """Return the file itself: one journal has one lock, whatever link leads to it."""
    return Path(os.path.realpath(name))


@attrs.frozen
class _Facts:
    """What a journal says as it is opened."""

    header: JobHeader
    rows_known: int
    rows_total: int | None
    settled: Mapping[int | None, int]
    surveyed: dict[int, bool]
    runs: int
    listed: bool
    resumed: bool
    unclean: bool
    log_lost: bool
    open_rows: int


class _Update:
    """A statement for the writer to run."""

    __slots__ = ("_sql", "_values")

    def __init__(self, sql: str, *values: object) -> None:
        self._sql = sql
        self._values = values

    def __call__(self, connection: sqlite3.Connection) -> None:
        connection.execute(self._sql, self._values).close()


def _begin_run(
    connection: sqlite3.Connection, writer: Writer, clock: Clock, *, new: bool, log_found: bool
) -> _Facts:
    """Note that the job runs again, and read what the journal knows.

    In one transaction: a run that lost its lock must not write between the two.
    """
    with immediate(connection):
        return _begin_and_read(connection, writer, clock, new=new, log_found=log_found)


def _begin_and_read(
    connection: sqlite3.Connection, writer: Writer, clock: Clock, *, new: bool, log_found: bool
) -> _Facts:
    header = job_header(*read_header(connection))
    rows_total, listed, lost = connection.execute(
        "SELECT rows_total, listed, log_lost FROM job"
    ).fetchone()
    rows_total = values.count_or_none(rows_total, "the number of rows")
    first, last = connection.execute("SELECT min(place), max(place) FROM row").fetchone()
    rows_known = known_rows(first, last, header.rows if rows_total is None else rows_total)
    latest = connection.execute("SELECT ended_at, closed FROM run ORDER BY id DESC LIMIT 1")
    ended, closed = latest.fetchone() or (None, 0)
    unclean = not new and ended is None
    log_lost = bool(lost) or (unclean and not closed and not log_found)
    (open_rows,) = connection.execute(
        "SELECT count(*) FROM row WHERE status IN (?, ?)", (INTENDED, UNKNOWN)
    ).fetchone()
    connection.execute(
        "UPDATE job SET stopped_at = NULL, stopped = NULL, log_lost = ?", (log_lost,)
    )
    connection.execute(
        "INSERT INTO run (pid, version, started_at) VALUES (?, ?, ?)",
        (os.getpid(), __version__, now_ms(clock)),
    )
    (run,) = connection.execute("SELECT max(id) FROM run").fetchone()
    writer.ownership.run = run
    return _Facts(
        header=header,
        rows_known=rows_known,
        rows_total=rows_total,
        settled=settled(header.kind, connection.execute(_COUNTS)),
        surveyed=_surveyed(connection),
        runs=run,
        listed=bool(listed),
        resumed=not new,
        unclean=unclean,
        log_lost=log_lost,
        open_rows=open_rows,
    )


def _surveyed(connection: sqlite3.Connection) -> dict[int, bool]:
    return {
        values.number(account, "the number of an account"): bool(listed)
        for account, listed in connection.execute("SELECT account_id, listed FROM account")
    }


def _note_known(
    account: int, known: Iterable[int] | None, writer: Writer, connection: sqlite3.Connection
) -> None:
    with immediate(connection):
        writer.ownership.check_run(connection)
        pairs = ((account, storable_number(number)) for number in known or ())
        connection.executemany(INSERT_KNOWN, pairs)
        connection.execute("INSERT INTO account VALUES (?, ?)", (account, known is not None))


def _known_ids(account: int, connection: sqlite3.Connection) -> list[int]:
    found = connection.execute("SELECT id FROM known_id WHERE account_id = ?", (account,))
    return ids(number for (number,) in found)


def _result_ids(account: int | None, connection: sqlite3.Connection) -> list[int]:
    found = connection.execute(
        "SELECT result_id FROM row WHERE result_id IS NOT NULL AND account_id IS ? ORDER BY result_id",
        (account,),
    )
    return ids(number for (number,) in found)


def _digests(after: int, connection: sqlite3.Connection) -> list[bytes]:
    found = connection.execute("SELECT digest FROM row WHERE place > ?", (after,))
    return [values.digest(digest) for (digest,) in found]


def _read_range(connection: sqlite3.Connection, places: range) -> dict[int, tuple[Any, ...]]:
    rows = connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM row WHERE place >= ? AND place < ?",  # noqa: S608 - constants
        (places.start, places.stop),
    )
    return {values[0]: values for values in rows}
