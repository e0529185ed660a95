import pytest

from tests.support.emulator_wire import Wire, new_session
from voxsip.emulator import Emulator


@pytest.fixture
async def serve():
    """Start emulators as asked, each with a wire to it, and stop them all at the end."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(new_session())

        async def start(**options):
            emulator = await stack.enter_async_context(Emulator(**options))
            return Wire(session, emulator)

        yield start


@pytest.fixture
async def wire(serve):
    return await serve()
