"""Callbacks as the emulator sends them, read without voxsip's help."""

import asyncio
import hashlib
import sys
from contextlib import AsyncExitStack

import orjson
import pytest
from aiohttp import web

from tests.support.emulator_wire import new_session, until
from tests.support.webhook_servers import aiohttp_server
from voxsip.emulator import Emulator

FAIL, RECOVERED = "sip_registration_fail", "sip_registration_recovered"
SALT = "salt-of-the-account"


@pytest.fixture
async def receiver():
    """Take callbacks, answering with the statuses it is told, then with 200."""
    async with AsyncExitStack() as stack:
        taken, statuses = [], []

        async def take(request):
            assert request.content_type == "application/json"
            taken.append(orjson.loads(await request.read()))
            return web.Response(status=statuses.pop(0) if statuses else 200, headers=take.headers)

        app = web.Application()
        app.router.add_post("/here", take)
        take.headers = {}
        take.url = await stack.enter_async_context(aiohttp_server(app)) + "/here"
        take.taken, take.statuses = taken, statuses
        yield take


def content(body, *, account_id=1, salt=SALT):
    """Verify the one callback of a body, and return its number and what it tells."""
    (callback,) = body.pop("callbacks")
    assert body == {}
    number, kind = callback["callback_id"], callback["type"]
    signed = f"{salt}{account_id}emulator-api-key-{account_id}{number}"
    assert callback["hash"] == hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest()
    assert callback["account_id"] == account_id
    assert {"account_name", "account_email", "balance", "currency"} <= set(callback)
    return number, kind, callback[kind]["sip_registrations"]


async def test_failures_and_recoveries(serve, receiver):
    wire = await serve(registrations=3, callback_url=receiver.url, callback_salt=SALT)
    wire.emulator.set_status([1, 3], 403, "Forbidden")
    wire.emulator.set_status([1, 3], 403, "Forbidden")  # nothing new
    await until(lambda: len(receiver.taken) == 1)
    wire.emulator.set_status([1, 2, 3], 200)
    await until(lambda: len(receiver.taken) == 2)
    failed = {"status_code": "403", "error_message": "Forbidden"}
    assert [content(body) for body in receiver.taken] == [
        (1, FAIL, [{"sip_registration_id": number} | failed for number in (1, 3)]),
        (2, RECOVERED, [{"sip_registration_id": number} for number in (1, 3)]),
    ]
    assert [one.attempts for one in wire.emulator.callbacks] == [[200], [200]]


async def test_what_is_listed(serve):
    wire = await serve(registrations=3)
    wire.emulator.set_status(1, 408)
    wire.emulator.set_status(2, 403, "Forbidden")
    wire.emulator.set_status(3, None)
    one, two, three = await wire.rows()
    assert (one["successful"], one["status_code"], "error_message" in one) == (False, 408, False)
    assert (two["status_code"], two["error_message"]) == (403, "Forbidden")
    assert (three["successful"], "status_code" in three) == (False, False)
    assert await wire.ids(in_progress=True) == [3]
    assert await wire.ids(status_code="400:499") == [1, 2]
    wire.emulator.set_status([1, 2, 3], 200)
    assert await wire.ids(successful=True) == [1, 2, 3]
    assert "error_message" not in (await wire.rows())[1]
    assert [*wire.emulator.callbacks] == [], "nobody asked for them"


async def test_a_receiver_that_fails_is_tried_again(serve, receiver):
    receiver.statuses += [500, 302]
    receiver.headers = {"Location": receiver.url}
    wire = await serve(registrations=1, callback_url=receiver.url, callback_salt=SALT)
    wire.emulator.set_status(1, 403)
    (delivery,) = wire.emulator.callbacks
    await until(lambda: delivery.delivered)
    assert delivery.attempts == [500, 302, 200]
    assert len({orjson.dumps(body) for body in receiver.taken}) == 1
    wire.emulator.callbacks.send_again(1)
    await until(lambda: len(receiver.taken) == 4)
    with pytest.raises(LookupError):
        wire.emulator.callbacks.send_again(2)


async def test_the_api_sets_url_and_salt(serve, receiver):
    wire = await serve(registrations=1)
    await wire.done("SetAccountInfo", callback_url=receiver.url, callback_salt="other")
    account = (await wire.done("GetAccountInfo"))["result"]
    assert account["callback_url"] == receiver.url
    assert (account["callback_salt"], account["api_key"]) == ("other", wire.emulator.api_key)
    wire.emulator.set_status(1, 503)
    await until(lambda: receiver.taken)
    assert content(receiver.taken[0], salt="other")[1] == FAIL
    await wire.done("SetAccountInfo", callback_url="")
    wire.emulator.set_status(1, 200)
    assert len(wire.emulator.callbacks) == 1


@pytest.mark.parametrize("url", ["here", "ftp://127.0.0.1/x", "http://", "http://[x"])
async def test_urls_that_are_none(wire, url):
    assert await wire.refused("SetAccountInfo", callback_url=url, callback_salt="x") == 398
    account = (await wire.done("GetAccountInfo"))["result"]
    assert ("callback_url" in account, account["callback_salt"]) == (False, "")


