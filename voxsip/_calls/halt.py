"""Lets a job that has stopped end its calls before their next attempt.

An attempt in flight is left alone. A call that waits for the rate or before a retry stops waiting, and sends nothing.
Exempt is what clears up an outcome: further attempts of a command that may have been executed and may be sent again, and
lookups, which send no command again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from voxsip._errors import NotSentError


class HaltedError(NotSentError):
    """An attempt was not made, since the job has stopped. It does not leave the job."""


class Halt:
    """What a job's calls look at before each attempt.

    Attributes:
        is_set: Whether nothing more may be sent.
    """

    __slots__ = ("_waits", "is_set")

    def __init__(self) -> None:
        self.is_set = False
        self._waits: set[asyncio.Timeout] = set()

    def set(self) -> None:
        """Let no further attempt leave, and end the waits for one."""
        self.is_set = True
        now = asyncio.get_running_loop().time() if self._waits else 0.0
        while self._waits:
            self._waits.pop().reschedule(now)

    def begin(self) -> None:
        """Let the calls that this task makes from now on look here."""
        _current.set(self)

    async def cut_short(self, wait: Awaitable[None]) -> None:
        """Await something; return early if nothing more may be sent."""
        scope = asyncio.timeout(0 if self.is_set else None)
        try:
            async with scope:
                self._waits.add(scope)
                await wait
        except TimeoutError:
            if not scope.expired():
                raise
        finally:
            self._waits.discard(scope)


_current: ContextVar[Halt | None] = ContextVar("voxsip_halt", default=None)


def exempt() -> None:
    """Let the calls of this task continue in a stopped job, until the next `begin`."""
    _current.set(None)


@contextmanager
def unhalted() -> Iterator[None]:
    """Let the calls inside the block continue after the job has stopped."""
    halt = _current.get()
    _current.set(None)
    try:
        yield
    finally:
        _current.set(halt)  # `reset` would fail if the coroutine is closed after its loop died


async def wait_to_send(wait: Awaitable[None]) -> None:
    """Await something before an attempt; return early if the job has stopped."""
    halt = _current.get()
    await (wait if halt is None else halt.cut_short(wait))


def check_halted(name: str) -> None:
    """Refuse an attempt of a job that has stopped.

    Args:
        name: The command.

    Raises:
        HaltedError: The job has stopped.
    """
    halt = _current.get()
    if halt is not None and halt.is_set:
        raise HaltedError(f"{name}: not sent: the job has stopped", permanent=True)
