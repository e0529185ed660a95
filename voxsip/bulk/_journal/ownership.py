"""Whether a journal is still this process's own: the files it opened, as it left them, and no run after its own.

The lock beside the journal can be deleted, and the journal itself moved away, replaced, overwritten in place or cut. All of
it is noticed before anything is written on, and thus before another purchase leaves.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.log_tail import LogTail

State = tuple[int, ...]
_TELLS_TIME = sys.platform != "win32"
"""Windows tells the time of the last change late while a file is open."""


class Ownership:
    """What tells that nobody else has taken the journal over.

    The log changes as something is committed, the main file only in a checkpoint, which is short and rare: whatever else
    changes them, at any moment, is somebody else. One who commits by SQLite's own rules does no harm, and is left to
    `check_run`.

    Attributes:
        run: Number of this run, once it is written down.
        lost: Whether a file was found to be another one, or to have been written by somebody else.
    """

    __slots__ = ("_commits", "_log", "_log_path", "_main", "_path", "_tail", "lost", "run")

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.run: int | None = None
        self.lost = False
        self._path = path
        self._commits = _count_commits(connection)
        self._log_path = path.with_name(path.name + "-wal")
        self._main = _state(path)
        self._log: State | None = None
        self._tail = LogTail(self._log_path)
        self._tail.follow()

    def check_files(self, connection: sqlite3.Connection) -> None:
        """Refuse to continue if others changed journal or log; some microseconds."""
        main, log = _state(self._path), _state(self._log_path)
        if self._log is None:
            self._log = log
        same = (main, log) == (self._main, self._log)
        if main is None or not same or not self._tail.is_whole():
            self._accept(connection, main, log)

    def wrote(self) -> None:
        """Note how the log is after what was committed."""
        log = _state(self._log_path)
        whole = self._tail.follow()
        if self._log is not None and not (whole and _is_same_file(log, self._log)):
            self._lose()
        self._log = log

    @contextmanager
    def checkpoint(self, connection: sqlite3.Connection) -> Iterator[None]:
        """Run a checkpoint, unless others changed the main file."""
        main = _state(self._path)
        if main != self._main:
            self._accept(connection, main, self._log)
        yield
        self._main = _state(self._path)

    def _accept(
        self, connection: sqlite3.Connection, main: State | None, log: State | None
    ) -> None:
        """Take the files as they are if a commit of another connection made them so."""
        commits = _count_commits(connection)
        same = _is_same_file(main, self._main) and _is_same_file(log, self._log)
        if not same or commits == self._commits:
            self._lose()
        self._main, self._log, self._commits = main, log, commits
        self._tail.follow()

    def _lose(self) -> None:
        self.lost = True
        raise ConfigurationError(
            f"journal {self._path}: it, or its -wal file, was removed or replaced while the job ran, or written by"
            " another program: put back what you have of both, then resume; rows bought meanwhile are looked for"
        )

    def check_run(self, connection: sqlite3.Connection) -> None:
        """Refuse to commit if another process has begun a run; within the transaction."""
        if self.run is None:
            return
        (latest,) = connection.execute("SELECT max(id) FROM run").fetchone()
        if latest != self.run:
            raise ConfigurationError(
                f"journal {self._path}: another process has resumed the job while it ran here (its .lock file was"
                " removed?): this run stops, let the other one end"
            )


def _count_commits(connection: sqlite3.Connection) -> int | None:
    """Return what changes whenever another connection commits, and only then."""
    with suppress(sqlite3.Error):
        return int(connection.execute("PRAGMA data_version").fetchone()[0])
    return None


def _is_same_file(now: State | None, before: State | None) -> bool:
    return now is not None and before is not None and now[:2] == before[:2]


def _state(path: Path) -> State | None:
    with suppress(OSError):
        status = path.stat()
        changed = status.st_mtime_ns if _TELLS_TIME else 0
        return status.st_dev, status.st_ino, status.st_size, changed
    return None
