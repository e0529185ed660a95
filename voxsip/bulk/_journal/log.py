"""Rows into SQLite: many in a statement, a statement or more in a transaction, in the order they came.

One statement carries up to 64 rows. `executemany` would give up and win back the interpreter's lock once a row,
and with a busy event loop beside it each turn can take five milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from itertools import chain

from voxsip.bulk._journal.lines import COLUMNS, NAMES, Line, replacing
from voxsip.bulk._journal.ownership import Ownership
from voxsip.bulk._journal.schema import immediate

TRANSACTION_ROWS = 4096
CHECKPOINT_PAGES = 1000
"""Pages in the log, more or less, that are moved to the main file; what SQLite does by itself at moments of its own."""
COMMIT_PAGES = 3
ROWS_A_PAGE = 20
_STATEMENT_ROWS = (64, 8, 1)

_UPSERT = f"INSERT INTO row ({NAMES}) VALUES %s ON CONFLICT (place) {replacing('row')}"  # noqa: S608 - made of constants
_VALUES = f"({', '.join('?' * len(COLUMNS))})"
_STATEMENTS = {rows: _UPSERT % ", ".join([_VALUES] * rows) for rows in _STATEMENT_ROWS}


class Log:
    """Writes a queue of rows through a connection.

    Args:
        ownership: Asked before every commit whether the journal is still ours.
    """

    __slots__ = ("_connection", "_forced", "_ownership", "_pages", "_unforced")

    def __init__(self, connection: sqlite3.Connection, ownership: Ownership) -> None:
        self._connection = connection
        self._ownership = ownership
        self._unforced = False
        self._pages = 0
        self._force(on=False)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # at moments of our own
        connection.execute("PRAGMA cache_size = -512")  # KiB: rows are appended, few pages are read
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone leaves data in the drive
        connection.execute("PRAGMA checkpoint_fullfsync = ON")

    def write(self, queue: deque[Line], *, durable: bool) -> None:
        """Commit the rows that are in the queue now, oldest first.

        Args:
            queue: others may keep adding to its end.
            durable: return only when these rows, and all before them, are on the disk itself.
        """
        left = len(queue)
        while left:
            rows = [queue.popleft() for _ in range(min(left, TRANSACTION_ROWS))]
            left -= len(rows)
            self._force(on=durable and not left)
            self._commit(rows)
        if durable and self._unforced:
            self._checkpoint()  # begins by forcing the log to the disk
            self._unforced = False
        elif self._pages > CHECKPOINT_PAGES:
            self._checkpoint()

    def _checkpoint(self) -> None:
        with self._ownership.checkpoint(self._connection):
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        self._pages = 0

    def _commit(self, rows: list[Line]) -> None:
        with immediate(self._connection):
            self._ownership.check_run(self._connection)
            done = 0
            for size in _STATEMENT_ROWS:
                while len(rows) - done >= size:
                    values = tuple(chain.from_iterable(rows[done : done + size]))
                    self._connection.execute(_STATEMENTS[size], values)
                    done += size
        self._unforced = not self._forced
        self._pages += COMMIT_PAGES + len(rows) // ROWS_A_PAGE

    def _force(self, *, on: bool) -> None:
        """Choose whether the next commit waits for the disk, and all before it with it."""
        self._forced = on
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if on else 'NORMAL'}")
