"""Where workers wait that have nothing to do."""

from __future__ import annotations

import asyncio
from collections import deque


class Waiters:
    """Workers that wait, first come first woken.

    Attributes:
        woken: workers that have been woken and do not run yet.
    """

    __slots__ = ("_waiting", "woken")

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.woken = 0

    def __bool__(self) -> bool:
        """Whether any worker waits."""
        return bool(self._waiting)

    async def wait(self) -> None:
        """Wait to be woken."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        await waiter
        self.woken -= 1

    def wake_one(self) -> None:
        """Wake the worker that has waited longest."""
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
                self.woken += 1
                return

    def wake_all(self) -> None:
        """Wake every worker."""
        while self._waiting:
            self.wake_one()
