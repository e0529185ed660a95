"""Receivers behind aiohttp and uvicorn, over real sockets: what is handled, once, and what is answered."""

import asyncio
import functools
import logging
import re
import threading
from contextlib import suppress

import pytest

import voxsip
from tests.support.signed_callbacks import SECRETS, body, signed
from voxsip.webhooks import (
    ASGIApp,
    FailedRegistration,
    MemorySeenStore,
    Receiver,
    SipRegistrationFail,
)


def failed(number, *, message="Forbidden", **options):
    items = [{"sip_registration_id": 7, "status_code": "403", "error_message": message}]
    content = {"sip_registrations": items}
    kind = "sip_registration_fail"
    return signed(number, type=kind, **{kind: content}, **options)


@pytest.mark.parametrize("kind", ["aiohttp", "asgi", "fastapi", "starlette"])
async def test_callbacks_are_typed_and_handled_once(listen, handle, handled, caplog):
    caplog.set_level(logging.WARNING, "voxsip")
    post = await listen(handle)
    given = body(failed(1), signed(2, type="min_balance", min_balance={"is_repeated": True}))
    assert await post(given) == 200
    assert await post(given) == 200
    first, second = handled
    assert isinstance(first, SipRegistrationFail)
    assert first.sip_registrations == (
        FailedRegistration(sip_registration_id=7, status_code="403", error_message="Forbidden"),
    )
    assert (second.callback_id, second.content) == (2, {"is_repeated": True})
    assert await post(body(failed(2), failed(3))) == 200
    assert [one.callback_id for one in handled] == [1, 2, 3]
    assert caplog.records == []


async def test_a_body_in_parts(listen, handle, handled):
    async def parts():
        for byte in body(failed(1)):
            yield bytes([byte])

    assert await (await listen(handle))(parts()) == 200
    assert [one.callback_id for one in handled] == [1]


def flipped(data):
    """Yield every body that differs in one bit, and the position of its byte."""
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            yield position, bytes(changed)


def judge(status, position, data, handled):
    """See that a changed body was refused, or that the change lies in what the hash does not cover."""
    if status in {400, 403}:
        assert handled == []
        return
    assert status == 200
    (callback,) = handled
    handled.clear()
    assert (callback.callback_id, callback.type) == (1, "sip_registration_fail")
    content = data.index(b'"sip_registration_fail":{')
    name = data.index(b'"account_id"')
    assert position > content + len('"sip_registration_fail":') or 0 < position - name < 11


async def test_one_flipped_bit_anywhere(handle, handled):
    data = body(failed(1))
    statuses = []
    for position, changed in flipped(data):
        parts = [b"", changed]

        async def read(parts=parts):
            return parts.pop()

        receiver = Receiver(handle, **SECRETS)
        statuses.append((await receiver.answer("POST", {}, read)).status)
        judge(statuses[-1], position, data, handled)
    assert len(statuses) == 8 * len(data)
    assert set(statuses) == {200, 400, 403}


class Forgetful:
    """Remembers nothing, so that every body is handled."""

    async def claim(self, key, owner):
        return "new"

    async def complete(self, key, owner):
        pass

    release = complete


