"""Nothing is left behind: no task, socket, thread or file, however a call ends."""

import asyncio
import socket

import pytest

import voxsip
from tests.support.counting import held, left_behind
from voxsip._config import RetryPolicy
from voxsip.emulator import Emulator, Fault, Faults

MIXED = Faults(
    [
        Fault(kind="lose_reply", share=0.05),
        Fault(kind="http", status=503, share=0.05),
        Fault(kind="truncated", how="connection", share=0.05),
        Fault(kind="error", code=340, share=0.05),
    ],
    seed=7,
)


@pytest.fixture
def emulator(account):
    """Serve from a thread, so that the client's loop holds only what is the client's."""
    with Emulator(registrations=50, faults=MIXED) as emulator:
        yield emulator


def bind(client, number):
    return client.sip_registrations.bind(sip_registration_id=number % 50 + 1, application_id=1)


async def many(client, calls, concurrency=50):
    """Make calls, cancel every seventh."""
    numbers = iter(range(calls))

    async def work():
        for number in numbers:
            task = asyncio.ensure_future(bind(client, number))
            if number % 7 == 0:
                await asyncio.sleep(0)
                task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None

    await asyncio.gather(*(work() for _ in range(concurrency)))


async def test_nothing_is_left_after_many_calls(emulator, account):
    policy = RetryPolicy(attempts=20, backoff=0, budget=1_000_000)
    client = voxsip.AsyncClient(
        account, base_url=emulator.base_url, retry=policy, max_connections=20
    )

    async def run(calls):
        await many(client, calls)
        assert len(asyncio.all_tasks()) == 1
        [loop_state] = client._caller.pool._loop_states.values()
        assert loop_state.slots._value == 20
        assert len(loop_state.session.connector._acquired) == 0

    await asyncio.to_thread(asyncio.run, run(2))
    before = held()
    await asyncio.to_thread(asyncio.run, run(1_000))
    assert not await left_behind(before)
    assert client._caller.creates._busy == {}


async def test_nothing_is_left_after_failed_starts(account, tmp_path):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}/platform_api"

        async def once():
            async with voxsip.AsyncClient(
                account, base_url=url, retry=RetryPolicy(attempts=1)
            ) as client:
                with pytest.raises(voxsip.NotSentError):
                    await bind(client, 1)
            with pytest.raises(voxsip.ConfigurationError):
                voxsip.AsyncClient(tmp_path / "nowhere")

        await once()
        before = held()
        for _ in range(20):
            await once()
        assert not await left_behind(before)


async def test_client_that_was_never_used_holds_nothing(account):
    before = held()
    clients = [voxsip.AsyncClient(account) for _ in range(100)]
    clients += [voxsip.Client(account) for _ in range(100)]
    assert not await left_behind(before)
    del clients
