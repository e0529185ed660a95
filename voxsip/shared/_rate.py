"""`SharedRate`: the rate limit of an account, shared by all processes that use it.

Slots come from the store in batches, sized by what waits and never ahead of it, so that no slot is lost when a process
ends. Where each leaves is told by the database's clock, as seconds from now.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from contextlib import suppress
from typing import Any

import attrs

from voxsip._config import RateLimit, check_flag, check_pause
from voxsip._errors import ConfigurationError, VoxsipError
from voxsip._redaction.values import conceal
from voxsip.shared._address import StoreAddress
from voxsip.shared._connection import LoopConnection
from voxsip.shared._errors import StoreUnavailableError
from voxsip.shared._schema import CHANNEL

LEAD = 0.01
"""Seconds before the last slot at hand at which more are asked for."""
ASK_AGAIN = 1.0
"""Seconds after which a pause, or a long queue, is looked at again: people may change both."""
_TAKE = "SELECT given, delay, step, current FROM voxsip.take_slots($1, $2, $3, $4)"
_THROTTLED = "SELECT voxsip.note_throttled($1, $2, $3) AS rate"
_REGISTER = """
INSERT INTO voxsip.rate AS r (service, account_id, ceiling, rate) VALUES ($1, $2, $3, $3)
ON CONFLICT (service, account_id) DO UPDATE SET ceiling = coalesce(r.ceiling, excluded.ceiling),
    rate = CASE WHEN r.ceiling IS NULL THEN least(r.rate, excluded.rate) ELSE r.rate END
RETURNING rate
"""
_SET = """
UPDATE voxsip.rate SET ceiling = $3, rate = $3, next_slot = 0, cut_at = 0
WHERE service = $1 AND account_id = $2 RETURNING pg_notify('voxsip_rate', $1::text || ' ' || $2::bigint)
"""
_PAUSE = """
UPDATE voxsip.rate SET paused_until =
    CASE WHEN $3 <= 0 THEN 0
         ELSE greatest(paused_until, extract(epoch FROM clock_timestamp()) + $3) END
WHERE service = $1 AND account_id = $2 RETURNING pg_notify('voxsip_rate', $1::text || ' ' || $2::bigint)
"""
_STATUS = """
SELECT *, greatest(0, paused_until - t) AS paused,
    CASE WHEN t - window_start > 2 THEN 0
         WHEN t - window_start > 1 THEN window_slots / (t - window_start) ELSE used END AS lately