async def test_one_flipped_bit_in_every_byte_on_the_wire(listen, handle, handled):
    post = await listen(handle, seen=Forgetful())
    data = body(failed(1))
    for position, changed in [*flipped(data)][3::8]:
        judge(await post(changed), position, data, handled)
    assert await post(data) == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 400),
        (b"<html>", 400),
        (b"\xff\x00", 400),
        (b'{"callbacks": 1}', 400),
        (b"[" * 5000, 400),
        (body(failed(1))[:-1], 400),
        (body({**failed(1), "hash": failed(1)["hash"].upper()}), 403),
        (body(failed(1, api_key="of another")), 403),
        (body(failed(1), failed(2, salt="of another")), 403),
        (b'{"callbacks": []}', 200),
    ],
)
async def test_what_is_not_the_services(listen, handle, handled, caplog, data, status):
    post = await listen(handle)
    assert await post(data) == status
    assert handled == []
    told = [record.getMessage() for record in caplog.records if record.name == "voxsip.webhooks"]
    assert len(told) == (status != 200)
    assert all(line.startswith("a request is refused: ") for line in told)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_post_only(listen, handle, handled, session, method):
    post = await listen(handle)
    async with session.request(method, post.url, data=body(failed(1))) as reply:
        assert reply.status == 405
        assert reply.headers["Allow"] == "POST"
    assert handled == []


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("application/problem+json", 200),
        ("", 200),
        ("text/plain", 200),
        ("text/html", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
async def test_content_types(listen, handle, handled, content_type, status):
    post = await listen(handle)
    assert await post(body(failed(1)), content_type=content_type) == status
    assert len(handled) == (status == 200)


async def test_nothing_is_unpacked(listen, handle, handled):
    post = await listen(handle)
    assert await post(body(failed(1)), headers={"Content-Encoding": "gzip"}) == 415
    assert handled == []


async def test_a_body_at_the_limit(listen, handle, handled):
    data = body(failed(1))
    assert await (await listen(handle, max_body=len(data)))(data) == 200
    assert await (await listen(handle, max_body=len(data) - 1))(data) == 413
    assert [one.callback_id for one in handled] == [1]


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 999999999999\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b" " * 1024 + b"\r\n",
    ],
    ids=["announced", "while-reading"],
)
async def test_a_body_too_large_is_not_waited_for(listen, handle, handled, framing):
    post = await listen(handle, max_body=1000)
    host, port = re.search(r"//(.+):(\d+)/", post.url).groups()
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"POST /webhooks/ HTTP/1.1\r\nHost: x\r\n" + framing)
        reply = await reader.readuntil(b"\r\n\r\n")
        assert reply.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in reply.lower()
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    assert handled == []
    assert await post(body(failed(1))) == 200


async def test_a_client_that_leaves_in_the_middle(listen, handle, handled, caplog):
    post = await listen(handle)
    host, port = re.search(r"//(.+):(\d+)/", post.url).groups()
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /webhooks/ HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await post(body(failed(1))) == 200
    assert [one.callback_id for one in handled] == [1]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_handler_that_fails_is_called_again(listen, caplog):
    calls = []

    async def handle(callback):
        calls.append(callback.callback_id)
        if calls == [1]:
            raise RuntimeError("no database")

    post = await listen(handle)
    given = body(failed(1), failed(2))
    assert await post(given) == 500
    assert calls == [1, 2], "one that fails does not hold up the others"
    assert await post(given) == 200
    assert calls == [1, 2, 1], "what was handled is not handled again"
    assert await post(given) == 200
    assert calls == [1, 2, 1]
    (record,) = [found for found in caplog.records if found.name == "voxsip.webhooks"]
    assert "no database" in str(record.exc_info[1])


async def test_two_deliveries_at_once(listen):
    started, finish = asyncio.Event(), asyncio.Event()
    calls = []

    async def handle(callback):
        calls.append(callback.callback_id)
        started.set()
        await finish.wait()

    post = await listen(handle)
    first = asyncio.create_task(post(body(failed(1))))
    await started.wait()
    assert await asyncio.gather(*[post(body(failed(1))) for _ in range(5)]) == [503] * 5
    finish.set()
    assert await first == 200
    assert await post(body(failed(1))) == 200
    assert calls == [1]


async def test_two_receivers_share_a_store(listen, handle, handled):
    store = MemorySeenStore()
    one, other = await listen(handle, seen=store), await listen(handle, seen=store)
    assert await one(body(failed(1))) == await other(body(failed(1))) == 200
    assert len(handled) == 1


async def test_memory_is_bounded(listen, handle, handled):
    post = await listen(handle, seen=MemorySeenStore(max_ids=2))
    for number in (1, 2, 1, 3, 1, 2):  # 2 is the one that was met least lately
        assert await post(body(failed(number))) == 200
    assert [one.callback_id for one in handled] == [1, 2, 3, 2]


