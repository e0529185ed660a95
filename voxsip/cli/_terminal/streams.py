"""Standard output and error that may fail: the reader died, the disk is full, the descriptor is closed.

`guarded_streams` stands before both for the life of a command. A stream that fails is silent from then on: its
descriptor leads to the null device, so that nothing fails a second time, not even at exit. What a failure means for
the command is said by `tolerate_lost_output`: a job continues, everything else ends with `OutputLost`.

A reader may also stand still. From `unblock_output` on a thread writes, so that a job's event loop never waits for a
reader. What people read is dropped when too much of it waits; events are not: their writer asks for `room`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voxsip.cli._terminal.pump import Pump

MOST_TEXT = 1 << 20
"""Bytes for people that may wait for their reader; what is more is dropped."""
MOST_EVENTS = 1 << 26
"""Bytes of events that may wait for their reader before a job sends no further row."""
BEHIND = 1 << 16
"""Waiting bytes from which a reader counts as slow, and is not told of progress."""
_LOOK = 0.02


class OutputLost(Exception):  # noqa: N818 - an event, like a signal
    """Standard output cannot be written any more.

    Attributes:
        reader_gone: True if its reader has ended, False after another failure such as a full disk.
    """

    def __init__(self, reason: str, *, reader_gone: bool) -> None:
        super().__init__(f"standard output cannot be written: {reason}")
        self.reader_gone = reader_gone

    def tell(self) -> int:
        """Print it, unless the reader has seen enough; return the exit code."""
        if self.reader_gone:
            return 130
        print(f"voxsip: {self}", file=sys.stderr)
        return 1


class GuardedStream:
    """A text stream whose first failure silences it.

    Args:
        stream: The stream; None if its descriptor was closed before the program began.
        number: Its descriptor.
        tolerant: Do not raise.

    Attributes:
        lost: The error with which it failed, or None.
    """

    def __init__(self, stream: TextIO | None, number: int, *, tolerant: bool) -> None:
        self.lost: OutputLost | None = None
        self.tolerant = tolerant
        self._number = number
        self._stand_in: TextIO | None = None
        self._pump: Pump | None = None
        self._lossless = False
        self._buffered: io.BufferedWriter | None = None
        if stream is None:
            self.lost = OutputLost("it is closed", reader_gone=False)
            stream = self._stand_in = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed by release()
        elif isinstance(raw := getattr(stream, "buffer", None), io.RawIOBase):
            # PYTHONUNBUFFERED: what a pipe or a full disk does not take at once would be lost without notice.
            self._buffered = io.BufferedWriter(raw)
            stream = io.TextIOWrapper(self._buffered, stream.encoding, stream.errors)
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text; silently drop it after a failure."""
        if self.lost is None:
            if self._pump is not None:
                if self._lossless or self._pump.pending < MOST_TEXT:
                    self._pump.put(text.encode(self._stream.encoding, "backslashreplace"))
                return len(text)
            try:
                self._stream.write(text)
                if self._buffered is not None:
                    self._stream.flush()
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
        if self.lost is None and self._pump is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(error)

    @property
    def pending(self) -> int:
        """Bytes that wait for the reader."""
        return 0 if self._pump is None else self._pump.pending

    def unblock(self, *, lossless: bool) -> None:
        """Write in a thread from now on, where the system writes bytes to descriptors.

        Args:
            lossless: Drop nothing, however much waits.
        """
        self._lossless = self._lossless or lossless
        if self._pump is not None or self.lost is not None or sys.platform == "win32":
            return
        with contextlib.suppress(OSError, ValueError, AttributeError):
            descriptor = self._stream.fileno()
            self.flush()
            from voxsip.cli._terminal.pump import Pump  # noqa: PLC0415 - only for jobs

            self._pump = Pump(descriptor, self._lose)

    def drain(self, given_up: threading.Event) -> bool:
        """Wait until all is written, and write directly again; False if that was given up."""
        pump = self._pump
        if pump is None:
            return True
        with contextlib.suppress(KeyboardInterrupt):
            while not pump.wait(_LOOK) and not given_up.is_set():
                pass
        pump.stop()
        self._pump = None
        if pump.pending and self.lost is None:
            self.lost = OutputLost("nobody reads it", reader_gone=True)
            return False
        return True

    def release(self) -> None:
        """Close what stands in for a stream, and leave the stream itself open."""
        if self._buffered is not None:
            with contextlib.suppress(OSError, ValueError):
                cast("io.TextIOWrapper", self._stream).detach()
                self._buffered.detach()
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
        if not self.tolerant and self._pump is None:
            raise self.lost from None


def open_closed_descriptors() -> None:
    """Open the null device as 0, 1 and 2 if closed; no journal may get these numbers."""
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
        drain_output()
        sys.stdout, sys.stderr = before
        out.release()
        err.release()


def tolerate_lost_output() -> None:
    """Let the command continue when standard output fails: its work matters more."""
    if isinstance(sys.stdout, GuardedStream):
        sys.stdout.tolerant = True


_given_up = threading.Event()


def unblock_output(*, events: bool) -> None:
    """Let a job's event loop wait for no reader from now on.

    Args:
        events: Standard output is for events, none of which is dropped.
    """
    _given_up.clear()
    for stream, lossless in ((sys.stdout, events), (sys.stderr, False)):
        if isinstance(stream, GuardedStream):
            stream.unblock(lossless=lossless)


def is_behind() -> bool:
    """Returns whether a reader is slow: it need not be told of progress."""
    return _pending() > BEHIND


async def room(stopped: Callable[[], bool]) -> None:
    """Return once few enough events wait for their reader, or when `stopped` says so."""
    while _pending() > MOST_EVENTS and not stopped():  # noqa: ASYNC110 - a thread reads on
        await asyncio.sleep(_LOOK)


def _pending() -> int:
    streams = (sys.stdout, sys.stderr)
    return max(one.pending if isinstance(one, GuardedStream) else 0 for one in streams)


def drain_output() -> bool:
    """Wait until all is written; return False if `give_up_output` was called first."""
    streams = [one for one in (sys.stdout, sys.stderr) if isinstance(one, GuardedStream)]
    drained = [one.drain(_given_up) for one in streams]
    return all(drained)


def give_up_output() -> None:
    """Wait for no reader any more; from a signal handler, for example."""
    _given_up.set()


def lost_output() -> OutputLost | None:
    """Return how standard output failed, or None."""
    return sys.stdout.lost if isinstance(sys.stdout, GuardedStream) else None
