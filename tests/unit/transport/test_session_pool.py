"""Sessions: one per event loop, closed with it, and nothing else closed."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import weakref

import aiohttp
import orjson
import pytest
from aiohttp import web

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._calls import call
from voxsip._config import RetryPolicy
from voxsip.emulator import Emulator

INFO = "GetAccountInfo"
ONCE = RetryPolicy(attempts=1)


def info(client):
    return client.accounts.get_account_info()


@pytest.fixture
def threaded(account):
    """Serve from a thread, for tests that run loops of their own."""
    with Emulator() as emulator:
        yield emulator


def make(emulator, account, **options):
    return voxsip.AsyncClient(account, base_url=emulator.base_url, **options)


def lanes(client):
    return dict(client._caller.pool._loop_states)


# Loops


def test_client_outlives_asyncio_run(threaded, account):
    client = make(threaded, account)
    loops = []

    async def once():
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await info(client)
        [loop_state] = lanes(client).values()
        return loop_state.session

    for _ in range(2):
        assert asyncio.run(once()).closed  # nobody called close, and nobody is warned
    gc.collect()
    assert lanes(client) == {}
    assert [loop() for loop in loops] == [None, None]
    assert counts(threaded, INFO) == (2, 2)


def test_loops_in_several_threads(threaded, account):
    client = make(threaded, account)
    together = threading.Barrier(5)

    async def once():
        await info(client)
        await asyncio.to_thread(together.wait)
        await info(client)

    threads = [threading.Thread(target=asyncio.run, args=(once(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    together.wait()
    for thread in threads:
        thread.join()
    assert counts(threaded, INFO) == (8, 8)
    assert lanes(client) == {}


def test_close_reaches_the_loops_of_other_threads(threaded, account):
    client = make(threaded, account)
    ready, over = threading.Event(), threading.Event()

    async def stay():
        await info(client)
        ready.set()
        await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(stay(),))
    thread.start()
    ready.wait()
    [loop_state] = lanes(client).values()
    asyncio.run(client.close())
    assert loop_state.session.closed
    over.set()
    thread.join()


def test_loop_that_was_closed_without_a_word_is_forgotten(threaded, account):
    client = make(threaded, account)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(info(client))
    loop.run_until_complete(client.close())
    loop.close()
    asyncio.run(info(client))


async def test_client_that_is_dropped_closes_its_session(serve, account):
    client = make(await serve(), account)
    await client.call("GetUsers")
    [loop_state] = lanes(client).values()
    session = loop_state.session
    del client, loop_state
    gc.collect()
    while not session.closed:  # noqa: ASYNC110 - the garbage collector sets no event
        await asyncio.sleep(0)


async def test_close_is_idempotent_and_not_the_end(emulator, side):
    await side(info)
    [loop_state] = lanes(side.client).values()
    for _ in range(2):
        await side.client.close()
    assert loop_state.session.closed
    await side(info)
    assert counts(emulator, INFO) == (2, 2)


async def test_closing_a_view_closes_nothing(side):
    await side(info)
    view = side.client.with_options(timeout=5)
    async with view:
        await info(view)
    [loop_state] = lanes(side.client).values()
    assert not loop_state.session.closed


async def test_close_while_calls_queue_loses_none(answer, connect):
    arrived, held = asyncio.Event(), asyncio.Event()

    async def hold(_):
        arrived.set()
        await held.wait()
        return Answer({"result": {"account_id": 1}})

    server = await answer(hold)
    side = connect(base_url=server.base_url, max_connections=1)
    calls = [asyncio.ensure_future(side(info)) for _ in range(3)]
    await arrived.wait()
    await side.client.close()
    held.set()
    assert [reply.result.account_id for reply in await asyncio.gather(*calls)] == [1, 1, 1]


# Sessions that were given


async def test_given_session_is_used_and_not_closed(emulator, account):
    async with aiohttp.ClientSession(headers={"X-Mine": "yes"}) as session:
        async with make(emulator, account, session=session) as client:
            await info(client)
        assert not session.closed
    assert counts(emulator, INFO)[1] == 1


async def test_given_session_that_is_closed(emulator, account, clock):
    session = aiohttp.ClientSession()
    await session.close()
    async with make(emulator, account, session=session) as client:
        with pytest.raises(
            voxsip.NotSentError, match="session given to the client is closed"
        ) as caught:
            await info(client)
    assert caught.value.attempts == 1


async def test_given_sessions_headers_do_not_replace_ours(answer, account):
    server = await answer(Answer({"result": {"account_id": 1}}))
    async with aiohttp.ClientSession(headers={"Authorization": "Basic x"}) as session:
        client = voxsip.AsyncClient(token="t", base_url=server.base_url, session=session)
        await info(client)
    assert server.requests[0].headers["Authorization"] == "Bearer t"


async def test_given_session_that_raises_for_a_status_still_tells_them_apart(answer, account):
    slow_down = Answer(status=429, headers={"Retry-After": "7"})
    server = await answer(slow_down)
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        client = voxsip.AsyncClient(
            token="t", base_url=server.base_url, session=session, retry=ONCE
        )
        with pytest.raises(voxsip.RateLimitError) as caught:
            await info(client)
    assert caught.value.retry_after == 7


# What is sent


async def test_query_encoding_is_a_post_without_a_body(answer, connect):
    server = await answer(Answer({"result": 1, "sip_registration_id": 1}))
    side = connect(base_url=server.base_url, encoding="query")
    await side(
        lambda c: c.sip_registrations.create(sip_username="a b+c", proxy="p;x", password="ü&=")
    )
    [request] = server.requests
    assert (request.method, request.path) == ("POST", "/platform_api/CreateSipRegistration")
    assert dict(request.rel_url.query) == {
        "sip_username": "a b+c",
        "proxy": "p;x",
        "password": "ü&=",
    }
    assert (
        request.rel_url.raw_query_string
        == "sip_username=a%20b%2Bc&proxy=p%3Bx&password=%C3%BC%26%3D"
    )
    assert request.headers["Content-Length"] == "0"
    assert request.headers["User-Agent"].startswith("voxsip/")
    assert request.headers["Accept"] == "application/json"


async def test_form_encoding_keeps_arguments_out_of_the_url(answer, connect):
    bodies = []

    async def read(request):
        bodies.append(await request.post())
        return Answer({"result": 1, "sip_registration_id": 1})

    server = await answer(read)
    side = connect(base_url=server.base_url, encoding="form")
    await side(
        lambda c: c.sip_registrations.create(sip_username="a b+c", proxy="p;x", password="ü&=")
    )
    [request] = server.requests
    assert str(request.rel_url) == "/platform_api/CreateSipRegistration"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert dict(bodies[0]) == {"sip_username": "a b+c", "proxy": "p;x", "password": "ü&="}


@pytest.mark.parametrize("encoding", ["query", "form"])
async def test_effect_is_the_same_in_both_encodings(serve, connect, encoding):
    emulator = await serve(registrations=2)
    side = connect(emulator, encoding=encoding)
    await side(
        lambda c: c.sip_registrations.bind(sip_registration_id=1, application_id=1, user_id=1)
    )
    listed = [item async for item in side.client.sip_registrations.list(application_id=[1, 2])]
    assert [item.user_id for item in listed] == [1]


async def test_form_of_megabytes(serve, connect):
    side = connect(await serve(registrations=1), encoding="form")
    ids = list(range(1, 300_000))
    assert await side.client.sip_registrations.list(application_id=ids) is not None


async def test_no_cookie_is_kept(answer, connect):
    server = await answer(Answer({"result": {"account_id": 1}}, headers={"Set-Cookie": "s=1"}))
    side = connect(base_url=server.base_url)
    for _ in range(2):
        await side(info)
    assert not any("Cookie" in request.headers for request in server.requests)


async def test_redirect_is_not_followed(answer, connect):
    server = await answer(Answer(status=307, headers={"Location": "/platform_api/Other"}))
    error = await connect(base_url=server.base_url).fails(voxsip.UnexpectedReplyError, info)
    assert (error.http_status, error.attempts, len(server.requests)) == (307, 5, 5)
    assert {request.path for request in server.requests} == {"/platform_api/GetAccountInfo"}


# What comes back


@pytest.fixture
def longest(monkeypatch):
    def limit(length):
        monkeypatch.setattr(call, "LONGEST_REPLY", dict.fromkeys(call.LONGEST_REPLY, length))

    return limit


@pytest.mark.parametrize("form", ["length", "chunked", "deflated"])
async def test_reply_past_the_limit_is_refused(answer, connect, longest, form):
    body = orjson.dumps({"result": {"account_id": 1, "secret": "MARK" * 10_000}})

    async def big(request):
        response = web.Response(body=body)
        if form == "deflated":
            response.enable_compression()
        elif form == "chunked":
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(body)
        return response

    side = connect(base_url=(await answer(big)).base_url, policy=ONCE)
    longest(len(body))
    await side(info)
    longest(len(body) - 1)
    error = await side.fails(voxsip.UnexpectedReplyError, info)
    assert f"more than {len(body) - 1} bytes" in str(error)
    assert error.body_start.startswith('{"result":{"account_id":1')
    assert "MARK" not in error.body_start
    assert error.http_status == 200


async def test_endless_reply_is_given_up(answer, connect, longest):
    async def endless(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 65536)

    side = connect(base_url=(await answer(endless)).base_url, policy=ONCE)
    longest(1_000_000)
    await side.fails(voxsip.UnexpectedReplyError, info)


async def test_connection_that_speaks_another_language(connect):
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0-OpenSSH_9.7\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        side = connect(base_url=f"http://127.0.0.1:{port}/platform_api", policy=ONCE)
        error = await side.fails(voxsip.OutcomeUnknownError, info)
    assert "unknown" in str(error)


async def test_nobody_listens(connect, clock):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
        side = connect(
            base_url=f"http://127.0.0.1:{port}/platform_api", policy=RetryPolicy(attempts=3)
        )
        error = await side.fails(voxsip.NotSentError, info)
    assert f"cannot connect to 127.0.0.1:{port}" in str(error)
    assert error.attempts == 3
    assert not error.outcome_unknown


async def test_host_that_does_not_exist(connect):
    side = connect(base_url="https://does-not-exist.invalid/platform_api", policy=ONCE)
    error = await side.fails(voxsip.NotSentError, info)
    assert "does-not-exist.invalid" in str(error)


# Connections


async def test_connections_are_reused_and_bounded(answer, connect):
    ports = set()

    async def note(request):
        ports.add(request.transport.get_extra_info("peername"))
        return Answer({"result": {"account_id": 1}})

    side = connect(base_url=(await answer(note)).base_url, max_connections=3)
    await asyncio.gather(*(side(info) for _ in range(30)))
    assert len(ports) <= 3


FORKED = """
import asyncio, os, sys
import voxsip

