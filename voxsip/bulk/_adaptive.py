"""How much a job may have in flight, and how fast it may send: found out from how the server answers.

Two numbers adapt, for two kinds of trouble. The *window* (rows in flight) answers a server that is slow or
broken: halved on a timeout, a lost reply or a 5xx, grown by one a round trip while it is full. The *rate* answers
a server that counts: there is none until the first refusal, which sets it to what the server was seen to
accept just before; from then on it creeps up and is taken back a little at every refusal. The window alone
could not hold a rate: rows in flight times latency is a rate only as long as the latency stands still.

Request rates are not published for the API, so nothing here is tuned to a number of the vendor's. All of it is pure:
no clock, no loop, no randomness; whoever calls says what time it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from voxsip._errors import Disposition, NotSentError, VoxsipError
from voxsip.bulk._throughput import Throughput

INITIAL_LIMIT = 16
"""Rows in flight at the start; doubled every round trip until the server pushes back or `maximum` is reached."""
TROUBLE_FACTOR = 0.5
"""What a timeout, a lost reply or a 5xx leaves of the window."""
THROTTLE_FACTOR = 0.9
"""What a refusal for now leaves of the window: little is taken, since the rate is the better answer."""
RATE_FACTOR = 0.95
"""The rate after a refusal, as a part of what the server was seen to accept."""
NAMED_FACTOR = 0.8
"""The rate after a refusal that names a delay, as a part of the one before, at most."""
HOLD = 9.0
"""How many times a named delay the rate stands still after it, so that probing costs a tenth of the time."""
RATE_STEP = 0.02
"""Growth of the rate in the first second, as a part of the rate after the last refusal; also its smallest step."""
QUIET_SECONDS = 5.0
"""Growth doubles after so long without a refusal, and goes on with the square of the time."""
TOLERATED = 0.03
"""Refusals, as a part of all attempts, that an adapted rate is kept in spite of: calls sent evenly arrive unevenly."""
CALM = 1.05
"""Times a rate just lowered up to which it is not to blame for refusals: some servers refuse some calls at any rate."""
MOODS_FACTOR = 1.5
"""How many times the share of such refusals is tolerated on top."""
MIN_RATE = 0.5
"""Rows per second below which the rate never falls."""
MAX_PAUSE = 60.0
"""Seconds of a delay named by the server that are honored."""
_SHORTEST_EPOCH = 0.2
_LONGEST_EPOCH = 3.0
_UNKNOWN_EPOCH = 0.5
_FEW = 5
_CALM_FEWEST = 40
_CALM_MOST = 1000


class AdaptiveLimits:
    """The limits of one job.

    Arguments:
        maximum: rows in flight at most.
        max_rate: calls per second at most, where the user named a rate; the job starts at it.
        on_rate: told every change of `rate`.
        on_pause: told the seconds for which the server wants to be left alone.

    Attributes:
        limit: rows that may be in flight now, from 1 to `maximum`.
        rate: calls per second that may leave now, or None where nothing limits them.
        resume_at: nothing new may leave before this time; 0.0 if nothing holds.
    """

    __slots__ = (
        "_calm_calls",
        "_calm_rate",
        "_calm_refused",
        "_crowded",
        "_epoch_end",
        "_grown_at",
        "_hold_until",
        "_limit",
        "_max_rate",
        "_maximum",
        "_on_pause",
        "_on_rate",
        "_pushed_at",
        "_rate_base",
        "_refused",
        "_round_trip",
        "_seen",
        "_slow_start",
        "_tick_at",
        "limit",
        "rate",
        "resume_at",
    )

    def __init__(
        self,
        maximum: int,
        *,
        max_rate: float | None = None,
        on_rate: Callable[[float], None] | None = None,
        on_pause: Callable[[float], None] | None = None,
    ) -> None:
        self._maximum = maximum
        self._max_rate = max_rate
        self._on_rate = on_rate
        self._on_pause = on_pause
        self._limit = float(max(1, min(INITIAL_LIMIT, maximum)))
        self.limit = int(self._limit)
        self.rate = max_rate
        self.resume_at = 0.0
        self._slow_start = True
        self._crowded = False
        self._round_trip = math.inf
        self._epoch_end = float("-inf")
        self._pushed_at = float("-inf")
        self._rate_base = max_rate or 0.0
        self._grown_at = 0.0
        self._hold_until = float("-inf")
        self._tick_at = float("-inf")
        self._seen = Throughput()
        self._refused = Throughput()
        self._calm_rate = 0.0
        self._calm_calls = self._calm_refused = 0

    def on_success(self, now: float, in_flight: int, elapsed: float = 0.0) -> None:
        """Take note of a row that the server has answered.

        Arguments:
            now: monotonic seconds.
            in_flight: rows in flight, this one included.
            elapsed: seconds the row took, if its first attempt was answered; 0.0 if unknown.
        """
        self._seen.add(now)
        if self._calm_rate:
            self._note_calm(now, refused=False)
        if 0.0 < elapsed < self._round_trip:
            self._round_trip = elapsed
        if now >= self._tick_at:
            self._tick(now)
        if in_flight >= self.limit < self._maximum and not self._crowded:
            self._limit += 1.0 if self._slow_start else 1.0 / self._limit
            self.limit = min(int(self._limit), self._maximum)

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Take note of a failed attempt, sorted by what the failure says of the server.

        A refusal of the row itself says nothing of it and changes nothing.
        """
        retry_after: float | None = getattr(error, "retry_after", None)
        if error.disposition is Disposition.TRY_LATER:
            self.on_pushback(now, retry_after)
        elif error.disposition is Disposition.UNKNOWN or (
            isinstance(error, NotSentError) and not error.permanent
        ):
            self.on_pushback(now, retry_after, throttled=False)

    def on_pushback(
        self, now: float, retry_after: float | None = None, *, throttled: bool = True
    ) -> None:
        """Take note of an attempt that the server did not take.

        One burst counts once: until a round trip has passed, further failures tell what is known already.

        Arguments:
            now: monotonic seconds.
            retry_after: seconds the server asked to wait, or None.
            throttled: True for a refusal for now, False for a timeout, a lost reply or a 5xx.
        """
        if retry_after is not None and retry_after > 0.0:
            self._pause(now, min(retry_after, MAX_PAUSE))
        if throttled:
            self._refused.add(now)
            self._note_calm(now, refused=True)
        if now < self._epoch_end or (throttled and retry_after is None and self._tolerable(now)):
            return
        self._slow_start = False
        if throttled:
            self._slow_down(now, named=retry_after is not None)
            self._limit = max(self._limit * THROTTLE_FACTOR, min(self._limit, self._needed()))
        else:
            self._limit = max(self._limit * TROUBLE_FACTOR, 1.0)
        self.limit = int(self._limit)
        self._epoch_end = max(now + self._epoch(), self.resume_at)

    def _tolerable(self, now: float) -> bool:
        """Tell whether refusals are so few that the rate is right and only its rhythm was not."""
        if self.rate is None:
            return False
        refused, _ = self._refused.rate(now)
        accepted, _ = self._seen.rate(now)
        return refused <= (TOLERATED + MOODS_FACTOR * self._moods()) * (refused + accepted)

    def _note_calm(self, now: float, *, refused: bool) -> None:
        """Count a call at a rate that has just been lowered; old ones fade."""
        if self.rate is not None and self.rate <= self._calm_rate and now >= self._epoch_end:
            self._calm_calls += 1
            self._calm_refused += refused
            if self._calm_calls >= _CALM_MOST:
                self._calm_calls //= 2
                self._calm_refused //= 2

    def _moods(self) -> float:
        """Return the share of calls that the server refuses even at a rate that has just been lowered."""
        if self._calm_calls < _CALM_FEWEST:
            return 0.0
        return self._calm_refused / self._calm_calls

    def _needed(self) -> float:
        """Return the window that the rate fills: twice its calls in flight, and some that wait or back off."""
        if self.rate is None or self._round_trip is math.inf:
            return 1.0
        return 2.0 * self.rate * self._round_trip + 4.0

    def _epoch(self) -> float:
        """Return the seconds in which failures belong to one burst: a few round trips."""
        if self._round_trip is math.inf:
            return _UNKNOWN_EPOCH
        return min(max(3.0 * self._round_trip, _SHORTEST_EPOCH), _LONGEST_EPOCH)

    def _pause(self, now: float, seconds: float) -> None:
        """Hold everything once, however many refusals of a burst ask for it."""
        if now + seconds > self.resume_at:
            self.resume_at = now + seconds
            self._hold_until = self.resume_at + HOLD * seconds
            if self._on_pause is not None:
                self._on_pause(seconds)

    def _slow_down(self, now: float, *, named: bool) -> None:
        """Set the rate from what the server accepted lately.

        Where that is more than the rate already, the refusal is of a time before the rate: it stands. A rate is
        never cut below its half at once, since a short sight of a server can be a wrong one. A server that
        names a delay has had time to fill up since the last one, and looks faster than it is.
        """
        accepted, rows = self._seen.rate(now)
        if rows < _FEW:
            rate = (self.rate or self._limit / min(max(self._round_trip, 0.05), 1.0)) / 2.0
        elif self.rate is None:
            rate = RATE_FACTOR * accepted
        else:
            rate = min(self.rate, max(RATE_FACTOR * accepted, self.rate / 2.0))
        if named and self.rate is not None:
            rate = min(rate, self.rate * NAMED_FACTOR)
        self._pushed_at = max(now, self.resume_at)
        if self.resume_at > now:
            self._seen.restart(self.resume_at)
            self._refused.restart(self.resume_at)
        self._rate_base = self._set_rate(rate)
        self._calm_rate = CALM * self._rate_base
        self._grown_at = self._pushed_at

    def _tick(self, now: float) -> None:
        """Look at the throughput, a few times a second: may the rate grow, would a wider window help?"""
        self._tick_at = now + 0.1
        if self.rate is None:
            return
        accepted, _ = self._seen.rate(now)
        self._crowded = (
            accepted > 0.9 * self.rate
        )  # the rate is what limits: rows would only queue for it
        if accepted < 0.7 * self.rate or now < max(self._epoch_end, self._hold_until):
            self._grown_at = now
            return
        quiet = now - max(self._pushed_at, self._hold_until)
        speed = RATE_STEP * self._rate_base * (1.0 + (quiet / QUIET_SECONDS) ** 2)
        rate = self.rate + min(speed, self.rate) * (now - self._grown_at)
        if rate >= self.rate * (
            1.0 + RATE_STEP
        ):  # in steps: each makes the bucket hand out its slots anew
            self._set_rate(rate)
            self._grown_at = now

    def _set_rate(self, rate: float) -> float:
        rate = max(rate, MIN_RATE)
        if self._max_rate is not None:
            rate = min(rate, self._max_rate)
        if rate != self.rate:
            self.rate = rate
            if self._on_rate is not None:
                self._on_rate(rate)
        return rate
