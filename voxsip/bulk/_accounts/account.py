"""One account of a job: who acts for it, at what pace, and what is known of it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING

from voxsip._bindings.conflicts import ConflictKeys
from voxsip._bindings.names import AccountNames
from voxsip._calls.trace import note_wait
from voxsip._errors import VoxsipError
from voxsip.bulk._live.existing import Existing, Verifier
from voxsip.bulk._live.purchases import Purchases
from voxsip.bulk._outcomes import Stop

if TYPE_CHECKING:
    from voxsip._bindings.state import Binding
    from voxsip.bulk._engine.interface import Send
    from voxsip.bulk._limits.job_limits import JobLimits


class Account:
    """The parts of a job that serve the rows of one account.

    Args:
        number: A child account; None for the client's own.
        limits: The pace, and the view of the client that keeps to it.
        verify: Whether the live state is compared at the end.

    Attributes:
        verifier: Follows what its rows should leave; or None.
        existing: The registrations that exist, for `skip_unchanged` of purchases and deletions; or None.
        purchases: The registrations that a purchase must not take for its own; or None.
        live: Its bindings before the job, for `skip_unchanged` of bindings; or None.
        refusal: Why none of its rows can be done, as the API said; or None.
        stopped: Why no further row of it is sent; or None.
    """

    def __init__(self, number: int | None, limits: JobLimits, *, verify: bool) -> None:
        self.number = number
        self.limits = limits
        self.client = limits.client
        self.names = AccountNames(limits.client)
        self.keys = ConflictKeys(self.names)
        self.verifier = Verifier(limits.client, self.names, number) if verify else None
        self.existing: Existing | None = None
        self.purchases: Purchases | None = None
        self.live: Mapping[int, Binding] | None = None
        self.send: Send | None = None
        self.refusal: VoxsipError | None = None
        self.stopped: Stop | None = None
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """Rows of this account that may be in flight."""
        return self.limits.adaptive.limit

    async def enter(self) -> None:
        """Wait until a row of this account may be in flight."""
        if self.in_flight < self.limit:
            self.in_flight += 1
            return
        clock = self.client.clock
        since = clock.monotonic()
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.leave()
            raise
        note_wait(clock.monotonic() - since)

    def leave(self) -> None:
        """Let another row take this one's place."""
        self.in_flight -= 1
        self._wake()

    def on_success(self, now: float, in_flight: int) -> None:  # noqa: ARG002 - of all accounts
        """Note that the server answered a row of this account."""
        self.limits.adaptive.on_success(now, self.in_flight + 1)
        self._wake()

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Note a failed attempt."""
        self.limits.adaptive.on_failure(now, error)

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.limit:
            waiter = self._waiting.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)
