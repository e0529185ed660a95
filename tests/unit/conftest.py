"""Emulators and clients that share one key and one virtual clock."""

from contextlib import AsyncExitStack

import pytest

import voxsip
from tests.support.answers import answering
from tests.support.emulators import QUICK
from tests.support.harness import Clock, Side, inject
from voxsip.emulator import Emulator


@pytest.fixture(scope="session")
def account(tmp_path_factory):
    """Parse one key: every emulator of a process knows it, and parsing takes 80 ms."""
    with Emulator(directory=tmp_path_factory.mktemp("account")) as emulator:
        return voxsip.ServiceAccount.from_file(emulator.credentials)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def stack():
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def serve(stack, clock):
    """Start an emulator on the virtual clock."""

    async def start(**options):
        return await stack.enter_async_context(Emulator(**{"clock": clock, **options}))

    return start


@pytest.fixture
def connect(stack, account, clock):
    """Make a client of an emulator on the virtual clock."""

    def make(emulator=None, *, policy=None, cls=voxsip.AsyncClient, jitter=1.0, **options):
        if emulator is not None:
            options = {"base_url": emulator.base_url, "ssl": emulator.ca, **options}
        static = "token" in options
        client = cls(**options) if static else cls(account, **options)
        signer = inject(
            client,
            clock,
            policy=policy,
            account=None if static else account,
            account_id=options.get("account_id"),
            jitter=jitter,
        )
        side = Side(client, clock, signer)
        stack.push_async_callback(side.close)
        return side

    return make


@pytest.fixture
def start(stack):
    """Start an emulator on the real clock, and a client of it."""

    async def started(*, retry=QUICK, **options):
        emulator = await stack.enter_async_context(Emulator(**options))
        client = voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url, retry=retry)
        return emulator, await stack.enter_async_context(client)

    return started


@pytest.fixture
async def answer(stack):
    """Start a server that gives the answers it is told."""

    async def start(*answers):
        return await stack.enter_async_context(answering(*answers))

    return start


@pytest.fixture
async def emulator(serve):
    """Serve ten registrations, ten users and three applications."""
    return await serve(registrations=10)


@pytest.fixture
def side(connect, emulator):
    return connect(emulator)


@pytest.fixture
def client(side):
    return side.client
