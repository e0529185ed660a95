"""What a server makes of calls at one rate: a sample to compare rates by."""

from __future__ import annotations

import math

_ENOUGH = 40
_SHORTEST = 0.25
_FEW = 20
_LONGEST = 4.0
TELLING = 1.5
"""How many times as many calls must leave at a higher rate for that to tell anything."""
ROOM = 0.66
"""Part of those additional calls that a server takes which does not limit the rate; one that does takes none of them."""


class RateProbe:
    """Counts the calls that are answered while one rate holds, until there are enough of them to tell.

    Args:
        rate: calls per second.
        since: when the answers to calls at this rate begin to come, in monotonic seconds.
        below: the trial of a lower rate that this one is to be compared with, or None.

    Attributes:
        share: of the calls, how many were refused; 0 to 1.
        calls: their number.
        sent: calls per second.
        accepted: calls per second that were not refused. All four are known once `add` has returned True.
    """

    __slots__ = (
        "_accepted",
        "_refused",
        "accepted",
        "below",
        "calls",
        "over",
        "rate",
        "sent",
        "share",
        "since",
    )

    def __init__(self, rate: float, since: float, below: RateProbe | None = None) -> None:
        self.rate = rate
        self.below = below
        self.since = since
        self.over = False
        self.calls = 0
        self.share = self.sent = self.accepted = 0.0
        self._accepted = self._refused = 0

    def add(self, now: float, *, refused: bool) -> bool:
        """Count a call; return whether the trial is over."""
        if self.over or now < self.since:
            return self.over
        if refused:
            self._refused += 1
        else:
            self._accepted += 1
        calls, seconds = self._accepted + self._refused, now - self.since
        if seconds >= _SHORTEST and calls >= (_ENOUGH if seconds < _LONGEST else _FEW):
            self.over = True
            self.calls = calls
            self.share = self._refused / calls
            self.sent = calls / seconds
            self.accepted = self._accepted / seconds
        return self.over

    def tells_beside(self, below: RateProbe) -> bool:
        """Returns whether so many more calls left than in the trial of a lower rate that the two can be compared."""
        return self.sent >= TELLING * below.sent

    def shows_room_above(self, below: RateProbe) -> bool:
        """Returns whether the server takes more than at a lower rate, as one does that does not limit the rate there."""
        more = self.sent / below.sent - 1.0
        as_much_more = self.accepted >= below.accepted * (1.0 + ROOM * more)
        # refused by chance, the two shares differ by no more than this nineteen times in twenty
        refused = (self.share * self.calls + below.share * below.calls) / (self.calls + below.calls)
        chance = 2.0 * math.sqrt(refused * (1.0 / self.calls + 1.0 / below.calls))
        as_few = self.share <= below.share + chance
        return self.tells_beside(below) and as_much_more and as_few
