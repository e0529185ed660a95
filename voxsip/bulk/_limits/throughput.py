"""How many rows a second the server accepts, seen over the last seconds in a ring of counters."""

from __future__ import annotations

SLOT = 0.1
"""Seconds that one counter covers."""
_SLOTS = 50
_SHORT = 10
_ENOUGH = 50


class Throughput:
    """Counts events; memory and cost do not depend on how many there are."""

    __slots__ = ("_counts", "_slot", "_started")

    def __init__(self) -> None:
        self._counts = [0] * _SLOTS
        self._slot = 0
        self._started: float | None = None

    def add(self, now: float) -> None:
        """Count one event."""
        slot = int(now / SLOT)
        if slot != self._slot:
            self._advance(slot, now)
        if slot == self._slot:  # not what came in while `restart` looks ahead
            self._counts[slot % _SLOTS] += 1

    def restart(self, now: float) -> None:
        """Forget everything seen: counting begins at `now`, which may lie ahead."""
        self._counts = [0] * _SLOTS
        self._slot = int(now / SLOT)
        self._started = now

    def rate(self, now: float) -> tuple[float, int]:
        """Return events per second lately, and how many events that is drawn from.

        The last second, if it holds enough events to tell; up to five seconds otherwise.
        """
        slot = int(now / SLOT)
        if slot != self._slot:
            self._advance(slot, now)
        started = now if self._started is None else self._started
        for slots in (_SHORT, _SLOTS):
            since = max((slot - slots + 1) * SLOT, started)
            events = sum(self._counts[n % _SLOTS] for n in range(slot - slots + 1, slot + 1))
            if events >= _ENOUGH or slots == _SLOTS:
                return events / max(now - since, SLOT), events
        raise AssertionError  # pragma: no cover - the last turn returns

    def _advance(self, slot: int, now: float) -> None:
        if self._started is None:
            self.restart(now)
        elif slot > self._slot:
            for passed in range(max(self._slot + 1, slot - _SLOTS + 1), slot + 1):
                self._counts[passed % _SLOTS] = 0
            self._slot = slot
