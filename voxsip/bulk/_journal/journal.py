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

from typing_extensions import override

from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError
from voxsip._version import __version__
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import (
    ids,
    job_header,
    known_rows,
    restored_rows,
    settled,
    total_rows,
)
from voxsip.bulk._journal.interface import Facts, JobHeader, Journal, RestoredRow
from voxsip.bulk._journal.lines import NAMES, Line
from voxsip.bulk._journal.lock import JournalLock
from voxsip.bulk._journal.schema import (
    INSERT_KNOWN,
    OWN,
    connect,
    create_file,
    immediate,
    read_header,
)
from voxsip.bulk._journal.thread import JournalThread
from voxsip.bulk._journal.values import (
    INTENDED,
    UNKNOWN,
    now_ms,
    storable_number,
    storable_text,
)
from voxsip.bulk._journal.writer import Driver, Writer

_COUNTS = "SELECT status, error_code, account_id, count(*) FROM row GROUP BY 1, 2, 3"


async def create_journal(
    path: str | os.PathLike[str],
    header: JobHeader,
    *,
    known: Iterable[int] | None = None,
    clock: Clock = SYSTEM,
    driver: Callable[[Writer], Driver] = JournalThread,
) -> FileJournal:
    """Make a new journal and open it.

    Raises:
        ConfigurationError: the file exists, another process is at it, or it cannot be made.
    """

    def prepare(file: Path) -> None:
        create_file(file, header, clock, known)

    return await _open(path, prepare, clock, driver)


async def open_journal(
    path: str | os.PathLike[str],
    *,
    clock: Clock = SYSTEM,
    driver: Callable[[Writer], Driver] = JournalThread,
) -> FileJournal:
    """Open an existing journal to resume its job.

    Raises:
        ConfigurationError: no such file, not a journal, damaged, of a newer format, or in use.
    """
    return await _open(path, None, clock, driver)


async def _open(
    name: str | os.PathLike[str],
    prepare: Callable[[Path], None] | None,
    clock: Clock,
    driver: Callable[[Writer], Driver],
) -> FileJournal:
    # One journal has one lock, whatever link leads to it.
    path = Path(os.path.realpath(name))  # noqa: ASYNC240 - one look
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

    def begin_run(connection: sqlite3.Connection) -> Facts:
        with immediate(connection):  # a run that lost its lock must not write between the two
            facts = _read_facts(connection, new=prepare is not None, log_found=log_found)
            _note_run(connection, facts, clock)
        writer.ownership.run = facts.runs
        return facts

    writer = Writer(path, opening, unlocking, driver)
    try:
        return FileJournal(path, await writer.start(begin_run), clock, writer)
    except ConfigurationError:
        if not in_use:
            raise
    raise in_use.pop()


class FileJournal(Journal):
    """One job's journal in a file. Made by `create_journal` and `open_journal`."""

    path: Path
    _text = staticmethod(storable_text)
    _number = staticmethod(storable_number)

    def __init__(self, path: Path, facts: Facts, clock: Clock, writer: Writer) -> None:
        super().__init__(path, facts, clock)
        self._writer = writer
        weakref.finalize(self, writer.abandon)  # an unclosed journal: also at exit

    @override
    async def intend(
        self, index: int, digest: bytes, key: str, account_id: int | None = None
    ) -> None:
        self._put(self._intent(index, digest, key, account_id))
        await self._writer.durable()

    @override
    def _put(self, line: Line) -> None:
        self._writer.put(line)

    @override
    async def room(self) -> None:
        await self._writer.room()

    @override
    async def _read(self, places: range) -> Mapping[int, RestoredRow]:
        query = f"SELECT {NAMES} FROM row WHERE place >= ? AND place < ?"  # noqa: S608 - constants
        lines = await self._writer.run(_statement(query, places.start, places.stop))
        return restored_rows(self.path, lines)

    @override
    async def digests(self, after: int) -> Iterable[bytes]:
        return await self._writer.run(partial(_digests, after))

    @override
    async def begin(self) -> None:
        """Have the main file alone tell that this run has begun."""
        await self._writer.run(self._writer.checkpoint)

    @override
    async def note_known(self, account_id: int, known: Iterable[int] | None) -> None:
        """Note it in the main file, whatever becomes of the log."""
        await self._writer.run(partial(_note_known, account_id, known, self._writer))
        await self._writer.run(self._writer.checkpoint)
        self.surveyed.add(account_id)

    @override
    async def known_ids(self, account_id: int | None = None) -> list[int] | None:
        return await self._writer.run(partial(_known_ids, account_id))

    @override
    async def result_ids(self, account_id: int | None = None) -> list[int]:
        return await self._writer.run(partial(_result_ids, account_id))

    @override
    def ended(self, rows: int) -> None:
        self.rows_total = rows
        self._update("UPDATE job SET rows_total = ?", rows)

    @override
    def stopped(self, reason: str | None) -> None:
        self._update("UPDATE job SET stopped_at = ?, stopped = ?", now_ms(self._clock), reason)

    @override
    async def flush(self) -> None:
        await self._writer.durable()

    @override
    async def close(self, *, in_doubt: bool = False) -> None:
        ended_at = None if in_doubt else now_ms(self._clock)
        self._update("UPDATE run SET ended_at = ?, closed = 1 WHERE id = ?", ended_at, self.runs)
        await self._writer.close()

    def _update(self, statement: str, *given: object) -> None:
        self._writer.put_work(_statement(statement, *given))


