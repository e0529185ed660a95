"""The emulator sends, receivers receive: over real sockets, signed, delivered again after a failure."""

import asyncio

import pytest

from tests.support.emulator_wire import until
from tests.support.signed_callbacks import SECRETS
from voxsip.emulator import Emulator
from voxsip.webhooks import FailedRegistration, RecoveredRegistration


@pytest.fixture
def secrets():
    """Return the secrets of the emulator's main account, as a service would read them from the API."""
    return {"account_id": 1, "api_key": "emulator-api-key-1", "salt": SECRETS["salt"]}


@pytest.mark.parametrize("kind", ["aiohttp", "asgi", "fastapi", "starlette"])
async def test_failed_and_recovered(listen, stack, handle, handled, secrets):
    post = await listen(handle, **secrets)
    emulator = await stack.enter_async_context(
        Emulator(registrations=2, callback_url=post.url, callback_salt=secrets["salt"])
    )
    emulator.set_status([1, 2], 403, "Forbidden")
    await until(lambda: len(handled) == 1)
    emulator.set_status(2, 200)
    await until(lambda: all(one.delivered for one in emulator.callbacks))
    fail, recovered = handled
    assert fail.sip_registrations == tuple(
        FailedRegistration(sip_registration_id=number, status_code="403", error_message="Forbidden")
        for number in (1, 2)
    )
    assert recovered.sip_registrations == (RecoveredRegistration(sip_registration_id=2),)
    assert fail.account["account_email"] == "account-1@example.com"


async def test_what_a_handler_failed_on_is_delivered_again(listen, stack, secrets):
    calls = []

    async def handle(callback):
        calls.append(callback.callback_id)
        if len(calls) < 3:
            raise RuntimeError("no database")

    post = await listen(handle, **secrets)
    emulator = await stack.enter_async_context(
        Emulator(registrations=1, callback_url=post.url, callback_salt=secrets["salt"])
    )
    emulator.set_status(1, 403)
    (delivery,) = emulator.callbacks
    await until(lambda: delivery.delivered)
    assert delivery.attempts == [500, 500, 200]
    assert calls == [1, 1, 1]


async def test_duplicates_at_once_and_later(listen, stack, secrets):
    started, finish = asyncio.Event(), asyncio.Event()
    calls = []

    async def handle(callback):
        calls.append(callback.callback_id)
        started.set()
        await finish.wait()

    post = await listen(handle, **secrets)
    emulator = await stack.enter_async_context(
        Emulator(registrations=1, callback_url=post.url, callback_salt=secrets["salt"])
    )
    emulator.set_status(1, 403)
    (delivery,) = emulator.callbacks
    await started.wait()
    for _ in range(3):
        emulator.callbacks.send_again(1)
    await until(lambda: delivery.attempts.count(503) >= 3)
    finish.set()
    await until(lambda: delivery.attempts.count(200) == 4)
    emulator.callbacks.send_again(1)
    await until(lambda: delivery.attempts.count(200) == 5)
    assert set(delivery.attempts) == {200, 503}
    assert calls == [1]


async def test_another_salt_is_refused(listen, stack, handle, handled, secrets):
    post = await listen(handle, **secrets)
    emulator = await stack.enter_async_context(
        Emulator(registrations=1, callback_url=post.url, callback_salt="another")
    )
    emulator.set_status(1, 403)
    (delivery,) = emulator.callbacks
    await until(lambda: len(delivery.attempts) >= 2)
    assert set(delivery.attempts) == {403}
    assert handled == []
