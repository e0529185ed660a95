"""The clock and the random numbers of a client; the only module that gets either from the machine.

A client has one `Seams` and passes its clock to all code that measures or waits. Tests and simulations replace it:
`AsyncClient(..., _seams=Seams(clock=..., random=...))`. Lint forbids `time.time` and the like elsewhere.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import attrs


class Clock(Protocol):
    """Tells the time and waits."""

    def wall(self) -> float:
        """Return the seconds since 1970 UTC; they may jump and may be wrong."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never decrease; they may stop while the machine sleeps."""
        ...

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Wait for so many seconds."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()
    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(asyncio.sleep)


SYSTEM: Clock = SystemClock()


@attrs.frozen(kw_only=True)
class Seams:
    """The clock and the random numbers of a client, which tests replace.

    Args:
        clock: The clock that tells the time and waits.
        random: The function that returns a number from 0 up to 1, for the jitter of waits.
    """

    clock: Clock = SYSTEM
    random: Callable[[], float] = random.random


REAL = Seams()


def utc_now(clock: Clock = SYSTEM) -> datetime:
    """Return the clock's time as an aware datetime in UTC."""
    return datetime.fromtimestamp(clock.wall(), UTC)


def yield_to_loop() -> Awaitable[None]:
    """Let other tasks of the event loop run."""
    return asyncio.sleep(0)
