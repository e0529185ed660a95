"""How a contender is asked to work: so many calls, each reply read and checked."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.loops import new_uvloop
from benchmarks.scene import Scene, rows

Bind = Callable[[dict[str, Any]], Any]


class WrongReplyError(Exception):
    """A contender did not get the reply it should have."""


class Contender(ABC):
    """One way to bind.

    Attributes:
        exact: whether it makes as many calls as it is told to.
    """

    exact = True

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    @abstractmethod
    def run(self, calls: int) -> int:
        """Make so many calls; return how many replies said that it worked."""

    def close(self) -> None:  # noqa: B027 - most have something to close, some have not
        """Let go of connections."""


class LoopContender(Contender):
    """Runs on an event loop of its own, asyncio's or uvloop's."""

    def __init__(self, scene: Scene, *, uvloop: bool) -> None:
        super().__init__(scene)
        self._runner = asyncio.Runner(loop_factory=new_uvloop if uvloop else asyncio.new_event_loop)
        self._runner.run(self.open())

    async def open(self) -> None:
        """Make what is made once."""

    @abstractmethod
    async def go(self, calls: int) -> int:
        """Make so many calls; return how many replies said that it worked."""

    async def shut(self) -> None:
        """Let go of connections."""

    def run(self, calls: int) -> int:
        return self._runner.run(self.go(calls))

    def close(self) -> None:
        self._runner.run(self.shut())
        self._runner.close()

    async def by_workers(
        self, bind: Callable[[dict[str, Any]], Awaitable[bool]], calls: int
    ) -> int:
        """Bind with a fixed set of workers, one per place."""
        todo = rows(calls)
        good = await asyncio.gather(
            *(_worker(bind, todo) for _ in range(min(calls, self.scene.concurrency)))
        )
        return sum(good)

    async def by_gather(self, bind: Callable[[dict[str, Any]], Awaitable[bool]], calls: int) -> int:
        """Bind as people write it: a task per row, and a semaphore."""
        places = asyncio.Semaphore(self.scene.concurrency)

        async def one(row: dict[str, Any]) -> bool:
            async with places:
                return await bind(row)

        return sum(await asyncio.gather(*(one(row) for row in rows(calls))))


class ThreadContender(Contender):
    """Runs on a pool of threads."""

    def __init__(self, scene: Scene, threads: int) -> None:
        super().__init__(scene)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None

    @abstractmethod
    def bind(self, row: dict[str, Any]) -> bool:
        """Make one call; return whether it worked."""

    def run(self, calls: int) -> int:
        return sum(
            map(self.bind, rows(calls))
            if self._pool is None
            else self._pool.map(self.bind, rows(calls))
        )

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


async def _worker(
    bind: Callable[[dict[str, Any]], Awaitable[bool]], todo: Iterator[dict[str, Any]]
) -> int:
    good = 0
    for row in todo:
        # not `good += await`: that reads the counter before the wait
        worked = await bind(row)
        good += worked
    return good
