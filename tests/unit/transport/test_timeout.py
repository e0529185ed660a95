"""How long an attempt may take, and when its clock starts."""

import asyncio
import socket

import aiohttp
import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip import Timeout
from voxsip._config import RetryPolicy

INFO = "GetAccountInfo"
ONCE = RetryPolicy(attempts=1)


def info(client):
    return client.accounts.get_account_info()


@pytest.mark.parametrize(("seconds", "connect"), [(30, 10), (100, 10), (10, 9), (1, 0.9)])
def test_seconds_become_a_timeout(seconds, connect):
    timeout = Timeout.of(seconds)
    assert (timeout.total, timeout.connect) == (seconds, connect)
    assert Timeout.of(timeout) is timeout


@pytest.mark.parametrize("value", [0, -1, float("inf"), None, "1"])
def test_timeout_must_be_above_zero(value):
    with pytest.raises(voxsip.ConfigurationError, match="total"):
        Timeout(total=value)
    with pytest.raises(voxsip.ConfigurationError, match="connect"):
        Timeout(connect=value)


@pytest.mark.parametrize("value", ["5", None, [5]])
def test_timeout_of_a_client_must_be_seconds_or_a_timeout(account, value):
    with pytest.raises(voxsip.ConfigurationError, match="timeout: expected seconds or a Timeout"):
        voxsip.AsyncClient(account, timeout=value)


@pytest.mark.parametrize("value", ["abc", 1.5, 0, -1, True])
def test_account_must_be_a_number(account, value):
    with pytest.raises(voxsip.ConfigurationError, match="account_id: expected a whole number"):
        voxsip.AsyncClient(account, account_id=value)


async def test_reply_that_does_not_come_is_an_unknown_outcome(answer, connect):
    over = asyncio.Event()

    async def never(_):
        await over.wait()
        return Answer()

    server = await answer(never)
    side = connect(base_url=server.base_url, timeout=0.05, policy=ONCE)
    error = await side.fails(voxsip.OutcomeUnknownError, info)
    over.set()
    assert "no reply within the timeout" in str(error)
    assert len(server.requests) == 1


async def test_body_that_does_not_end_is_one_too(answer, connect):
    from aiohttp import web

    over = asyncio.Event()

    async def dribble(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"result"')
        await over.wait()
        return response

    side = connect(base_url=(await answer(dribble)).base_url, timeout=0.05, policy=ONCE)
    await side.fails(voxsip.OutcomeUnknownError, info)
    over.set()


async def test_connection_that_does_not_come_was_never_sent(connect):
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for filler in (first, second):  # a full backlog: nobody answers the next one
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        url = f"http://127.0.0.1:{server.getsockname()[1]}/platform_api"
        side = connect(base_url=url, timeout=Timeout(connect=0.05, total=30), policy=ONCE)
        error = await side.fails(voxsip.NotSentError, info)
    assert "no connection within the connect timeout" in str(error)


@pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
async def test_queue_in_the_client_is_no_slow_server(serve, connect, cls):
    emulator = await serve(latency=0.03)
    side = connect(emulator, cls=cls, max_connections=1, timeout=0.3, policy=ONCE)
    await asyncio.gather(*(side(info) for _ in range(20)))  # twice the timeout, one after another
    assert counts(emulator, INFO) == (20, 20)


@pytest.mark.parametrize("limits", [{"limit": 1}, {"limit_per_host": 1}])
async def test_queue_for_the_connections_of_a_given_session_is_none_either(serve, connect, limits):
    emulator = await serve(latency=0.03)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(**limits)) as session:
        side = connect(emulator, session=session, timeout=0.3, policy=ONCE)
        await asyncio.gather(*(side(info) for _ in range(20)))
    assert counts(emulator, INFO) == (20, 20)


async def test_waiting_for_the_rate_is_no_slow_server(emulator, connect, clock):
    from voxsip._calls.limiter import Limiter
    from voxsip._config import RateLimit

    limiter = Limiter(RateLimit(0.001), clock=clock)
    side = connect(emulator, timeout=1, policy=ONCE)
    view = side.client.with_options(rate_limit=limiter)
    for _ in range(3):
        await info(view)
    assert sum(clock.delays) == pytest.approx(2000)
