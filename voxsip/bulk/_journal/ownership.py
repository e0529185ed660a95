"""Whether a journal is still this process's own: the file it opened, and no run after its own.

The lock beside the journal can be deleted, and the journal itself moved away or replaced. Both are noticed before
anything is written on, and thus before another purchase leaves.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from voxsip._errors import ConfigurationError

Identity = tuple[int, int]


class Ownership:
    """What tells that nobody else has taken the journal over.

    Args:
        path: The journal, open already.

    Attributes:
        run: Number of this run, once it is written down.
    """

    __slots__ = ("_file", "_log", "_path", "run")

    def __init__(self, path: Path) -> None:
        self.run: int | None = None
        self._path = path
        self._file = _identity(path)
        self._log: Identity | None = None

    def check_files(self) -> None:
        """Look whether journal and log are the files that were opened; some microseconds.

        Raises:
            ConfigurationError: One was removed or replaced.
        """
        log = _identity(self._path.with_name(self._path.name + "-wal"))
        if self._log is None:
            self._log = log
        if self._file is None or _identity(self._path) != self._file or log != self._log:
            raise ConfigurationError(
                f"journal {self._path}: it, or its -wal file, was removed or replaced while the job ran: put back"
                " what you have of both, then resume; rows bought meanwhile are looked for"
            )

    def check_run(self, connection: sqlite3.Connection) -> None:
        """Look whether another process has begun a run, within the transaction that is to be committed.

        Raises:
            ConfigurationError: One has.
        """
        if self.run is None:
            return
        (latest,) = connection.execute("SELECT max(id) FROM run").fetchone()
        if latest != self.run:
            raise ConfigurationError(
                f"journal {self._path}: another process has resumed the job while it ran here (its .lock file was"
                " removed?): this run stops, let the other one end"
            )


def _identity(path: Path) -> Identity | None:
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None
