import asyncio
import ssl
from email.utils import parsedate_to_datetime

import aiohttp
import orjson
import pytest

from tests.support.emulator_wire import until
from voxsip.emulator import Fault, Faults

CREATE = {"sip_username": "alice", "proxy": "sip.example.com"}
LOST = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


@pytest.fixture
async def faulty(serve):
    async def start(*rules, **options):
        return await serve(faults=Faults(rules), **options)

    return start


def executed(wire, command="CreateSipRegistration"):
    return wire.emulator.state.counters[command]


async def raw(wire):
    async with wire.post("/CreateSipRegistration", params=CREATE) as reply:
        return reply, await reply.read()


async def test_refuse_comes_before_the_work(faulty):
    wire = await faulty(Fault(kind="refuse", first=1))
    with pytest.raises(LOST):
        await raw(wire)
    assert executed(wire) == {"received": 1, "executed": 0}
    assert await wire.create() == 1


async def test_lose_reply_comes_after_the_work(faulty):
    wire = await faulty(Fault(kind="lose_reply", first=1))
    with pytest.raises(LOST):
        await raw(wire)
    assert executed(wire) == {"received": 1, "executed": 1}
    assert await wire.ids() == [1]


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
async def test_http(faulty, when, done):
    wire = await faulty(Fault(kind="http", status=502, when=when))
    reply, body = await raw(wire)
    assert (reply.status, reply.content_type) == (502, "text/html")
    assert b"<h1>502 Bad Gateway</h1>" in body
    assert executed(wire) == {"received": 1, "executed": done}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [("empty", "text/html", b""), ("json", "application/json", b'{"message":"Too Many Requests"}')],
)
async def test_http_bodies(faulty, body, content_type, expected):
    wire = await faulty(Fault(kind="http", status=429, body=body))
    reply, got = await raw(wire)
    assert (reply.status, reply.content_type, got) == (429, content_type, expected)
    assert "Retry-After" not in reply.headers


async def test_retry_after_in_seconds(faulty):
    wire = await faulty(Fault(kind="http", status=429, retry_after=2))
    assert (await raw(wire))[0].headers["Retry-After"] == "2"


async def test_retry_after_as_a_date(faulty):
    wire = await faulty(
        Fault(kind="http", status=503, retry_after=30, retry_after_form="date"),
        clock=lambda: 1_700_000_000.0,
    )
    headers = (await raw(wire))[0].headers
    date, later = (parsedate_to_datetime(headers[name]) for name in ("Date", "Retry-After"))
    assert (later - date).total_seconds() == 30


@pytest.mark.parametrize("code", [340, 162, 416, 484, 2])
async def test_error(faulty, code):
    wire = await faulty(Fault(kind="error", code=code))
    assert await wire.refused("CreateSipRegistration", **CREATE) == code
    assert executed(wire) == {"received": 1, "executed": 0}


async def test_error_in_full_and_after_the_work(faulty):
    wire = await faulty(
        Fault(kind="error", code=2, msg="Boom", details={"hint": "later"}, when="after")
    )
    reply = await wire.call("CreateSipRegistration", **CREATE)
    assert reply == {"error": {"msg": "Boom", "code": 2, "details": {"hint": "later"}}}
    assert executed(wire)["executed"] == 1


@pytest.mark.parametrize("code", [100, 447, 454, 455, 456])
async def test_token_error(faulty, code):
    wire = await faulty(Fault(kind="token_error", code=code, first=1))
    assert await wire.refused("CreateSipRegistration", **CREATE) == code
    assert await wire.create() == 1


async def test_truncated_json(faulty):
    wire = await faulty(Fault(kind="truncated"))
    _, body = await raw(wire)
    assert body
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(body)
    assert executed(wire)["executed"] == 1


async def test_truncated_connection(faulty):
    wire = await faulty(Fault(kind="truncated", how="connection"))
    with pytest.raises(LOST):
        await raw(wire)
    assert executed(wire)["executed"] == 1


async def test_bodies_that_are_no_replies(faulty):
    wire = await faulty(
        Fault(kind="not_json", times=[1]),
        Fault(kind="not_json", body="\x00{", times=[2]),
        Fault(kind="empty", times=[3]),
    )
    assert [(await raw(wire))[1] for _ in range(3)] == [b"OK", b"\x00{", b""]
    assert executed(wire)["executed"] == 3


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("list", []),
        ("text", "OK"),
        ("null", None),
        ("no_result", {"unexpected": True}),
        ("no_code", {"error": {"msg": "Something went wrong"}}),
        ("error_text", {"error": "Something went wrong"}),
    ],
)
async def test_wrong_shape(faulty, shape, body):
    wire = await faulty(Fault(kind="wrong_shape", shape=shape))
    assert orjson.loads((await raw(wire))[1]) == body


async def test_wrong_content_type(faulty):
    wire = await faulty(Fault(kind="wrong_content_type", content_type="text/plain"))
    reply, body = await raw(wire)
    assert reply.content_type == "text/plain"
    assert orjson.loads(body)["sip_registration_id"] == 1


