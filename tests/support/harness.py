"""Clients of an emulator in a time of their own: nothing waits, and every wait is on record."""

import asyncio
import inspect

import attrs
import pytest

import voxsip
from voxsip._auth.tokens import TokenCache
from voxsip._calls.creates import Creates
from voxsip._calls.retry import Retrier
from voxsip._config import RetryPolicy


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self, start=1_750_000_000.25, *, sleep=None):
        self.seconds = start
        self.delays = []
        if sleep is not None:
            self.sleep = sleep
        self.after = {}  # number of a sleep -> what happens meanwhile

    def __call__(self):
        return self.seconds

    wall = monotonic = __call__

    async def sleep(self, seconds):
        self.delays.append(seconds)
        self.seconds += seconds
        if happens := self.after.get(len(self.delays)):
            happens()
        await asyncio.sleep(0)


class Signer:
    """Count what a signer signs."""

    def __init__(self, signer):
        self._signer = signer
        self.signed = []

    def sign(self, claims):
        self.signed.append(dict(claims))
        return self._signer.sign(claims)


@attrs.define
class Side:
    """One client, async or blocking, driven the same way."""

    client: voxsip.AsyncClient | voxsip.Client
    clock: Clock
    signer: Signer | None = None

    async def __call__(self, act):
        """Let `act` call the client, and return what comes of it."""
        if isinstance(self.client, voxsip.AsyncClient):
            made = act(self.client)
            return await made if inspect.isawaitable(made) else made
        return await asyncio.to_thread(act, self.client)

    async def fails(self, kind, act):
        """Let `act` fail and return its error."""
        with pytest.raises(kind) as caught:
            await self(act)
        assert caught.type is kind
        return caught.value

    async def close(self):
        await self(lambda client: client.close())


def inject(client, clock, *, policy=None, account=None, account_id=None, jitter=1.0):
    """Give a client the clock in place of the machine's; return what counts its signatures."""
    inner = client if isinstance(client, voxsip.AsyncClient) else client._async
    calls = inner._caller
    calls.retrier = Retrier(policy or RetryPolicy(), clock=clock, jitter=lambda: jitter)
    calls.creates = Creates(clock)
    calls.clock = clock
    if account is None:
        return None
    tokens = TokenCache(account, account_id, clock=clock)
    tokens._signer = signer = Signer(tokens._signer)
    calls.tokens = tokens
    return signer


def counts(emulator, command):
    """Return how many requests of a command were received and executed."""
    counted = emulator.state.counters[command]
    return counted["received"], counted["executed"]
