"""Standard output and error that may fail: the reader died, the disk is full, the descriptor is closed.

`guarded_streams` stands before both for the life of a command. A stream that fails is silent from then on: its
descriptor leads to the null device, so that nothing fails a second time, not even at exit. What a failure means for
the command is said by `tolerate_lost_output`: a job goes on, everything else ends with `OutputLost`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator


class OutputLost(Exception):  # noqa: N818 - an event, like a signal
    """Standard output cannot be written any more.

    Attributes:
        reader_gone: True if whoever read it has ended, False if the disk is full or the like.
    """

    def __init__(self, reason: str, *, reader_gone: bool) -> None:
        super().__init__(f"standard output cannot be written: {reason}")
        self.reader_gone = reader_gone


class GuardedStream:
    """A text stream whose first failure silences it.

    Args:
        stream: The stream; None if its descriptor was closed before the program began.
        number: Its descriptor.
        tolerant: Do not raise.

    Attributes:
        lost: How it failed, or None.
    """

    def __init__(self, stream: TextIO | None, number: int, *, tolerant: bool) -> None:
        self.lost: OutputLost | None = None
        self.tolerant = tolerant
        self._number = number
        self._stand_in: TextIO | None = None
        if stream is None:
            self.lost = OutputLost("it is closed", reader_gone=False)
            stream = self._stand_in = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed by release()
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; silently drop it after a failure."""
        if self.lost is None:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self._lose(error)
        elif not self.tolerant:
            raise self.lost
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write several texts."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Hand on what is buffered."""
        if self.lost is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(error)

    def release(self) -> None:
        """Close what stands in for a stream that was closed from the start."""
        if self._stand_in is not None:
            self._stand_in.close()

    def _lose(self, error: Exception) -> None:
        # A terminal that was hung up answers with an input/output error.
        gone = isinstance(error, BrokenPipeError | ConnectionError)
        self.lost = OutputLost(getattr(error, "strerror", None) or "it is closed", reader_gone=gone)
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if self._stream.fileno() == self._number:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, self._number)
                os.close(null)
        if not self.tolerant:
            raise self.lost from None


def open_closed_descriptors() -> None:
    """Give 0, 1 and 2 to the null device if they are closed; a journal must not get one of these numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            if (
                os.open(os.devnull, os.O_RDWR) != number
            ):  # pragma: no cover - the lowest free one is given
                return


@contextlib.contextmanager
def guarded_streams() -> Iterator[None]:
    """Stand before standard output and error."""
    before = sys.stdout, sys.stderr
    for stream in before:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            # A terminal that knows no "é" is no error; a pipe that never waits would lose half a line.
            cast("Any", stream).reconfigure(errors="backslashreplace")
            os.set_blocking(stream.fileno(), True)
    out = GuardedStream(sys.stdout, 1, tolerant=False)
    err = GuardedStream(sys.stderr, 2, tolerant=True)
    sys.stdout, sys.stderr = cast("TextIO", out), cast("TextIO", err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        out.release()
        err.release()


def tolerate_lost_output() -> None:
    """Let the command go on when standard output fails: what it does matters more than what it says."""
    if isinstance(sys.stdout, GuardedStream):
        sys.stdout.tolerant = True


def lost_output() -> OutputLost | None:
    """Return how standard output failed, or None."""
    return sys.stdout.lost if isinstance(sys.stdout, GuardedStream) else None
