"""Limits the rate of calls by a token bucket without a queue; its clock is injected.

Slots are assigned in the order of requests (generic cell rate algorithm): each caller is told how long to wait, and
nothing is stored per caller. The bucket starts with one burst.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from voxsip._clock import SYSTEM, Clock
from voxsip._config import RateLimit, check_pause, wrong


@runtime_checkable
class RateLimiter(Protocol):
    """A limiter of request rates.

    `Limiter` works within a process, `SharedLimiter` between processes.
    """

    @property
    def rate(self) -> float | None:
        """The limit in requests per second; None for no limit."""
        ...

    def set_rate(self, rate: float | None) -> None:
        """Change the rate (requests per second) while running; None removes the limit."""
        ...

    def pause(self, seconds: float) -> None:
        """Send nothing for so many seconds."""
        ...

    def note_throttled(self, retry_after: float | None) -> None:
        """Record that a call was throttled because calls come too fast.

        Args:
            retry_after: The seconds that the server asked the client to wait, or None.
        """
        ...

    async def acquire(self) -> None:
        """Wait for a slot."""
        ...

    async def aclose(self) -> None:
        """Close connections that were opened on the running loop."""
        ...


@runtime_checkable
class LimiterSource(Protocol):
    """Makes the limiter of one account, as `SharedRate` does."""

    def limiter_for(self, service: str, account_id: int | None) -> RateLimiter:
        """Return the limiter of an account's requests.

        Args:
            service: The host and port of the API.
            account_id: The account that calls act for; None if the token does not name it.
        """
        ...


class TokenBucket:
    """A token bucket whose rate can change while running; it does not wait itself.

    Args:
        rate: The slots per second.
        burst: The slots that may be taken at once after a pause.
        clock: The function that returns monotonic seconds.
    """

    __slots__ = ("_burst", "_clock", "_free_at", "_paused_until", "_rate", "epoch")

    def __init__(
        self, rate: float, *, burst: int = 1, clock: Callable[[], float] = SYSTEM.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._free_at = float("-inf")
        self._paused_until = float("-inf")
        self.epoch = 0
        """A number that rises with every pause and change of rate: earlier slots are void."""

    @property
    def rate(self) -> float:
        """The slots per second."""
        return self._rate

    def reserve(self) -> float:
        """Take the next slot and return the seconds until it may be used (0: now)."""
        now = self._clock()
        interval = 1.0 / self._rate
        start = max(self._free_at, now - (self._burst - 1) * interval, self._paused_until)
        self._free_at = start + interval
        return max(0.0, start - now)

    def set_rate(self, rate: float) -> None:
        """Change the rate; slots in the future are assigned again at the new one.

        The rest of the current interval is scaled to the new rate: without it, every change would let one request leave
        early.
        """
        now = self._clock()
        left = max(0.0, self._free_at - now) % (1.0 / self._rate)
        self._free_at = min(self._free_at, now + left * self._rate / rate)
        self._rate = rate
        self.epoch += 1

    def pause(self, seconds: float) -> None:
        """Assign no slot for so many seconds; a pause is never shortened."""
        until = self._clock() + seconds
        if until > self._paused_until:
            self._paused_until = until
            self._free_at = min(self._free_at, until)
            self.epoch += 1


class Limiter:
    """A token bucket that waits for its slots; without a rate, it only pauses.

    Args:
        limit: The rate, or None for no limit.
        clock: The clock that tells the time and waits.

    Raises:
        ConfigurationError: The limit is no `RateLimit`.
    """

    __slots__ = ("_bucket", "_clock", "_limited")

    UNLIMITED = 1e9
    """Slots per second that no client reaches."""

    def __init__(
        self,
        limit: RateLimit | None = None,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        given: object = limit
        if not isinstance(given, RateLimit | None):
            raise wrong("limit", "a RateLimit or None", given)
        self._limited = limit is not None
        self._clock = clock
        rate, burst = (limit.rate, limit.burst) if limit else (self.UNLIMITED, 1)
        self._bucket = TokenBucket(rate, burst=burst, clock=clock.monotonic)

    @property
    def rate(self) -> float | None:
        """The limit in requests per second; None for no limit."""
        return self._bucket.rate if self._limited else None

    def set_rate(self, rate: float | None) -> None:
        """Change the rate (requests per second) while running; None removes the limit.

        Raises:
            ConfigurationError: The rate is not above 0.
        """
        if rate is not None:
            RateLimit(rate)
        self._limited = rate is not None
        self._bucket.set_rate(self.UNLIMITED if rate is None else rate)

    def pause(self, seconds: float) -> None:
        """Send nothing for so many seconds.

        Raises:
            ConfigurationError: The seconds are not a number from 0 up.
        """
        check_pause(seconds)
        self._bucket.pause(seconds)

    def note_throttled(self, retry_after: float | None) -> None:
        """Ignore that a call was throttled: the user has set the rate."""

    async def aclose(self) -> None:
        """Do nothing: a limiter within a process has nothing open."""

    async def acquire(self) -> None:
        """Wait for a slot."""
        bucket = self._bucket
        while (delay := bucket.reserve()) > 0.0:
            epoch = bucket.epoch
            await self._clock.sleep(delay)
            if bucket.epoch == epoch:
                return
