"""A limit on calls: a token bucket, as gateways have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class TokenBucket:
    """Lets `rate` calls a second through, after a pause a second's worth at once.

    Args:
        rate: calls a second; more than zero.
        clock: gives seconds that do not go back.
    """

    __slots__ = ("_capacity", "_clock", "_level", "_rate", "_then")

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        if not rate > 0:
            raise ValueError("rate must be more than zero")
        self._rate = rate
        self._capacity = max(1.0, rate)
        self._clock = clock
        self._level = self._capacity
        self._then = clock()

    def take(self) -> bool:
        """Returns whether one more call may pass now, and count it if so."""
        now = self._clock()
        passed = max(0.0, now - self._then)
        self._then = now
        self._level = min(self._capacity, self._level + passed * self._rate)
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True