def _statement(statement: str, *given: object) -> Callable[[sqlite3.Connection], list[Any]]:
    """Return work for the writer: to run a statement and return its rows."""
    return lambda connection: connection.execute(statement, given).fetchall()


def _read_facts(connection: sqlite3.Connection, *, new: bool, log_found: bool) -> Facts:
    header = job_header(*read_header(connection))
    rows_total, lost = connection.execute("SELECT rows_total, log_lost FROM job").fetchone()
    rows_total, total = total_rows(header, rows_total)
    first, last = connection.execute("SELECT min(place), max(place) FROM row").fetchone()
    latest = connection.execute("SELECT id, ended_at, closed FROM run ORDER BY id DESC LIMIT 1")
    runs, ended, closed = latest.fetchone() or (0, None, 0)
    unclean = not new and ended is None
    (open_rows,) = connection.execute(
        "SELECT count(*) FROM row WHERE status IN (?, ?)", (INTENDED, UNKNOWN)
    ).fetchone()
    surveyed = connection.execute("SELECT account_id FROM account")
    return Facts(
        header=header,
        runs=runs + 1,
        rows_known=known_rows(first, last, total),
        rows_total=rows_total,
        settled=settled(header.kind, connection.execute(_COUNTS)),
        surveyed={values.number(account, "the number of an account") for (account,) in surveyed},
        open_rows=open_rows,
        resumed=not new,
        unclean=unclean,
        log_lost=bool(lost) or (unclean and not closed and not log_found),
    )


def _note_run(connection: sqlite3.Connection, facts: Facts, clock: Clock) -> None:
    """Note that the job runs again."""
    connection.execute(
        "UPDATE job SET stopped_at = NULL, stopped = NULL, log_lost = ?", (facts.log_lost,)
    )
    connection.execute(
        "INSERT INTO run (id, pid, version, started_at) VALUES (?, ?, ?, ?)",
        (facts.runs, os.getpid(), __version__, now_ms(clock)),
    )


def _note_known(
    account: int, known: Iterable[int] | None, writer: Writer, connection: sqlite3.Connection
) -> None:
    with immediate(connection):
        writer.ownership.check_run(connection)
        pairs = ((account, storable_number(number)) for number in known or ())
        connection.executemany(INSERT_KNOWN, pairs)
        connection.execute("INSERT INTO account VALUES (?, ?)", (account, known is not None))


def _known_ids(account: int | None, connection: sqlite3.Connection) -> list[int] | None:
    (listed,) = connection.execute(
        "SELECT listed FROM account WHERE account_id = ? UNION ALL SELECT listed FROM job WHERE ? IS NULL",
        (account, account),
    ).fetchone()
    found = connection.execute("SELECT id FROM known_id WHERE account_id = ?", (account or OWN,))
    return ids(number for (number,) in found) if listed else None


def _result_ids(account: int | None, connection: sqlite3.Connection) -> list[int]:
    found = connection.execute(
        "SELECT result_id FROM row WHERE result_id IS NOT NULL AND account_id IS ? ORDER BY result_id",
        (account,),
    )
    return ids(number for (number,) in found)


def _digests(after: int, connection: sqlite3.Connection) -> list[bytes]:
    found = connection.execute("SELECT digest FROM row WHERE place > ?", (after,))
    return [values.digest(digest) for (digest,) in found]
