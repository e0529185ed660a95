"""How much a job may have in flight, and how fast it may send: found out from how the server answers.

Two numbers adapt, for two kinds of trouble. The *window* (rows in flight) answers a server that is slow or
broken: halved on a timeout, a lost reply or a 5xx, grown by one a round trip while it is full. The *rate* answers
a server that counts: there is none until the first refusal, which sets it to what the server was seen to
accept just before; from then on it creeps up and is taken back a little at every refusal. The window alone
could not hold a rate: rows in flight times latency is a rate only as long as the latency stands still.

Request rates are not published for the API, so nothing here is tuned to a number of the vendor's. All of it is pure:
no clock, no loop, no randomness; the caller passes the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from voxsip._errors import Disposition, NotSentError, VoxsipError
from voxsip.bulk._limits.rate_probe import RateProbe
from voxsip.bulk._limits.throughput import Throughput

INITIAL_LIMIT = 16
"""Rows in flight at the start; doubled every round trip until the server pushes back or `maximum` is reached."""
TROUBLE_FACTOR = 0.5
"""What a timeout, a lost reply or a 5xx leaves of the window."""
THROTTLE_FACTOR = 0.9
"""Share of the window that remains after a throttled attempt: the rate is the better answer."""
RATE_FACTOR = 0.95
"""The rate after a refusal, as a part of what the server was seen to accept."""
NAMED_FACTOR = 0.8
"""The rate after a refusal that names a delay, as a part of the one before, at most."""
HOLD = 9.0
"""How many times a named delay the rate stands still after it, so that probing costs a tenth of the time."""
USED = 0.7
"""Part of a rate that must be made use of before it may grow."""
RATE_STEP = 0.02
"""Growth of the rate in the first second, as a part of the rate after the last refusal; also its smallest step."""
QUIET_SECONDS = 5.0
"""Seconds without throttling after which growth doubles; later it grows with the square of the time."""
TOLERATED = 0.02
"""Share of throttled attempts tolerated before the rate is lowered; network jitter alone causes a few."""
MOODS_FACTOR = 1.2
"""How many times the share of calls that are refused at any rate is tolerated on top."""
SUSPICIOUS = 0.08
"""Refusals, as a part of all attempts at a rate just lowered, from which the rate may not be to blame for them."""
PROBE = 4.0
"""How many times a rate that may be too low is tried out."""
PROBE_AGAIN = 10.0
"""Seconds after a rate tried out in vain until the next may be."""
FAR_OFF = 0.45
"""What is accepted, as a part of the rate, below which that is lowered to it at once."""
MOST_CUTS = 2
"""How often in a row."""
MAX_REFUSAL_SHARE = 0.9
"""Refusals, as a part of all attempts, at which a higher rate is not worth a try."""
MOST_MOODS = 0.25
"""Share of calls refused at any rate that is believed where trying out a higher rate has not proven it."""
FEW_ROWS = 100
"""Rows accepted before a first refusal below which they tell little of what the server takes."""
MIN_RATE = 0.5
"""Rows per second below which the rate never falls."""
MAX_PAUSE = 60.0
"""Seconds of a delay named by the server that are honored."""
_SHORTEST_EPOCH = 0.2
_LONGEST_EPOCH = 3.0
_UNKNOWN_EPOCH = 0.5
_FEW = 5


class AdaptiveLimits:
    """The limits of one job.

    Args:
        maximum: rows in flight at most.
        max_rate: calls per second at most, if the user named a rate; the job starts at it.
        on_rate: told every change of `rate`.
        on_pause: told the seconds for which the server wants to be left alone.

    Attributes:
        limit: rows that may be in flight now, from 1 to `maximum`.
        rate: calls per second that may leave now, or None if nothing limits them.
        resume_at: nothing new may leave before this time; 0.0 if nothing holds.
    """

    __slots__ = (
        "_background_refusals",
        "_crowded",
        "_cuts",
        "_epoch_end",
        "_few_rows",
        "_grown_at",
        "_hold_until",
        "_limit",
        "_max_rate",
        "_maximum",
        "_on_pause",
        "_on_rate",
        "_probe",
        "_probe_at",
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
        self._probe: RateProbe | None = None
        self._few_rows = False
        self._cuts = 0
        self._background_refusals = 0.0
        self._probe_at = float("-inf")

    def on_success(self, now: float, in_flight: int, elapsed: float = 0.0) -> None:
        """Record a row that the server has answered.

        Args:
            now: monotonic seconds.
            in_flight: rows in flight, this one included.
            elapsed: seconds the row took, if its first attempt was answered; 0.0 if unknown.
        """
        self._seen.add(now)
        self._learn(now, refused=False)
        if 0.0 < elapsed < self._round_trip:
            self._round_trip = elapsed
        if now >= self._tick_at:
            self._tick(now)
        if in_flight >= self.limit < self._maximum and not self._crowded:
            self._limit += 1.0 if self._slow_start else 1.0 / self._limit
            self.limit = min(int(self._limit), self._maximum)

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Record a failed attempt, sorted by what the failure says of the server.

        A refusal of the row itself says nothing of it and changes nothing.
        """
        retry_after: float | None = getattr(error, "retry_after", None)
        if error.disposition is Disposition.THROTTLED:
            self.on_pushback(now, retry_after)
        elif error.disposition is Disposition.UNKNOWN or (
            isinstance(error, NotSentError) and not error.permanent
        ):
            self.on_pushback(now, retry_after, throttled=False)

    def on_pushback(
        self, now: float, retry_after: float | None = None, *, throttled: bool = True
    ) -> None:
        """Record an attempt that the server did not take.

        One burst counts once: until a round trip has passed, further failures tell what is known already.

        Args:
            now: monotonic seconds.
            retry_after: seconds the server asked the client to wait, or None.
            throttled: True for a throttled attempt, False for a timeout, a lost reply or a 5xx.
        """
        if retry_after is not None and retry_after > 0.0:
            self._pause(now, min(retry_after, MAX_PAUSE))
        if throttled:
            self._refused.add(now)
            self._learn(now, refused=True)
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
        """Returns whether refusals are so few that the rate is right and only its rhythm was not, or are being looked into."""
        if self.rate is None:
            return False
        if self._probe is not None:
            return True
        refused, few = self._refused.rate(now)
        accepted, many = self._seen.rate(now)
        share, calls = TOLERATED + MOODS_FACTOR * self._background_refusals, few + many
        chance = 2.0 * math.sqrt(share / calls) if calls else 0.0
        return refused <= (share + chance) * (refused + accepted)

    def _learn(self, now: float, *, refused: bool) -> None:
        """Learn from an answer: is the rate to blame for the refusals that there are?

        If they continue although the rate was lowered, or if it was lowered on little evidence, a much higher one is
        tried out. If as much more is accepted, the server does not limit the rate there, and a higher one still is
        next; if not, it does, and the rate before stands. As everything here, a rate rises with a success and falls
        with a refusal only.
        """
        probe = self._probe
        if probe is None or not probe.add(now, refused=refused):
            return
        below = probe.below
        if below is None and probe.accepted < FAR_OFF * probe.rate and self._cuts < MOST_CUTS:
            if refused:
                self._cuts += 1
                self._rate_base = self._try(now, min(probe.rate, RATE_FACTOR * probe.accepted))
            elif probe.share <= TOLERATED:
                self._probe = None
        elif self._asks_for_more(now, probe):
            if not refused:
                self._probe_above(now, probe)
        elif below is not None and probe.share > TOLERATED:
            if refused:
                self._settle(now, below, probe)
        else:
            self._probe = None
            self._background_refusals = min(probe.share, MOST_MOODS)

    def _asks_for_more(self, now: float, probe: RateProbe) -> bool:
        """Returns whether a higher rate is worth a try: not where the window holds calls back, or the user does."""
        if probe.below is not None:
            return probe.shows_room_above(probe.below)
        bound = USED * probe.rate <= probe.sent
        possible = bound and probe.rate < (self._max_rate or math.inf) and now >= self._probe_at
        return (
            possible
            and (self._few_rows or probe.share > SUSPICIOUS)
            and probe.share < MAX_REFUSAL_SHARE
        )

    def _probe_above(self, now: float, below: RateProbe) -> None:
        """Try a much higher rate; the window may open for it as fast as at the start."""
        self._slow_start = True
        self._try(now, PROBE * below.rate, below)

    def _settle(self, now: float, below: RateProbe, probe: RateProbe) -> None:
        """End with a rate that is not too high, after one that was."""
        self._few_rows = self._slow_start = False
        self._probe = None
        proven = below.below is not None  # that rate has itself been tried out, and was not limited
        if proven or not probe.tells_beside(below):
            self._background_refusals = below.share if proven else min(below.share, MOST_MOODS)
            rate = max(below.rate, RATE_FACTOR * probe.sent)
            self._rate_base = self._set_rate(min(rate, self.rate or rate))
        else:
            self._probe_at = now + PROBE_AGAIN
            self._rate_base = self._try(now, min(below.rate, RATE_FACTOR * probe.accepted))
        self._grown_at = self._pushed_at = now
        self._epoch_end = now + self._epoch()

    def _try(self, now: float, rate: float, below: RateProbe | None = None) -> float:
        """Set a rate and begin to count what comes of it, to be compared with a lower one or by itself."""
        rate = self._set_rate(rate)
        trip = 0.0 if self._round_trip is math.inf else self._round_trip
        self._probe = RateProbe(rate, now + 2.0 * trip, below)
        return rate

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
        self._few_rows = self.rate is None and rows < FEW_ROWS
        if rows < _FEW:
            rate = (self.rate or self._limit / min(max(self._round_trip, 0.05), 1.0)) / 2.0
        elif self.rate is None:
            rate = RATE_FACTOR * accepted
        else:
            rate = min(self.rate, max(RATE_FACTOR * accepted, self.rate / 2.0))
        if named:  # who says how long to wait knows why
            self._few_rows = False
            self._probe_at = self._hold_until
            rate = min(rate, (self.rate or math.inf) * NAMED_FACTOR)
        self._pushed_at = max(now, self.resume_at)
        if self.resume_at > now:
            self._seen.restart(self.resume_at)
            self._refused.restart(self.resume_at)
        self._cuts = 0
        self._rate_base = self._try(self._pushed_at, rate)
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
        trying = self._probe is not None and not self._probe.over
        waits = trying or now < max(self._epoch_end, self._hold_until)
        if waits or accepted < USED * self.rate:
            self._grown_at = now
            return
        quiet = now - max(self._pushed_at, self._hold_until)
        speed = RATE_STEP * self._rate_base * (1.0 + (quiet / QUIET_SECONDS) ** 2)
        rate = self.rate + min(speed, self.rate) * (now - self._grown_at)
        if rate >= self.rate * (
            1.0 + RATE_STEP
        ):  # in steps: each makes the bucket hand out its slots again
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
