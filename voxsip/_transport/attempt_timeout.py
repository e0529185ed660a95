"""Limits the time of attempts, with one timer for all attempts of a loop that have the same timeout.

Attempts with the same timeout expire in the order in which they began, so only the oldest one in flight needs a timer.
A timer and a context for each request, as aiohttp uses them, take a twentieth of the time of the whole call.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, NamedTuple

import aiohttp

from voxsip._config import Timeout

CONNECTED = 0.9
"""Share of an attempt's time within which it must get a connection; an attempt that does not has sent nothing."""


class AttemptTimeout(NamedTuple):
    """A timeout in the form that attempts use.

    Attributes:
        total: The seconds for the whole attempt, kept by an `AttemptTimer`.
        connecting: The limits for a new connection, kept by aiohttp; free for a request over an open connection.
    """

    total: float
    connecting: aiohttp.ClientTimeout

    @classmethod
    def of(cls, value: float | Timeout) -> AttemptTimeout:
        """Convert a `Timeout`, or the seconds for the whole attempt."""
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
    """The timers of one event loop, by seconds; a timer without attempts is removed."""

    __slots__ = ("_loop", "_watches")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watches: dict[float, AttemptTimer] = {}

    def attempt(self, seconds: float) -> TimedAttempt:
        """Return a context that raises TimeoutError after so many seconds."""
        watch = self._watches.get(seconds)
        if watch is None:
            watch = self._watches[seconds] = AttemptTimer(seconds, self._loop, self._watches)
        return TimedAttempt(watch)


class AttemptTimer:
    """A timer of all attempts that have the same timeout.

    Args:
        seconds: The seconds that each attempt may take.
        loop: The event loop of the attempts.
        registry: The timers of the loop, from which this one is removed when no attempt is left.
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
        """The attempts in flight, in the order in which they began."""

    def begin(self, attempt: TimedAttempt) -> float:
        """Start the time of an attempt; return when it expires, in the loop's time."""
        self.running[attempt] = None
        due = self.loop.time() + self._seconds
        if self._timer is None:
            self._timer = self.loop.call_at(due, self._ring)
        return due

    def _ring(self) -> None:
        """End overdue attempts, and set the timer for the next one."""
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
    """A context that raises TimeoutError when the time of an attempt is up."""

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
        """Cancel the attempt."""
        self._expired = True
        self._task.cancel()