FROM voxsip.rate, (SELECT extract(epoch FROM clock_timestamp())::double precision AS t) AS clock
WHERE service = $1 AND account_id = $2
"""


@attrs.frozen(kw_only=True)
class RateStatus:
    """The state of an account's rate.

    Attributes:
        account_id: the account.
        service: host of the API.
        ceiling: requests per second at most, as set by `voxsip rate set` or a client, or None.
        rate: requests per second that may leave now, or None if not limited.
        paused: seconds until requests may leave again; 0 if not paused.
        used: requests per second that left recently.
        total: requests that left since the account was first used with this store.
        cuts: number of times throttling lowered the rate.
    """

    account_id: int
    service: str
    ceiling: float | None
    rate: float | None
    paused: float
    used: float
    total: int
    cuts: int


@attrs.frozen(repr=False, init=False)
class SharedRate:
    """The rate limit of an account, shared by all processes that use the same store.

    Args:
        store: `postgresql://user@host/database`.
        rate: requests per second at most, for all processes together, if the store has no rate of the account yet.
            If None, the rate follows the service's throttling. `voxsip rate set` changes it later.
        urgent: take slots before callers that are not urgent. Use it for services, not for bulk jobs.

    Raises:
        ConfigurationError: no address of a store, or a rate that is not above 0.
    """

    store: StoreAddress
    rate: float | None
    urgent: bool

    def __init__(self, store: str, *, rate: float | None = None, urgent: bool = False) -> None:
        store = conceal(store)
        _check(rate)
        check_flag("urgent", urgent)
        object.__setattr__(self, "store", StoreAddress(store))
        object.__setattr__(self, "rate", None if rate is None else float(rate))
        object.__setattr__(self, "urgent", urgent)

    def __repr__(self) -> str:
        if not hasattr(self, "urgent"):  # a traceback may show one that is being made
            return "<SharedRate>"
        return f"SharedRate({str(self.store)!r}, rate={self.rate!r}, urgent={self.urgent!r})"

    def limiter_for(self, service: str, account_id: int | None) -> SharedLimiter:
        """Return what the requests of one account wait for.

        Args:
            service: host and port of the API.
            account_id: the account that calls act for.

        Raises:
            ConfigurationError: a ready token does not tell its account.
        """
        if account_id is None:
            raise ConfigurationError(
                "rate_limit: a ready token does not tell its account, which a shared rate is kept by; use credentials"
            )
        return SharedLimiter(self, service, account_id)


class SharedLimiter:
    """Lets an account's requests leave at the rate kept in a store.

    Args:
        shared: store, ceiling and lane.
        service: host and port of the API.
        account_id: the account.
    """

    def __init__(self, shared: SharedRate, service: str, account_id: int) -> None:
        self._shared = shared
        self.service = service
        self.account_id = account_id
        self._rate = shared.rate
        self._loops: dict[asyncio.AbstractEventLoop, _LoopState] = {}
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"<SharedLimiter {self._shared.store} account {self.account_id}>"

    @property
    def rate(self) -> float | None:
        """Requests per second of the whole account; None if nothing limits them."""
        return self._rate

    def set_rate(self, rate: float | None) -> None:
        """Change the rate for all processes; None lifts the limit. Returns at once.

        Raises:
            ConfigurationError: a rate that is not above 0.
        """
        _check(rate)
        self._rate = rate
        self._state().later(_SET, rate)

    def pause(self, seconds: float) -> None:
        """Stop the account's requests in all processes for so many seconds.

        Returns at once.

        Raises:
            ConfigurationError: The seconds are not a number from 0 up.
        """
        check_pause(seconds)
        state = self._state()
        state.void()
        state.later(_PAUSE, float(seconds))

    def note_throttled(self, retry_after: float | None) -> None:
        """Record a throttled call: the rate falls, once for a burst."""
        self._state().later(_THROTTLED, float(retry_after or 0.0))

    async def acquire(self) -> None:
        """Wait for a slot.

        Raises:
            ConfigurationError: the store cannot be used.
            NotSentError: it stopped answering; nothing was sent.
        """
        await self._state().acquire()

    async def status(self) -> RateStatus:
        """Return how the account's rate stands."""
        row = await self._state().fetchrow(_STATUS)
        return RateStatus(
            account_id=self.account_id,
            service=self.service,
            ceiling=row["ceiling"],
            rate=row["rate"],
            paused=row["paused"],
            used=row["lately"],
            total=row["slots"],
            cuts=row["cuts"],
        )

    async def change(self, rate: float | None) -> None:
        """Change the rate for all processes; return when the store has it.

        None lifts the limit.

        Raises:
            ConfigurationError: a rate that is not above 0, or the store cannot be used.
        """
        _check(rate)
        await self._state().fetchrow(_SET, rate)
        self._rate = rate

    async def pause_all(self, seconds: float) -> None:
        """Stop the account's requests in all processes; 0 ends a pause."""
        await self._state().fetchrow(_PAUSE, float(seconds))

    async def aclose(self) -> None:
        """Close the running loop's connection; it is made again when it is needed."""
        state = self._loops.get(asyncio.get_running_loop())
        if state is not None:
            await state.aclose()

    def _state(self) -> _LoopState:
        if self._process != os.getpid():  # a forked child
            self._process = os.getpid()
            for inherited in self._loops.values():
                inherited.connection.abandon()
            self._loops = {}
        loop = asyncio.get_running_loop()
        found = self._loops.get(loop)
        if found is None:
            found = self._loops[loop] = _LoopState(self, self._shared, loop)
        return found

    def forget(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drop what belongs to a loop that is closed."""
        self._loops.pop(loop, None)

    def heard(self, rate: float | None) -> None:
        """Take in the rate that the store tells."""
        self._rate = rate


def _check(rate: float | None) -> None:
    """Refuse a rate that is not above 0."""
    if rate is not None:
        RateLimit(rate)


class _LoopState:
    """Those who wait in one event loop, and the task that takes slots for them."""

    def __init__(
        self, limiter: SharedLimiter, shared: SharedRate, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._limiter = limiter
        self._shared = shared
        self._loop = loop
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._slots: deque[asyncio.TimerHandle] = deque()
        self._voided = asyncio.Event()
        self._taker: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered = False
        self._closed = False
        self.connection = LoopConnection(shared.store, lambda: limiter.forget(loop))
        self.connection.listen(CHANNEL, self._on_notification)

    async def acquire(self) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append(waiter)
        self._take_soon()
        await waiter

    async def fetchrow(self, query: str, *values: object) -> Any:
        """Run a statement about this account, which the store knows from then on."""
        key = (self._limiter.service, self._limiter.account_id)
        if not self._registered:
            row = await self.connection.fetchrow(_REGISTER, *key, self._shared.rate)
            self._limiter.heard(row["rate"])
            self._registered = True
        return await self.connection.fetchrow(query, *key, *values)

    def later(self, query: str, *values: object) -> None:
        """Run a statement soon; what takes slots waits for it."""
        task = self._loop.create_task(self._send(query, *values))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, query: str, *values: object) -> None:
        try:
            await self.fetchrow(query, *values)
        except Exception as error:
            self._fail(error)
            if not isinstance(error, VoxsipError):
                raise

    def void(self) -> None:
        """Take back unused slots after a pause or a change of the rate."""
        for slot in self._slots:
            slot.cancel()
        self._slots.clear()
        self._voided.set()
        self._take_soon()

    def _take_soon(self) -> None:
        if self._taker is None and not self._closed and self._waiting() > len(self._slots):
            self._taker = self._loop.create_task(self._take(), name="voxsip-shared-rate")

    def _on_notification(self, _: object, __: int, ___: str, payload: object) -> None:
        if payload == f"{self._limiter.service} {self._limiter.account_id}":
            self.void()

    def _use_slot(self) -> None:
        self._slots.popleft()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():  # one who was cancelled leaves its slot to the next
                waiter.set_result(None)
                return

    async def _take(self) -> None:
        try:
            while (wanted := self._waiting() - len(self._slots)) > 0:
                if self._tasks:
                    await asyncio.wait(set(self._tasks))
                self._voided.clear()
                row = await self.fetchrow(_TAKE, wanted, self._shared.urgent)
                if self._voided.is_set():
                    continue
                self._limiter.heard(row["current"])
                given, delay, step = row["given"], row["delay"], row["step"]
                now = self._loop.time()
                for number in range(given):
                    due = now + delay + number * step
                    self._slots.append(self._loop.call_at(due, self._use_slot))
                if given == 0:
                    await self._rest(min(delay, ASK_AGAIN))
                elif given < wanted:
                    await self._rest(delay + (given - 1) * step - LEAD)
        except Exception as error:
            self._fail(error)  # whatever it is: those who wait have no other end
            if not isinstance(error, VoxsipError):
                raise
        finally:
            self._taker = None
        self._take_soon()

    def _waiting(self) -> int:
        return sum(not waiter.done() for waiter in self._waiters)

    async def _rest(self, seconds: float) -> None:
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._voided.wait()

    def _fail(self, error: Exception) -> None:
        """Fail all waiting calls: the store cannot be used, and nothing leaves without it."""
        waiters, self._waiters = self._waiters, deque()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(_copy(error))

    async def aclose(self) -> None:
        """Close the connection; those who still wait learn that nothing was sent."""
        self._closed = True
        self._fail(StoreUnavailableError("the client was closed meanwhile; nothing was sent"))
        tasks = [*self._tasks]
        if self._taker is not None:
            self._taker.cancel()
            tasks.append(self._taker)
        if tasks:
            await asyncio.wait(tasks)
        self.void()
        await self.connection.aclose()
        self._limiter.forget(self._loop)


def _copy(error: Exception) -> VoxsipError:
    """Return a copy of an error for each waiter, who adds a traceback of its own."""
    if isinstance(error, VoxsipError):
        return type(error)(*error.args)
    made = StoreUnavailableError(
        f"store: unexpected {type(error).__name__}; nothing was sent; please report it with its cause"
    )
    made.__cause__ = error
    return made
