"""A thread that writes to a descriptor whose reader may stand still: Ctrl-S, a pager, a pipe that nobody reads."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Pump:
    """Writes what it is given, in order; giving never waits.

    Args:
        descriptor: Written to directly: a thread that hangs in a buffer's write would hang the end of the program too.
        on_failure: Called in the thread when a write fails; nothing more is written then.

    Attributes:
        pending: Bytes that are not written yet.
    """

    def __init__(self, descriptor: int, on_failure: Callable[[OSError], None]) -> None:
        self.pending = 0
        self._descriptor = descriptor
        self._on_failure = on_failure
        self._queue: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._over = False
        threading.Thread(target=self._run, name="voxsip output", daemon=True).start()

    def put(self, data: bytes) -> None:
        """Take bytes to be written."""
        with self._changed:
            if not self._over:
                self._queue.append(data)
                self.pending += len(data)
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until all is written, no longer than so many seconds; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self.pending, seconds)

    def stop(self) -> None:
        """End once what is being written now is written."""
        with self._changed:
            self._over = True
            self._queue.clear()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._over)
                if not self._queue:
                    return
                data = self._queue.popleft()
            try:
                self._write(data)
            except OSError as error:
                self._on_failure(error)
                self.stop()
            with self._changed:
                self.pending = 0 if self._over else self.pending - len(data)
                self._changed.notify_all()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]