async def test_nothing_leaves_this_machine(serve):
    wire = await serve(registrations=1)
    await wire.done("SetAccountInfo", callback_url="https://example.com/callbacks")
    wire.emulator.set_status(1, 403)
    (delivery,) = wire.emulator.callbacks
    await until(lambda: delivery.attempts)
    assert "not sent" in delivery.attempts[0]
    assert not delivery.delivered
    for url in (
        "https://example.com/",
        "http://192.0.2.1/",
        "http://[::ffff:192.0.2.1]/",
        "http://127.0.0.1.example.com/",
    ):
        with pytest.raises(ValueError, match="loopback"):
            Emulator(callback_url=url)
    for url in ("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost/"):
        Emulator(callback_url=url)


async def test_children_have_callbacks_of_their_own(serve, receiver):
    wire = await serve(callback_url="http://127.0.0.1:1/")
    child = wire.emulator.add_child(registrations=1)
    await wire.acting(iss=str(child)).done("SetAccountInfo", callback_url=receiver.url)
    ((number),) = [
        row["sip_registration_id"] for row in wire.emulator.state_of(child).registrations
    ]
    wire.emulator.set_status(number, 403, account_id=child)
    await until(lambda: receiver.taken)
    assert content(receiver.taken[0], account_id=child, salt="")[1] == FAIL


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ((1, 99), ValueError),
        ((1, 700), ValueError),
        ((1, "403"), ValueError),
        ((1, 403, 5), ValueError),
        (([1, 2], 403), LookupError),
    ],
)
async def test_a_status_that_is_none_changes_nothing(serve, change, error):
    wire = await serve(registrations=1)
    with pytest.raises(error):
        wire.emulator.set_status(*change)
    with pytest.raises(LookupError):
        wire.emulator.set_status(1, 403, account_id=2)
    assert (await wire.rows())[0]["successful"]


async def test_before_the_start_and_from_another_thread(receiver):
    emulator = Emulator(registrations=2, callback_url=receiver.url, callback_salt=SALT)
    emulator.set_status(1, 403)

    def run():
        with emulator:
            emulator.set_status(2, 404)
            asyncio.run(until(lambda: all(one.delivered for one in emulator.callbacks)))

    await asyncio.to_thread(run)
    told = sorted(content(body)[2][0]["sip_registration_id"] for body in receiver.taken)
    assert told == [1, 2]


async def test_it_stops_while_a_callback_is_not_answered(receiver):
    async with Emulator(registrations=1, callback_url="http://127.0.0.1:1/") as emulator:
        emulator.set_status(1, 403)
        (delivery,) = emulator.callbacks
        await until(lambda: delivery.attempts)
    assert not delivery.delivered
    assert set(delivery.attempts) == {"ClientConnectorError"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sip_registration_id": 1, "status_code": 403, "error_message": "No"}, 204),
        ({"sip_registration_id": [1, 2], "status_code": None}, 204),
        ({"sip_registration_id": 3, "status_code": 403}, 404),
        ({"sip_registration_id": 1, "status_code": 403, "account_id": 9}, 404),
        ({"sip_registration_id": "1", "status_code": 403}, 400),
        ({"sip_registration_id": 1, "status_code": 7}, 400),
        ({"sip_registration_id": 1}, 400),
        ({"status_code": 403}, 400),
        ({"sip_registration_id": 1, "status_code": 403, "x": 1}, 400),
        ([], 400),
    ],
)
async def test_a_page_sets_a_status(serve, body, status):
    wire = await serve(registrations=2)
    url = wire.emulator.base_url.replace("/platform_api", "/_emulator/registrations")
    async with wire.session.post(url, json=body) as reply:
        assert reply.status == status
    first = (await wire.rows())[0]
    assert first["successful"] == (status != 204)


async def test_pages_of_callbacks(serve, receiver):
    wire = await serve(registrations=1, callback_url=receiver.url, callback_salt=SALT)
    wire.emulator.set_status(1, 403)
    await until(lambda: receiver.taken)
    url = wire.emulator.base_url.replace("/platform_api", "/_emulator/callbacks")
    async with wire.session.post(f"{url}/1", json=None) as reply:
        assert reply.status == 415
    for number, status in (("1", 204), ("2", 404), ("x", 404)):
        async with wire.session.post(f"{url}/{number}", json={}) as reply:
            assert reply.status == status
    await until(lambda: next(iter(wire.emulator.callbacks)).attempts == [200, 200])
    async with wire.session.get(url) as reply:
        (shown,) = await reply.json()
    assert shown == {
        "callback_id": 1,
        "account_id": 1,
        "type": FAIL,
        "url": receiver.url,
        "attempts": [200, 200],
        "delivered": True,
    }


@pytest.mark.once
async def test_as_a_process(receiver):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "voxsip.emulator", "--registrations", "1"),
        *("--callback-url", receiver.url, "--callback-salt", SALT),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    base_url = (await process.stdout.readline()).decode().strip()
    url = base_url.replace("/platform_api", "/_emulator/registrations")
    async with (
        new_session() as session,
        session.post(url, json={"sip_registration_id": 1, "status_code": 403}) as reply,
    ):
        assert reply.status == 204
    await until(lambda: receiver.taken)
    process.terminate()
    _, err = await process.communicate()
    assert err == b""
    assert content(receiver.taken[0])[1] == FAIL
