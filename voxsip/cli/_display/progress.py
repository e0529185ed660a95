"""How fast a job goes, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SPAN = 10.0


class ProgressMeter:
    """The rate over the last ten seconds, fed with counts as they grow."""

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._count = 0
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), 0)])

    def feed(self, count: int, restored: int = 0) -> None:
        """Take in how many rows have ended; those that an earlier run did are no speed.

        A part that another worker continues counts from 0 again, while it reads what was done.
        """
        now = self._clock()
        self._count = count
        self._seen.append((now, max(self._seen[-1][1], count - restored)))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _SPAN:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Rows per second."""
        (first, before), (last, count) = self._seen[0], self._seen[-1]
        return (count - before) / (last - first) if last > first else 0.0

    @property
    def left(self) -> float | None:
        """Seconds left at this rate, or None if nothing tells."""
        return max(0, self._total - self._count) / self.rate if self.rate > 0 else None


def duration(seconds: float | None) -> str:
    """Write seconds as people read them: 8 s, 3:05, 1:02:03; "?" for None."""
    if seconds is None:
        return "?"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def time_left(seconds: float | None) -> str:
    """Write the time left; never 0 s while there is something to do."""
    return duration(seconds if seconds is None or seconds <= 0 else max(1.0, seconds))
