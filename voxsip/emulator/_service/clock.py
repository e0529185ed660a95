"""The server's clock: a source of seconds, moved by an offset."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Return the emulated server's time.

    Args:
        source: gives seconds since the epoch; tests put their own here.
        offset: seconds by which the server is ahead of the source; may change while it runs.

    Attributes:
        skew: seconds that a fault adds while the request is served that it applies to.
    """

    __slots__ = ("_date", "_date_second", "offset", "skew", "source")

    def __init__(self, source: Callable[[], float] = time.time, offset: float = 0.0) -> None:
        self.source: Callable[[], float] = source
        self.offset: float = offset
        self.skew: float = 0.0
        self._date_second = -1
        self._date = ""

    def now(self) -> float:
        """Return seconds since the epoch, offset and skew included."""
        return self.source() + self.offset + self.skew

    def utc(self) -> datetime:
        """Return the same moment as an aware datetime."""
        return datetime.fromtimestamp(self.now(), UTC)

    def http_date(self) -> str:
        """Return the value of a `Date` header, formatted once a second."""
        second = int(self.now())
        if second != self._date_second:
            self._date = formatdate(second, usegmt=True)
            self._date_second = second
        return self._date
