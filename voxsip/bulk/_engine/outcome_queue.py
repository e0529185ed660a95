"""A bounded queue of outcomes, from the workers to the reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
ITERATED = "this job is being iterated already: iterate it once, and hand its outcomes on"


class OutcomeQueue(Generic[T]):
    """A bounded buffer with one reader, which takes all there is at once.

    Writers put without waiting and ask for `room` before they begin something new, so the bound may be
    passed by what is in flight.

    Args:
        bound: outcomes held before writers are asked to wait.
    """

    __slots__ = ("_bound", "_keep", "_patience", "_reader", "_waiting", "closed", "items")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._keep = True
        self._reader: asyncio.Future[None] | None = None
        self._patience: Callable[[], bool] | None = None
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.items: deque[T] = deque()
        self.closed: bool = False

    @property
    def full(self) -> bool:
        """Whether writers should wait for `room`."""
        return len(self.items) >= self._bound

    def discard(self) -> None:
        """Throw away what is there and all that comes: nobody reads any more."""
        self._keep = False
        self.items.clear()
        self._let_in()

    def put(self, item: T) -> None:
        """Add an outcome."""
        if self._keep:
            self.items.append(item)
            self.ring()

    def close(self) -> None:
        """Mark the queue as complete."""
        self.closed = True
        self.ring()

    def ring(self) -> None:
        """Have the reader look whether there is now what it waits for."""
        reader = self._reader
        if (
            reader is not None
            and not reader.done()
            and (self._patience is None or self._patience())
        ):
            reader.set_result(None)

    async def room(self) -> None:
        """Wait until the reader has taken what is there."""
        while self.full:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    async def wait(self, enough: Callable[[], bool] | None = None) -> None:
        """Wait for the first outcome, for the end, or until `enough` is true.

        Args:
            enough: asked at every `ring`; None: anything or the end.

        Raises:
            RuntimeError: Another reader waits already.
        """
        if self._reader is not None:
            raise RuntimeError(ITERATED)
        if enough is None:
            enough = self._something
        while not enough():
            self._patience = enough
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = self._patience = None

    def take(self) -> deque[T]:
        """Return all outcomes that are there, and let the writers continue."""
        taken, self.items = self.items, deque()
        self._let_in()
        return taken

    def _something(self) -> bool:
        return bool(self.items) or self.closed

    def _let_in(self) -> None:
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(None)
