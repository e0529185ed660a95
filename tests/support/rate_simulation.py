"""A bulk job against a rate-limited server in virtual time: no loop, no sleep, the same result every run."""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable

from voxsip._calls.limiter import TokenBucket
from voxsip._config import RetryPolicy
from voxsip._errors import RateLimitError
from voxsip.bulk._limits.adaptive import AdaptiveLimits

UNLIMITED = 1e9


class Server:
    """Answers after `latency` seconds; takes `rate` calls a second, refuses the others without executing them.

    With `background_refusals` it also refuses that share of all calls, at any rate, with another code: 162, try later,
    is about one request; 340 says that calls come too fast.
    """

    def __init__(
        self, rate, burst, latency, *, named=None, background_refusals=0.0, background_code=162
    ):
        self.rate, self.burst, self.latency, self.named = rate, burst, latency, named
        self.background_refusals, self._random = background_refusals, random.Random(5)
        self._background_code = background_code
        self._tokens, self._filled = float(burst), 0.0

    def refuses(self, now):
        """Return the code of the error if a call is refused, else None."""
        self._tokens = min(self.burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1.0:
            return 340
        if self._random.random() < self.background_refusals:
            return self._background_code
        self._tokens -= 1.0
        return None


class Job:
    """`maximum` rows in flight at most, retried by the client's policy and called again by the engine."""

    def __init__(self, server, *, maximum=64, max_rate=None, seed=1, policy=None):
        self.now = 0.0
        self.server = server
        self.random = random.Random(seed)
        self.policy = policy or RetryPolicy()
        self.bucket = TokenBucket(max_rate or UNLIMITED, clock=lambda: self.now)
        self.limits = AdaptiveLimits(
            maximum, max_rate=max_rate, on_rate=self.bucket.set_rate, on_pause=self.bucket.pause
        )
        self.in_flight = self.most_in_flight = 0
        self.most_calls = 1
        self.refused_at: list[float] = []
        self.counts: Counter[str] = Counter()
        self.done_at: list[float] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def run(self, seconds):
        self._fill()
        while self._events and self._events[0][0] <= seconds:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = seconds
        return self

    def rate(self, since, until):
        return sum(since <= at < until for at in self.done_at) / (until - since)

    def _at(self, when, event):
        heapq.heappush(self._events, (when, next(self._order), event))

    def _fill(self):
        while self.in_flight < self.limits.limit:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            self._attempt(self.now, 1)

    def _attempt(self, begun, attempt, call=1, epoch=None):
        delay = 0.0 if epoch == self.bucket.epoch else self.bucket.reserve()
        if delay > 0.0:
            epoch = self.bucket.epoch
            self._at(self.now + delay, lambda: self._attempt(begun, attempt, call, epoch))
            return
        self.counts["sent"] += 1
        there = self.server.latency * self.random.uniform(0.4, 0.6)
        self._at(self.now + there, lambda: self._arrive(begun, attempt, call))

    def _arrive(self, begun, attempt, call):
        code = self.server.refuses(self.now)
        back = self.server.latency * self.random.uniform(0.4, 0.6)
        self._at(self.now + back, lambda: self._reply(begun, attempt, call, code))

    def _reply(self, begun, attempt, call, code):
        if code is None:
            self.done_at.append(self.now)
            self.limits.on_success(self.now, self.in_flight)
            self.in_flight -= 1
            self._fill()
            return
        self.refused_at.append(self.now)
        self.counts["refused"] += 1
        error = RateLimitError("", code=code, command="X", retry_after=self.server.named)
        self.limits.on_failure(self.now, error)
        if attempt >= self.policy.attempts:
            self.most_calls = max(self.most_calls, call + 1)
            self._attempt(begun, 1, call + 1)
            return
        delay = self.policy.delay(attempt, self.server.named, self.random.random)
        self._at(self.now + delay, lambda: self._attempt(begun, attempt + 1, call))