async def test_slow_body_arrives_whole_and_in_pieces(faulty):
    wire = await faulty(Fault(kind="slow_body", seconds=0.02))
    async with wire.post("/CreateSipRegistration", params=CREATE) as reply:
        pieces = [piece async for piece in reply.content.iter_any()]
    assert orjson.loads(b"".join(pieces))["sip_registration_id"] == 1


async def test_delay_does_the_work_even_if_nobody_waits(faulty):
    wire = await faulty(Fault(kind="delay", seconds=0.2, first=1))
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(raw(wire), 0.02)
    assert executed(wire) == {"received": 1, "executed": 0}
    await until(lambda: executed(wire)["executed"])
    assert await wire.ids() == [1]


async def test_late_duplicate_after_some_requests(faulty):
    wire = await faulty(
        Fault(kind="late_duplicate", command="CreateSipRegistration", first=1, requests=2)
    )
    await wire.create()
    assert await wire.ids() == [1]
    assert await wire.ids() == [1, 2]
    assert executed(wire) == {"received": 1, "executed": 2}


async def test_late_duplicate_after_some_time(faulty):
    wire = await faulty(Fault(kind="late_duplicate", first=1, seconds=0.01))
    await wire.create()
    await until(lambda: executed(wire)["executed"] == 2)
    assert executed(wire) == {"received": 1, "executed": 2}


async def test_a_late_duplicate_overrides_a_newer_bind(faulty):
    wire = await faulty(
        Fault(kind="late_duplicate", command="BindSipRegistration", first=1, requests=2),
        registrations=1,
    )
    for application in (1, 2):
        await wire.done("BindSipRegistration", sip_registration_id=1, application_id=application)
    assert await wire.binding(1) == (1, None, None)


async def test_lost_and_late_together(faulty):
    wire = await faulty(
        Fault(kind="late_duplicate", first=1, requests=1), Fault(kind="lose_reply", first=1)
    )
    with pytest.raises(LOST):
        await raw(wire)
    assert await wire.ids() == [1, 2]


@pytest.mark.parametrize(("seconds", "code"), [(-300, 455), (4000, 456)])
async def test_a_clock_that_is_off_for_a_request(faulty, seconds, code):
    wire = await faulty(Fault(kind="clock", seconds=seconds, times=[1]))
    reply, body = await raw(wire)
    assert orjson.loads(body)["error"]["code"] == code
    struck = parsedate_to_datetime(reply.headers["Date"])
    reply, body = await raw(wire)
    assert orjson.loads(body)["sip_registration_id"] == 1
    assert (struck - parsedate_to_datetime(reply.headers["Date"])).total_seconds() == pytest.approx(
        seconds, abs=60
    )


async def test_a_clock_that_is_off_shows_in_the_purchase_date(faulty):
    wire = await faulty(
        Fault(kind="clock", seconds=60, command="CreateSipRegistration"),
        clock=lambda: 1_700_000_000.0,
    )
    wire = wire.acting(iat=1_700_000_000, exp=1_700_000_600)
    await wire.create()
    (row,) = await wire.rows()
    assert row["purchase_date"] == "2023-11-14 22:14:20"


async def test_error_with_retry_after(faulty):
    wire = await faulty(Fault(kind="error", code=416, retry_after=1.5))
    reply, body = await raw(wire)
    assert (reply.status, reply.headers["Retry-After"]) == (200, "1.5")
    assert orjson.loads(body)["error"]["code"] == 416


async def test_page_cap(faulty):
    wire = await faulty(Fault(kind="page_cap", rows=2, times=[1]), registrations=5)
    assert await wire.ids(count=4) == [1, 2]
    assert await wire.ids(count=4) == [1, 2, 3, 4]


async def test_pages_that_shift(faulty):
    wire = await faulty(
        Fault(kind="shift", rows=-1, times=[2]),
        Fault(kind="shift", rows=1, times=[3]),
        registrations=9,
    )
    assert await wire.ids(count=3) == [1, 2, 3]
    assert await wire.ids(count=3, offset=3) == [5, 6, 7]
    assert await wire.ids(count=3, offset=3) == [3, 4, 5]


@pytest.mark.parametrize("tls", [False, True])
async def test_reset_before_anything_is_said(faulty, tls):
    wire = await faulty(Fault(kind="tls_reset", times=[2]), tls=tls)
    context = ssl.create_default_context(cafile=wire.emulator.ca) if tls else True
    connector = aiohttp.TCPConnector(ssl=context, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as wire.session:
        assert await wire.create() == 1
        with pytest.raises(aiohttp.ClientConnectionError):
            await raw(wire)
        assert await wire.create() == 2
    assert wire.emulator.faults.applied == {"tls_reset": 1}
    assert executed(wire) == {"received": 2, "executed": 2}


async def test_faults_can_be_changed_while_running(wire):
    wire.emulator.faults = Faults([Fault(kind="error", code=162)])
    assert await wire.refused("GetUsers") == 162
    wire.emulator.faults = None
    assert await wire.ids() == []


async def test_unknown_commands_are_spared(faulty):
    wire = await faulty(Fault(kind="refuse"))
    assert await wire.refused("Nonsense") == 103
