"""One process per journal: an advisory lock on a file beside it.

It keeps a second process from starting by mistake. Where the file is deleted under a running job, the journal itself
tells (`Ownership`). The lock sits on a file of its own, `<journal>.lock`, and never on the database: on POSIX, closing any
descriptor of the database file would drop the locks SQLite itself holds on it in this process.
The kernel gives the lock back when its holder dies, however it dies. The file holds the holder's pid
for people to read; the lock, not the file, is what counts.
"""

from __future__ import annotations

import errno
import os
import sys
import time
import weakref
from contextlib import suppress
from pathlib import Path

from voxsip._clock import SYSTEM
from voxsip._errors import ConfigurationError

if sys.platform == "win32":  # pragma: no cover - the CI machines are POSIX
    import msvcrt

    _FAR = 1 << 30
    # Locks are mandatory there: lock a byte that nobody reads, so that the pid stays readable.

    def _try_lock(fd: int) -> None:
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)

    def _unlock(fd: int) -> None:
        os.lseek(fd, _FAR, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A link in the lock's place is not followed: what it leads to would be overwritten."""
_PROBE_GRACE = 0.2
"""Seconds to keep trying: somebody asking `is_locked` holds the lock for an instant."""

_TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK, errno.ENOENT}
"""What the system says where someone else holds the lock, or has just removed its file."""

_held: weakref.WeakSet[JournalLock] = weakref.WeakSet()


class JournalLock:
    """The lock of one journal, held from construction to `release`.

    Raises:
        ConfigurationError: another job holds it (its pid is in the message), or the file cannot be made.
    """

    __slots__ = ("__weakref__", "_fd", "path")

    def __init__(self, journal: Path) -> None:
        self.path = lock_path(journal)
        self._fd: int | None = None
        give_up = SYSTEM.monotonic() + _PROBE_GRACE
        while (fd := self._attempt(journal)) is None:
            if SYSTEM.monotonic() > give_up:
                error = ConfigurationError(
                    f"journal {journal} is in use by {_holder(self.path)}: "
                    "wait for that job to end, or stop it"
                )
                error.in_use = True
                raise error
            time.sleep(0.01)
        self._fd = fd
        _held.add(self)

    def _attempt(self, journal: Path) -> int | None:
        """Return a descriptor that holds the lock, or None if someone else does."""
        try:
            fd = os.open(self.path, os.O_CREAT | _FLAGS, 0o600)
        except OSError as error:
            raise _cannot_lock(journal, error) from None
        try:
            _try_lock(fd)
            # A holder removes the file as it leaves: what was locked must be what others will open.
            if os.fstat(fd).st_ino == self.path.stat().st_ino:
                os.ftruncate(fd, 0)
                os.lseek(fd, 0, os.SEEK_SET)
                os.write(fd, f"{os.getpid()}\n".encode())
                return fd
        except OSError as error:
            if error.errno not in _TAKEN:
                os.close(fd)
                raise _cannot_lock(journal, error) from None
        os.close(fd)
        return None

    def release(self) -> None:
        """Give the lock back and remove its file; twice is once."""
        fd, self._fd = self._fd, None
        _held.discard(self)
        if fd is None:
            return
        with suppress(OSError):  # Windows removes no open file: it stays, and does no harm
            if (
                os.fstat(fd).st_ino == self.path.stat().st_ino
            ):  # else it is another process's by now
                self.path.unlink()
        with suppress(OSError):
            _unlock(fd)
        os.close(fd)

    def _leave_to_parent(self) -> None:
        """Close the descriptor that a fork copied, which would keep the lock."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def lock_path(journal: Path) -> Path:
    """Return the path of a journal's lock file."""
    return journal.with_name(journal.name + ".lock")


def is_locked(journal: Path) -> bool:
    """Returns whether a job of any process holds the journal; makes no file."""
    try:
        fd = os.open(lock_path(journal), _FLAGS)
    except OSError as error:
        # What exists and cannot be opened by this process belongs to another job.
        return error.errno not in {errno.ENOENT, errno.ELOOP}
    try:
        _try_lock(fd)
    except OSError:
        return True
    else:
        _unlock(fd)
        return False
    finally:
        os.close(fd)


def _cannot_lock(journal: Path, error: OSError) -> ConfigurationError:
    if error.errno == errno.ENOENT:
        return ConfigurationError(f"journal {journal}: there is no folder {journal.parent}")
    if error.errno == errno.ELOOP:
        return ConfigurationError(
            f"journal {journal}: {lock_path(journal)} is a symbolic link: remove it"
        )
    return ConfigurationError(f"journal {journal}: cannot lock it: {error.strerror or error}")


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return f"process {int(path.read_text(encoding='ascii'))}"
    return "another process"


def _after_fork() -> None:
    for lock in list(_held):
        lock._leave_to_parent()  # noqa: SLF001 - the module's own class
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