client = voxsip.AsyncClient(sys.argv[1], base_url=sys.argv[2])

async def call():
    return (await client.accounts.get_account_info()).result.account_id

async def parent():
    await call()
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0, "the child failed"
        return await call()
    try:
        os._exit(await_in_child())
    finally:
        os._exit(9)

def await_in_child():
    import threading
    result = []
    thread = threading.Thread(target=lambda: result.append(asyncio.run(call())))
    thread.start()
    thread.join()
    return 0 if result == [1] else 8

print(asyncio.run(parent()))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_client_survives_a_fork(threaded):
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::DeprecationWarning",
            "-c",
            FORKED,
            threaded.credentials,
            threaded.base_url,
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1\n", "")
    assert counts(threaded, INFO) == (3, 3)


@pytest.mark.parametrize("own", [False, True], ids=["voxsip's session", "the user's session"])
async def test_app_info_is_told(answer, connect, own):
    server = await answer(Answer({"result": 1}))
    session = aiohttp.ClientSession() if own else None
    side = connect(base_url=server.base_url, app_info="billing/1.2", session=session)
    await side(lambda client: client.call("DeleteCallList", {"list_id": 1}))
    [request] = server.requests
    assert request.headers["User-Agent"] == f"voxsip/{voxsip.__version__} billing/1.2"
    if session is not None:
        await session.close()
