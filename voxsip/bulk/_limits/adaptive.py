"""How much a job may have in flight, and how fast it may send: found out from how the server answers.

Two numbers adapt, for two kinds of trouble. The *window* (rows in flight) answers a server that is slow or broken:
halved on a timeout, a lost reply or a 5xx, grown by one a round trip while it is full. The *rate* answers a server that
counts: there is none until an attempt is throttled, which sets it to what the server accepted just before. From then on
it grows slowly, and goes back to what is accepted when more than a few attempts are throttled.

Only 340, 416 and HTTP 429 are about the rate. 162 (try later) and 484 (probable resend) are about one row, which backs
off by itself. If a server says "too fast" as often however far the rate is lowered, the share is tolerated.

All of it is pure: no clock, no loop, no randomness; the caller gives the time. Figures below are what virtual time
shows without a constant, or with another value (`tests/support/rate_simulation.py`).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from voxsip._errors import Disposition, NotSentError, VoxsipError, is_too_fast
from voxsip.bulk._limits.throughput import Throughput

INITIAL_LIMIT = 16
"""Rows in flight at the start; doubled every round trip until the server is in trouble or `maximum` is reached.
With 64, a server that takes 5 calls a second throttles 32 % of the attempts in 100 seconds, not 14 %."""
RATE_FACTOR = 0.95
"""The rate after a throttled attempt, as a part of what the server accepted. With 0.9, a tenth-of-a-second
server is used to 97 %; with 1.0, waiting for named delays costs 7 % more."""
BURST_SECONDS = 0.5
"""Failures so close together count once; a rate is set only after seeing attempts for so long. With 1.0, a server that
takes 5 calls a second throttles 20 %; a shorter time halves the window several times for one outage."""
TOLERATED = 0.02
"""Share of throttled attempts that does not lower the rate. Without it, a server that says "too fast" to 1 % of the
calls at random gets 151 calls a second of 1,218."""
IN_A_ROW = 8
"""Times that the rate is lowered, each within `ROW_SECONDS` of the last, until the throttling has nothing to do with it.
Without it, a server that says "too fast" to 10 % of the calls at random is used to 3 %, not 70 %; with 6, one that takes
1,000 calls a second is mistaken for such a server and throttles 22 %, not 1 %."""
ROW_SECONDS = 2.0
"""See `IN_A_ROW`."""
MOST_RANDOM = 0.4
"""Share of throttled attempts above which the rate is always to blame."""
MARGIN = 1.5
"""What is tolerated once throttling has nothing to do with the rate, as a multiple of the share seen."""
GROWTH = 0.03
"""Growth of the rate in the first second after it was lowered, as a part of it; also its smallest step. With 0.01,
39 % and not 95 % of a rate is used after the server took nothing for 30 seconds."""
QUIET_SECONDS = 5.0
"""Growth is faster by its first value for every such time without lowering. Without it, 36 % and not 95 % of a
rate is used after the server took nothing for 30 seconds."""
USED = 0.7
"""Part of a rate that must be used before it may grow. Without it, a server that was slow for 100 seconds throttles 4,286
attempts once it is quick again, not 44."""
HOLD = 9.0
"""How many times a named delay the rate stays as it is afterwards, so that waiting costs a tenth of the time.
Without it, a server that names 5 seconds is used to 55 %, not 86 %."""
MIN_RATE = 0.5
"""Calls per second below which the rate never falls: it would not come back in good time. With 0.01, 58 % and not 95 %
is used after the server took nothing for 30 seconds."""
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
        self._tolerated = TOLERATED
        self._burst_end = -math.inf
        self._lowered_at = -math.inf
        self._in_a_row = 0
        self._first_rate = 0.0
        self._quiet_since = -math.inf
        self._grown_at = -math.inf
        self._seen = Throughput()

    def on_success(self, now: float, in_flight: int) -> None:
        """Record a row that the server has answered.

        Args:
            now: Monotonic seconds.
            in_flight: Rows in flight, this one included.
        """
        self._seen.add(now)
        self._grow(now)
        if in_flight >= self.limit < self._maximum:
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

        Args:
            now: Monotonic seconds.
            retry_after: Seconds the server asked to wait, or None.
            throttled: Whether the server said "too fast"; False for a timeout, a lost reply or a 5xx.
        """
        named = retry_after is not None
        if retry_after is not None and retry_after > 0.0:
            self._pause(now, min(retry_after, MAX_PAUSE))
        if throttled:
            self._seen.add(now, accepted=False)
        if now < self._burst_end or (throttled and not named and self._is_tolerable()):
            return
        self._burst_end = max(now + BURST_SECONDS, self.resume_at)
        if throttled:
            self._lower(now)
        else:
            self._slow_start = False
            self._limit = max(self._limit / 2.0, 1.0)
            self.limit = int(self._limit)

    def _is_tolerable(self) -> bool:
        """Returns whether too little was seen to set a rate, or too few are throttled."""
        if self._seen.seconds < BURST_SECONDS:
            return True
        return self.rate is not None and self._seen.throttled_share <= self._tolerated

    def _pause(self, now: float, seconds: float) -> None:
        """Hold everything once, however many attempts of a burst are told to wait."""
        if now + seconds > self.resume_at:
            self.resume_at = now + seconds
            self._quiet_since = self.resume_at + HOLD * seconds
            if self._on_pause is not None:
                self._on_pause(seconds)

    def _lower(self, now: float) -> None:
        """Set the rate to a little less than was accepted, but never below half at once.

        Without a rate, the half is that of the rows in flight, as if each took a second. If lowering again and again
        has changed nothing, return to the first rate and tolerate the share.
        """
        self._quiet_since = max(self._quiet_since, now + BURST_SECONDS)
        share = self._seen.throttled_share
        rate = max(RATE_FACTOR * self._seen.rate, (self.rate or self.limit) / 2.0)
        if (
            now - self._lowered_at > ROW_SECONDS
            or share > MOST_RANDOM
            or self._tolerated > TOLERATED
        ):
            self._first_rate, self._in_a_row, self._tolerated = self.rate or rate, 0, TOLERATED
        self._lowered_at = now
        self._in_a_row += 1
        if self._in_a_row >= IN_A_ROW:
            rate, self._tolerated = self._first_rate, MARGIN * share
        elif self.rate is not None:
            rate = min(rate, self.rate)
        self._set_rate(rate)

    def _grow(self, now: float) -> None:
        """Let the rate grow, in steps: each reorders the queue for the rate."""
        if self.rate is None:
            return
        if self._seen.rate < USED * self.rate:
            self._quiet_since = max(self._quiet_since, now)
        quiet = now - self._quiet_since
        if quiet <= 0.0:
            return
        growth = GROWTH * (1.0 + quiet / QUIET_SECONDS) * min(quiet, now - self._grown_at)
        if growth >= GROWTH:
            self._grown_at = now
            self._set_rate(self.rate * (1.0 + growth))

    def _set_rate(self, rate: float) -> None:
        rate = min(max(rate, MIN_RATE), self._max_rate)
        if rate != self.rate:
            self.rate = rate
            if self._on_rate is not None:
                self._on_rate(rate)