async def test_a_plain_function_is_called_in_a_thread(listen):
    threads = []

    def handle(callback):
        threads.append(threading.current_thread())

    assert await (await listen(handle))(body(failed(1))) == 200
    assert threads != [threading.current_thread()]


async def test_an_object_may_handle(listen, handle, handled):
    class Handler:
        async def __call__(self, callback):
            await handle(callback)

    assert await (await listen(Handler()))(body(failed(1))) == 200
    assert await (await listen(functools.partial(handle)))(body(failed(2))) == 200
    assert [one.callback_id for one in handled] == [1, 2]


class Broken(Forgetful):
    """A store that is out of reach at one of its steps."""

    def __init__(self, step):
        self.step = step
        setattr(self, step, self.fail)

    async def fail(self, key, owner):
        raise OSError(f"{self.step}: out of reach")


@pytest.mark.parametrize(("step", "status"), [("claim", 500), ("complete", 200), ("release", 200)])
async def test_a_store_out_of_reach(listen, handle, handled, caplog, step, status):
    post = await listen(handle, seen=Broken(step))
    assert await post(body(failed(1))) == status
    assert len(handled) == (status == 200)
    assert (f"{step}: out of reach" in caplog.text) == (step != "release")


async def test_a_failure_is_one_also_where_the_claim_cannot_be_given_up(listen, caplog):
    async def handle(callback):
        raise RuntimeError

    assert await (await listen(handle, seen=Broken("release")))(body(failed(1))) == 500
    assert "could not be given up" in caplog.text


async def test_a_cancelled_handler_gives_up_its_claim(handled):
    started = asyncio.Event()

    async def handle(callback):
        handled.append(callback)
        started.set()
        if len(handled) == 1:
            await asyncio.Event().wait()

    receiver = Receiver(handle, **SECRETS)

    async def deliver():
        parts = [b"", body(failed(1))]

        async def read():
            return parts.pop()

        return (await receiver.answer("POST", {}, read)).status

    task = asyncio.create_task(deliver())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await deliver() == 200
    assert len(handled) == 2


async def test_nothing_secret_shows(listen, caplog):
    caplog.set_level(logging.DEBUG, "voxsip")

    async def handle(callback):
        raise RuntimeError("handler")

    post = await listen(handle)
    statuses = [await post(data) for data in (b"", body(failed(1)), body(failed(2, salt="x")))]
    assert statuses == [400, 500, 403]
    receiver = Receiver(handle, **SECRETS)
    assert repr(receiver) == "<Receiver of account 1>"
    shown = caplog.text + repr(receiver) + repr(ASGIApp(receiver)) + repr(vars(receiver))
    assert "of-the-account" not in shown
    assert failed(1)["hash"] not in shown


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"handle": None}, "handle"),
        ({"account_id": "1"}, "account_id"),
        ({"api_key": ""}, "api_key"),
        ({"salt": None}, "salt"),
        ({"max_body": 0}, "max_body"),
        ({"max_body": True}, "max_body"),
    ],
)
def test_arguments_that_cannot_be_right(wrong, field):
    arguments = {"handle": print, **SECRETS, **wrong}
    with pytest.raises(voxsip.InvalidArgumentError) as caught:
        Receiver(arguments.pop("handle"), **arguments)
    assert caught.value.field == field
    assert "of-the-account" not in str(caught.value)


@pytest.mark.parametrize("wrong", [0, -1, "2", True])
def test_a_memory_of_nothing(wrong):
    with pytest.raises(voxsip.InvalidArgumentError, match="max_ids"):
        MemorySeenStore(max_ids=wrong)


async def test_web_sockets_are_turned_away(handle):
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message["type"])

    await ASGIApp(Receiver(handle, **SECRETS))({"type": "websocket"}, receive, send)
    assert sent == ["websocket.close"]


async def test_http_2_has_no_connection_header(handle):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "http_version": "2", "method": "GET", "headers": []}
    await ASGIApp(Receiver(handle, **SECRETS))(scope, None, send)
    assert sent[0]["status"] == 405
    assert b"connection" not in dict(sent[0]["headers"])
