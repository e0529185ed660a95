"""The rate of calls: a token bucket without a queue of its own, its clock and its sleep injected.

Slots are handed out in order of asking (the generic cell rate algorithm): a caller is told how long to wait and
nothing is stored per caller. The bucket starts with one burst, not with a second's worth of calls on top.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from voxsip._clock import SYSTEM, Clock
from voxsip._config import RateLimit


@runtime_checkable
class RateLimiter(Protocol):
    """What the requests of a client wait for: `Limiter` within a process, `SharedLimiter` between processes."""

    @property
    def rate(self) -> float | None:
        """Requests per second, or None if nothing limits them."""
        ...

    def set_rate(self, rate: float | None) -> None:
        """Change the rate while running (requests per second); None lifts the limit."""
        ...

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so many seconds."""
        ...

    def note_throttled(self, retry_after: float | None) -> None:
        """Note that a call was refused for coming too fast.

        Args:
            retry_after: seconds the server asked the client to wait, or None.
        """
        ...

    async def acquire(self) -> None:
        """Wait for a slot."""
        ...

    async def aclose(self) -> None:
        """Close what the running loop opened for it."""
        ...


@runtime_checkable
class LimiterSource(Protocol):
    """Makes the limiter of one account, as `SharedRate` does."""

    def limiter_for(self, service: str, account_id: int | None) -> RateLimiter:
        """Return what the requests of an account wait for.

        Args:
            service: host and port of the API.
            account_id: the account that calls act for; None if its token does not tell.
        """
        ...


class TokenBucket:
    """Hands out slots at a rate that can change while running. Pure: nobody waits here.

    Args:
        rate: slots per second.
        burst: slots that may be taken at once after a pause.
        clock: monotonic seconds.
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
        """Goes up with every pause and change of rate: slots handed out before are void."""

    @property
    def rate(self) -> float:
        """Slots per second."""
        return self._rate

    def reserve(self) -> float:
        """Take the next slot; return the seconds until it may be used (0: now)."""
        now = self._clock()
        interval = 1.0 / self._rate
        start = max(self._free_at, now - (self._burst - 1) * interval, self._paused_until)
        self._free_at = start + interval
        return max(0.0, start - now)

    def set_rate(self, rate: float) -> None:
        """Change the rate; slots still in the future are handed out again at the new one.

        What is left of the running slot stays, in the new measure: else every change would let one out early.
        """
        now = self._clock()
        left = max(0.0, self._free_at - now) % (1.0 / self._rate)
        self._free_at = min(self._free_at, now + left * self._rate / rate)
        self._rate = rate
        self.epoch += 1

    def pause(self, seconds: float) -> None:
        """Hand out no slot for so many seconds; a pause is never shortened."""
        until = self._clock() + seconds
        if until > self._paused_until:
            self._paused_until = until
            self._free_at = min(self._free_at, until)
            self.epoch += 1


class Limiter:
    """A token bucket one can await; without a rate it only pauses when told to.

    Args:
        limit: the rate, or None for no limit of its own.
        clock: measures and waits.
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
        self._limited = limit is not None
        self._clock = clock
        rate, burst = (limit.rate, limit.burst) if limit else (self.UNLIMITED, 1)
        self._bucket = TokenBucket(rate, burst=burst, clock=clock.monotonic)

    @property
    def rate(self) -> float | None:
        """Requests per second, or None if nothing limits them."""
        return self._bucket.rate if self._limited else None

    def set_rate(self, rate: float | None) -> None:
        """Change the rate while running (requests per second); None lifts the limit.

        Raises:
            ConfigurationError: a rate that is not above 0.
        """
        if rate is not None:
            RateLimit(rate)
        self._limited = rate is not None
        self._bucket.set_rate(self.UNLIMITED if rate is None else rate)

    def pause(self, seconds: float) -> None:
        """Let nothing leave for so many seconds."""
        self._bucket.pause(seconds)

    def note_throttled(self, retry_after: float | None) -> None:
        """Note that a call was refused; the rate is the user's, and stays."""

    async def aclose(self) -> None:
        """Close nothing: there is nothing open."""

    async def acquire(self) -> None:
        """Wait for a slot."""
        bucket = self._bucket
        while (delay := bucket.reserve()) > 0.0:
            epoch = bucket.epoch
            await self._clock.sleep(delay)
            if bucket.epoch == epoch:
                return
