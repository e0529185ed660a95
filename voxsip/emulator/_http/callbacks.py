"""The sender of account callbacks: over real sockets, to this machine only, again if the receiver fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp

from voxsip.emulator._service.callbacks import is_loopback_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from voxsip.emulator._service.callbacks import Delivery

_DELAYS = (0.1, 0.5, 2.0, 5.0, 10.0)
_TIMEOUT = 30.0
_REFUSED = "not sent: the callback URL does not lead to this machine"


class Callbacks:
    """The callbacks that an emulator has made, by number, and their results.

    A callback is posted to the account's callback URL at once, and after 0.1, 0.5, 2, 5 and 10 seconds again until it is
    answered with 2xx. One attempt takes at most 30 seconds; redirects are not followed, certificates not verified, and
    whatever does not lead to a loopback address is not sent.
    """

    def __init__(self) -> None:
        self._deliveries: dict[int, Delivery] = {}
        self._waiting: list[Delivery] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    def __iter__(self) -> Iterator[Delivery]:
        return iter([*self._deliveries.values()])

    def __len__(self) -> int:
        return len(self._deliveries)

    def send_again(self, callback_id: int) -> None:
        """Send a callback once more, delivered or not; from any thread.

        Raises:
            LookupError: there is no such callback.
        """
        self.send([self._deliveries[callback_id]])

    def send(self, deliveries: Iterable[Delivery]) -> None:
        """Send callbacks; from any thread, and before the start as well."""
        for delivery in deliveries:
            self._deliveries[delivery.callback_id] = delivery
            if self._loop is None:
                self._waiting.append(delivery)
            else:
                self._loop.call_soon_threadsafe(self._begin, delivery)

    def start(self) -> None:
        """Send from the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        waiting, self._waiting = self._waiting, []
        for delivery in waiting:
            self._begin(delivery)

    async def stop(self) -> None:
        """End what is being sent."""
        self._loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _begin(self, delivery: Delivery) -> None:
        if self._loop is None:
            return
        task = self._loop.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        if not is_loopback_url(delivery.url):
            delivery.attempts.append(_REFUSED)
            return
        for delay in (*_DELAYS, None):
            outcome = await self._post(delivery)
            delivery.attempts.append(outcome)
            if isinstance(outcome, int) and outcome // 100 == 2:
                delivery.delivered = True
                return
            if delay is not None:
                await asyncio.sleep(delay)

    async def _post(self, delivery: Delivery) -> int | str:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT),
                connector=aiohttp.TCPConnector(ssl=False),
            )
        try:
            async with self._session.post(
                delivery.url,
                data=delivery.body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as reply:
                return reply.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return type(error).__name__
