"""The world around a client: true time, what happens at which moment, and chance by purpose."""

import hashlib
import heapq
import random
from itertools import count

START = 1_750_000_000.0
"""True time at which every world begins, in seconds since 1970."""


class World:
    """One seed decides everything: each purpose has a random stream of its own, so that a change to one leaves the rest."""

    def __init__(self, seed):
        self.seed = seed
        self.now = START
        self.story = []
        self._events = []
        self._numbers = count()

    def random(self, *purpose):
        """Return the random stream of a purpose, from its beginning."""
        return random.Random("/".join(map(str, (self.seed, *purpose))))

    def after(self, seconds, action):
        """Have something happen so many seconds from now."""
        heapq.heappush(self._events, (self.now + seconds, next(self._numbers), action))

    @property
    def next_event(self):
        """When the next thing happens, or None."""
        return self._events[0][0] if self._events else None

    def run_until(self, moment):
        """Let time pass; what is due by then happens on the way."""
        while self._events and self._events[0][0] <= moment:
            self.step()
        self.now = max(self.now, moment)

    def step(self):
        """Let time pass up to the next thing that happens."""
        moment, _, action = heapq.heappop(self._events)
        self.now = max(self.now, moment)
        action()

    def drain(self):
        """Let everything happen that is still to come."""
        while self._events:
            self.step()

    def tell(self, text):
        """Add a line to the story."""
        self.story.append(f"{self.now - START:10.3f}  {text}")

    @property
    def digest(self):
        """Return a fingerprint of the story: equal stories, equal runs."""
        return hashlib.sha256("\n".join(self.story).encode()).hexdigest()[:16]
