"""How many attempts a second the server accepts and throttles: sums in which older attempts count less and less."""

from __future__ import annotations

import math

MEMORY = 2.0
"""Seconds after which an attempt counts for a third."""
SHORTEST = 0.1
"""Seconds that a rate is drawn from at least: the first rows arrive all at once."""


class Throughput:
    """Counts attempts; memory and cost do not depend on how many there are.

    Attributes:
        seconds: The time that was seen, weighted as the attempts are; at most `MEMORY`.
    """

    __slots__ = ("_accepted", "_at", "_throttled", "seconds")

    def __init__(self) -> None:
        self._accepted = self._throttled = self.seconds = 0.0
        self._at: float | None = None

    def add(self, now: float, *, accepted: bool = True) -> None:
        """Count one attempt: accepted, or throttled."""
        kept = 1.0 if self._at is None else math.exp((self._at - now) / MEMORY)
        self._at = now
        self._accepted = self._accepted * kept + accepted
        self._throttled = self._throttled * kept + (not accepted)
        self.seconds = self.seconds * kept + MEMORY * (1.0 - kept)

    @property
    def rate(self) -> float:
        """Attempts per second that were accepted lately."""
        return self._accepted / max(self.seconds, SHORTEST)

    @property
    def throttled_share(self) -> float:
        """Part of the attempts that was throttled lately."""
        return self._throttled / max(self._accepted + self._throttled, SHORTEST)
