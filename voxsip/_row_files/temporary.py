"""A temporary file to copy rows to."""

from __future__ import annotations

import contextlib
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def temporary() -> Iterator[tuple[IO[bytes], Callable[[], IO[bytes]]]]:
    """Give a temporary file, closed at the end unless it is kept.

    Yields:
        The file, and a function that returns it once all is written, to be closed by the caller.

    Raises:
        OSError: It cannot be made, or there is no room for all.
    """
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - closed below, or by who keeps it
    kept = False

    def keep() -> IO[bytes]:
        nonlocal kept
        copy.flush()
        kept = True
        return copy

    try:
        yield copy, keep
    finally:
        if not kept:
            with contextlib.suppress(OSError):  # what is not written is not missed
                copy.close()
