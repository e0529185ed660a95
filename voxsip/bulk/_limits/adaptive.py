"""How much a job may have in flight, and how fast it may send: found out from how the server answers.

Two numbers adapt, for two kinds of trouble. The *window* (rows in flight) answers a server that is slow or broken:
halved on a timeout, a lost reply or a 5xx, grown by one a round trip while it is full. The *rate* answers a server that
counts: there is none until an attempt is throttled, which sets it to what the server accepted just before; from then on
it grows slowly and is lowered a little when too many attempts are throttled. The window alone could not hold a rate:
rows in flight times latency is a rate only as long as the latency does not change.

A server that throttles as large a share at half of what it took before throttles at random: the rate is raised again.

Only 340, 416 and HTTP 429 are about the rate. 162 (try later) and 484 (probable resend) are about one row, which backs
off by itself. All of it is pure: no clock, no loop, no randomness; the caller gives the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from voxsip._errors import Disposition, NotSentError, VoxsipError, is_too_fast
from voxsip.bulk._limits.throughput import Throughput

INITIAL_LIMIT = 16
"""Rows in flight at the start; doubled every round trip until the server pushes back or `maximum` is reached."""
TROUBLE_FACTOR = 0.5
"""What a timeout, a lost reply or a 5xx leaves of the window."""
RATE_FACTOR = 0.95
"""The rate after a throttled attempt, as a part of what the server accepted."""
NAMED_FACTOR = 0.8
"""The rate after a throttled attempt that names a delay, as a part of the one before, at most."""
HOLD = 9.0
"""How many times a named delay the rate stays as it is afterwards, so that waiting costs a tenth of the time."""
USED = 0.7
"""Part of a rate that must be used before it may grow."""
RATE_STEP = 0.02
"""Growth of the rate in the first second, as a part of the rate after it was lowered; also its smallest step."""
QUIET_SECONDS = 5.0
"""Growth doubles after so long without lowering, and grows on with the square of the time."""
TOLERATED = 0.02
"""Share of throttled attempts that does not lower the rate: calls sent evenly arrive unevenly."""
DOUBT = 0.5
"""Part of the best throughput below which the rate is lowered only if that helps."""
RANDOM = 0.4
"""Share of throttled attempts up to which they may have nothing to do with the rate."""
RAISE = 4.0
"""What a rate is raised by once they have shown to have nothing to do with it."""
SAMPLE = 30
"""Attempts at a rate that show what share of them is throttled there."""
FEW = 5
"""Rows accepted below which they tell nothing of a rate."""
MIN_RATE = 0.5
"""Calls per second below which the rate never falls."""
MAX_PAUSE = 60.0
"""Seconds of a delay named by the server that are honored."""


class AdaptiveLimits:
    """The limits of one job.

    Args:
        maximum: Rows in flight at most.
        max_rate: Calls per second at most, if the user named a rate; the job starts at it.
        on_rate: Called with every new `rate`.
        on_pause: Called with the seconds for which the server wants no request.

    Attributes:
        limit: Rows that may be in flight now, from 1 to `maximum`.
        rate: Calls per second that may leave now, or None if nothing limits them.
        resume_at: Nothing new may leave before this time; 0.0 if nothing holds.
    """

    def __init__(
        self,
        maximum: int,
        *,
        max_rate: float | None = None,
        on_rate: Callable[[float], None] | None = None,
        on_pause: Callable[[float], None] | None = None,
    ) -> None:
        self._maximum = maximum
        self._max_rate = max_rate or math.inf
        self._on_rate = on_rate
        self._on_pause = on_pause
        self._limit = float(max(1, min(INITIAL_LIMIT, maximum)))
        self.limit = int(self._limit)
        self.rate = max_rate
        self.resume_at = 0.0
        self._slow_start = True
        self._crowded = False
        self._round_trip = math.inf
        self._epoch_end = -math.inf
        self._lowered_at = -math.inf
        self._lowered_to = max_rate or 0.0
        self._grown_at = 0.0
        self._hold_until = -math.inf
        self._tick_at = -math.inf
        self._best = self._background = 0.0
        self._fresh = [0, 0]  # attempts accepted and throttled at this rate
        self._accepted = Throughput()
        self._throttled = Throughput()

    def on_success(self, now: float, in_flight: int, elapsed: float = 0.0) -> None:
        """Record a row that the server has answered.

        Args:
            now: Monotonic seconds.
            in_flight: Rows in flight, this one included.
            elapsed: Seconds the row took, if its first attempt was answered; 0.0 if unknown.
        """
        self._accepted.add(now)
        self._fresh[0] += now >= self._epoch_end
        if 0.0 < elapsed < self._round_trip:
            self._round_trip = elapsed
        if now >= self._tick_at:
            self._tick(now)
        if in_flight >= self.limit < self._maximum and not self._crowded:
            self._limit += 1.0 if self._slow_start else 1.0 / self._limit
            self.limit = min(int(self._limit), self._maximum)

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Record a failed attempt by what its error says about the server."""
        retry_after: float | None = getattr(error, "retry_after", None)
        if error.disposition is Disposition.THROTTLED:
            if is_too_fast(error):
                self.on_pushback(now, retry_after)
        elif error.disposition is Disposition.UNKNOWN or (
            isinstance(error, NotSentError) and not error.permanent
        ):
            self.on_pushback(now, retry_after, throttled=False)

    def on_pushback(
        self, now: float, retry_after: float | None = None, *, throttled: bool = True
    ) -> None:
        """Record an attempt that the server did not take.

        One burst counts once: until a few round trips have passed, further failures say nothing new.

        Args:
            now: Monotonic seconds.
            retry_after: Seconds the server asked to wait, or None.
            throttled: Whether the server said "too fast"; False for a timeout, a lost reply or a 5xx.
        """
        if retry_after is not None and retry_after > 0.0:
            self._pause(now, min(retry_after, MAX_PAUSE))
        if throttled:
            self._throttled.add(now)
            self._fresh[1] += now >= self._epoch_end
        if now < self._epoch_end or (throttled and retry_after is None and self._is_few(now)):
            return
        self._slow_start = False
        if throttled:
            self._lower(now, named=retry_after is not None)
        else:
            self._limit = max(self._limit * TROUBLE_FACTOR, 1.0)
            self.limit = int(self._limit)
        trip = 0.17 if self._round_trip is math.inf else self._round_trip
        self._epoch_end = max(now + min(max(3.0 * trip, 0.2), 3.0), self.resume_at)

    def _is_few(self, now: float) -> bool:
        """Returns whether so few attempts are throttled that the rate is right."""
        if self.rate is None:
            return False
        throttled, few = self._throttled.rate(now)
        accepted, many = self._accepted.rate(now)
        share = TOLERATED + self._background
        chance = 2.0 * math.sqrt(share / max(few + many, 1))
        return throttled <= (share + chance) * (throttled + accepted)

    def _pause(self, now: float, seconds: float) -> None:
        """Hold everything once, however many attempts of a burst are told to wait."""
        if now + seconds > self.resume_at:
            self.resume_at = now + seconds
            self._hold_until = self.resume_at + HOLD * seconds
            if self._on_pause is not None:
                self._on_pause(seconds)

    def _lower(self, now: float, *, named: bool) -> None:
        """Set the rate to a little less than the server accepted lately.

        It is never cut below its half at once, since what was seen may be too little. A server that names a delay has had
        time to fill up since the last one, and looks faster than it is.
        """
        accepted, rows = self._accepted.rate(now)
        before = self.rate or math.inf
        if rows < FEW:
            rate = (self.rate or self._limit / min(max(self._round_trip, 0.05), 1.0)) / 2.0
        else:
            floor = 0.0 if self.rate is None else before / 2.0
            rate = self._doubted(now, min(before, max(RATE_FACTOR * accepted, floor)), accepted)
        if named:
            rate = min(rate, before * NAMED_FACTOR)
        self._lowered_at = self._grown_at = max(now, self.resume_at)
        if self.resume_at > now:
            self._accepted.restart(self.resume_at)
            self._throttled.restart(self.resume_at)
        self._lowered_to = self._set_rate(rate)

    def _doubted(self, now: float, rate: float, accepted: float) -> float:
        """Return the rate to lower to; a higher one if throttling ignores the rate."""
        fine, throttled = self._fresh
        lately = self._throttled.rate(now)[0]
        self._best = max(self._best, accepted)
        if max(lately / (lately + accepted), throttled / SAMPLE) > RANDOM:
            self._best, self._background = accepted, 0.0
        elif rate < DOUBT * self._best:
            if fine + throttled < SAMPLE:
                return DOUBT * self._best
            self._background = throttled / (fine + throttled)
            rate, self._best = RAISE * self._best, 0.0
        self._fresh = [0, 0]
        return rate

    def _tick(self, now: float) -> None:
        """Check, a few times a second, whether rate or window may grow."""
        self._tick_at = now + 0.1
        if self.rate is None:
            return
        accepted, _ = self._accepted.rate(now)
        self._crowded = accepted > 0.9 * self.rate  # rows would only queue for the rate
        if now < max(self._epoch_end, self._hold_until) or accepted < USED * self.rate:
            self._grown_at = now
            return
        quiet = now - max(self._lowered_at, self._hold_until)
        speed = RATE_STEP * self._lowered_to * (1.0 + (quiet / QUIET_SECONDS) ** 2)
        rate = self.rate + min(speed, self.rate) * (now - self._grown_at)
        if rate >= self.rate * (1.0 + RATE_STEP):  # in steps: each reorders the queue for the rate
            self._set_rate(rate)
            self._grown_at = now

    def _set_rate(self, rate: float) -> float:
        rate = min(max(rate, MIN_RATE), self._max_rate)
        if rate != self.rate:
            self.rate = rate
            if self._on_rate is not None:
                self._on_rate(rate)
        return rate
