"""The end of SQLite's log, by its content: times of files have ticks of milliseconds, in which others may write too.

Each frame of a log carries a checksum of all before it, so its header and that of the last commit tell one state of the
log from every other. No lock is on the log: unlike the main file it may be opened and closed beside the connection.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

_HEADER = 32
_FRAME = 24
_SALTS = slice(8, 16)
"""In a frame's header; in that of the log they begin eight bytes later."""
_IS_COMMIT = slice(4, 8)
Mark = tuple[bytes, bytes]
"""Headers of the log and of its last commit; empty if there is none."""


class LogTail:
    """Where a log ends, as far as it was followed."""

    __slots__ = ("_frames", "_mark", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames = 0
        self._mark: Mark = (b"", b"")

    def is_whole(self) -> bool:
        """Returns whether the log still has the content that was followed last."""
        with self._opened() as log:
            return self._at(log) == self._mark

    def follow(self) -> bool:
        """Read on to the last commit; returns whether the content before it is intact."""
        with self._opened() as log:
            before, now = self._mark, self._at(log)
            header = now[0]
            if header != before[0]:
                self._frames = 0
            number = self._frames
            while frame := self._frame(log, header, number + 1):
                number += 1
                if any(frame[_IS_COMMIT]):
                    self._frames = number
            self._mark = header, self._frame(log, header, self._frames)
        return now == before or header != before[0]

    def _opened(self) -> io.RawIOBase | io.BytesIO:
        try:
            log = os.open(self._path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError:
            return io.BytesIO()
        return open(log, "rb", buffering=0)  # noqa: PTH123 - a descriptor

    def _at(self, log: io.RawIOBase | io.BytesIO) -> Mark:
        """Return the log's header, and that of the frame that was followed to."""
        header = log.read(_HEADER) or b""
        return header, self._frame(log, header, self._frames)

    @staticmethod
    def _frame(log: io.RawIOBase | io.BytesIO, header: bytes, number: int) -> bytes:
        """Return the header of a frame, counted from 1; nothing if it is none of this log."""
        if not number or len(header) < _HEADER:
            return b""
        size = _FRAME + int.from_bytes(header[8:12])
        log.seek(_HEADER + (number - 1) * size)
        frame = log.read(_FRAME) or b""
        return frame if len(frame) == _FRAME and frame[_SALTS] == header[16:24] else b""
