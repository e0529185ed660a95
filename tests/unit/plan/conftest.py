from contextlib import AsyncExitStack

import pytest

import voxsip
from voxsip import RetryPolicy
from voxsip.emulator import Emulator

QUICK = RetryPolicy(backoff=0.01)
PROXY = "sip.example.com"
MUTATING = ("Create", "Update", "Bind", "Delete")


@pytest.fixture
async def start():
    """Start emulators as asked, each with a client, and stop them all at the end."""
    async with AsyncExitStack() as stack:

        async def started(*, retry=QUICK, **options):
            emulator = await stack.enter_async_context(Emulator(**options))
            client = voxsip.AsyncClient(
                emulator.credentials, base_url=emulator.base_url, retry=retry
            )
            return emulator, await stack.enter_async_context(client)

        yield started


@pytest.fixture
async def account(start):
    """An emulator of 40 registrations, 12 users in 3 applications, and a client; user n is at registration n."""
    emulator, client = await start(applications=3, users=12, registrations=40, balance=100)
    for number in range(1, 13):
        await client.sip_registrations.bind(
            sip_registration_id=number, application_id=(number - 1) % 3 + 1, user_id=number
        )
    return emulator, client


def calls(emulator):
    """How many requests arrived that change something."""
    return sum(
        counts["received"]
        for command, counts in emulator.state.counters.items()
        if command.startswith(MUTATING)
    )


def by_id(emulator):
    """The live registrations, by id."""
    return {row["sip_registration_id"]: row for row in emulator.state.registrations}
