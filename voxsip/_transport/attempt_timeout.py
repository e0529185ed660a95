"""The time an attempt may take, kept by one timer for all attempts of a loop.

Attempts that may take equally long run out of time in the order in which they began, so the oldest one in flight is
the only one to wait for. A timer and a context for each request, as aiohttp keeps them, cost a twentieth of the
whole call.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, NamedTuple

import aiohttp

from voxsip._config import Timeout

CONNECTED = 0.9
"""Share of an attempt's time until which it must hold a connection: past it, it is known that nothing was sent."""


class AttemptTimeout(NamedTuple):
    """A timeout, taken apart once.

    Attributes:
        total: seconds for the whole attempt, kept by a `AttemptTimer`.
        connecting: the part that aiohttp keeps; it costs a request over an open connection nothing.
    """

    total: float
    connecting: aiohttp.ClientTimeout

    @classmethod
    def of(cls, value: float | Timeout) -> AttemptTimeout:
        """Take a timeout, or seconds for the whole attempt, apart."""
        timeout = Timeout.of(value)
        return cls(
            timeout.total,
            aiohttp.ClientTimeout(
                total=None,
                connect=timeout.total * CONNECTED,
                sock_connect=timeout.connect,
                ceil_threshold=float("inf"),
            ),
        )


class AttemptTimers:
    """The timers of one event loop, by seconds; those no longer needed go away."""

    __slots__ = ("_loop", "_watches")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[float, AttemptTimer] = {}

    def attempt(self, seconds: float) -> TimedAttempt:
        """Return a context that raises TimeoutError if it takes longer."""
        watch = self._watches.get(seconds)
        if watch is None:
            watch = self._watches[seconds] = AttemptTimer(seconds, self._loop, self._watches)
        return TimedAttempt(watch)


class AttemptTimer:
    """Looks after attempts of one length.

    Args:
        seconds: the seconds that each may take.
        loop: the event loop they run in.
        registry: the registry to leave when no timer is left.
    """

    __slots__ = ("_registry", "_seconds", "_timer", "loop", "running")

    def __init__(
        self, seconds: float, loop: asyncio.AbstractEventLoop, registry: dict[float, AttemptTimer]
    ) -> None:
        self._seconds = seconds
        self._registry = registry
        self._timer: asyncio.TimerHandle | None = None
        self.loop = loop
        self.running: dict[TimedAttempt, None] = {}
        """In the order in which they began."""

    def begin(self, attempt: TimedAttempt) -> float:
        """Look after an attempt from now on; return when its time is up."""
        self.running[attempt] = None
        due = self.loop.time() + self._seconds
        if self._timer is None:
            self._timer = self.loop.call_at(due, self._ring)
        return due

    def _ring(self) -> None:
        """End what is overdue, and wait for the next."""
        now = self.loop.time()
        for attempt in list(self.running):
            if attempt.due > now:
                self._timer = self.loop.call_at(attempt.due, self._ring)
                return
            del self.running[attempt]
            attempt.expire()
        self._timer = None
        self._registry.pop(self._seconds, None)


class TimedAttempt:
    """The time of one attempt: a context that raises TimeoutError once it is up."""

    __slots__ = ("_cancelling", "_expired", "_task", "_watch", "due")

    def __init__(self, watch: AttemptTimer) -> None:
        self._watch = watch
        self._expired = False

    def __enter__(self) -> None:
        task = asyncio.current_task(self._watch.loop)
        if task is None:
            msg = "voxsip must be awaited inside a task"
            raise RuntimeError(msg)
        self._task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self.due = self._watch.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if not self._expired:
            del self._watch.running[self]
        elif self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError

    def expire(self) -> None:
        """End the attempt where it waits."""
        self._expired = True
        self._task.cancel()
