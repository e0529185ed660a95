"""Waiting that ends at once when the server stops."""

from __future__ import annotations

import asyncio


class StoppedError(Exception):
    """The server is stopping: no request is delayed any longer."""


class Pauses:
    """Delay requests, until the server stops."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._stopped = False

    async def wait(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: the server is stopping.
        """
        if self._stopped:
            raise StoppedError
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, future)
        self._waiting.add(future)
        try:
            await future
        finally:
            timer.cancel()
            self._waiting.discard(future)

    def stop(self) -> None:
        """End every wait, and refuse further ones."""
        self._stopped = True
        for future in self._waiting:
            if not future.done():
                future.set_exception(StoppedError())


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
