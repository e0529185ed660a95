"""Calls through a real proxy: tunnels for https, whole URLs for http; what goes wrong there was never sent."""

import asyncio
import pickle

import aiohttp
import pytest

import voxsip
from tests.support.duplicating_server import DuplicatingServer
from tests.support.forward_proxy import ForwardProxy
from tests.support.harness import counts
from voxsip._config import RetryPolicy
from voxsip._transport.write_guard import WRITE_GUARD
from voxsip.emulator._http.tls import server_context

INFO = "GetAccountInfo"
LOGIN = "M4RKuser:M4RK p@ss"
ONE = RetryPolicy(attempts=1)
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def info(client):
    return client.accounts.get_account_info()


def create(client):
    return client.sip_registrations.create(
        sip_username="ann", proxy="sip.example.com", password="M4RKsip"
    )


@pytest.fixture(params=["plain", "tls"])
async def server(request, serve):
    return await serve(tls=request.param == "tls", registrations=1)


@pytest.fixture
async def secure(serve):
    return await serve(tls=True)


@pytest.fixture
def proxy():
    with ForwardProxy() as proxy:
        yield proxy


def with_login(proxy):
    return proxy.url.replace("://", "://M4RKuser:M4RK%20p%40ss@")


@CLIENTS
@pytest.mark.parametrize(
    "way", ["argument", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"]
)
async def test_calls_go_through(server, proxy, connect, cls, way, monkeypatch):
    options = {"proxy": proxy.url} if way == "argument" else {}
    if way != "argument":
        monkeypatch.setenv(way, proxy.name if way == "ALL_PROXY" else proxy.url)
    side = connect(server, cls=cls, **options)
    for _ in range(3):
        assert (await side(info)).result.account_id == 1
    https = server.base_url.startswith("https")
    meant = {"argument": True, "ALL_PROXY": True, "HTTP_PROXY": not https}.get(way, https)
    assert side.client.proxy == (proxy.name if meant else None)
    authority = server.base_url.split("/")[2]
    # the connection is kept: one tunnel
    assert proxy.tunnels == ([authority] if meant and https else [])
    assert len(proxy.forwarded) == (3 if meant and not https else 0)
    assert b"platform_api" not in proxy.carried


@pytest.mark.parametrize("listed", ["127.0.0.1", "*", "127.0.0.0/8", "x.example, 127.0.0.1"])
async def test_no_proxy(secure, connect, listed, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", listed)
    side = connect(secure)
    assert side.client.proxy is None
    assert (await side(info)).result.account_id == 1


async def test_no_proxy_by_argument(secure, connect, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    assert (await connect(secure, proxy="")(info)).result.account_id == 1


async def test_each_purchase_has_a_tunnel_of_its_own(secure, proxy, connect):
    side = connect(secure, proxy=proxy.url)
    await side(info)
    for _ in range(3):
        await side(create)
    assert len(proxy.tunnels) == 4
    await side(info)
    assert len(proxy.tunnels) == 4


@CLIENTS
async def test_login(server, connect, cls):
    with ForwardProxy(login=LOGIN) as proxy:
        side = connect(server, cls=cls, proxy=with_login(proxy))
        for _ in range(2):
            assert (await side(info)).result.account_id == 1
        await side(create)
        assert "M4RK" not in repr(side.client) + repr(side.client.proxy) + repr(vars(side.client))
    told = [head for head in proxy.heads if "proxy-authorization" in head.lower()]
    assert told == proxy.heads
    assert all("User-Agent: voxsip/" in head for head in proxy.heads)


@CLIENTS
@pytest.mark.parametrize("given", [True, False], ids=["wrong", "none"])
async def test_a_login_is_wanted(server, connect, clock, cls, given):
    with ForwardProxy(login="somebody:else") as proxy:
        side = connect(server, cls=cls, proxy=with_login(proxy) if given else proxy.url)
        for act in (info, create):
            error = await side.fails(voxsip.ProxyAuthenticationError, act)
            assert (error.attempts, error.outcome_unknown, error.permanent) == (1, False, True)
            assert (error.proxy, error.http_status) == (proxy.name, 407)
            assert f"the proxy {proxy.name}" in str(error)
            assert f"http://user:password@{proxy.name}" in str(error)
            assert ("refuses" in str(error)) is given
            assert "M4RK" not in repr(error) + str(error)
            again = pickle.loads(pickle.dumps(error))  # noqa: S301
            assert (again.proxy, str(again)) == (error.proxy, str(error))
    assert clock.delays == []
    assert counts(server, INFO) == (0, 0)


@pytest.mark.parametrize("status", [403, 502, 503])
async def test_the_proxy_does_not_connect(secure, connect, status):
    with ForwardProxy(status=status) as proxy:
        side = connect(secure, proxy=proxy.url, policy=RetryPolicy(attempts=2))
        error = await side.fails(voxsip.ProxyError, create)
    assert f"the proxy {proxy.name} answered HTTP {status}" in str(error)
    assert (error.http_status, error.permanent) == (status, status == 403)
    assert error.attempts == (1 if status == 403 else 2)
    assert counts(secure, "CreateSipRegistration") == (0, 0)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\nX: y\r\n\r\nno TLS"],
)
async def test_what_answers_is_no_proxy(secure, connect, answer):
    """A purchase that never left is not looked for, and not unknown."""
    with ForwardProxy(answer=answer) as proxy:
        side = connect(secure, proxy=proxy.url, policy=RetryPolicy(attempts=2))
        error = None
        with pytest.raises(voxsip.NotSentError) as caught:
            await side(create)
        error = caught.value
    assert proxy.name in str(error)
    assert (error.attempts, error.outcome_unknown) == (2, False)
    assert len(proxy.heads) == 2


async def test_a_silent_proxy(secure, connect):
    with ForwardProxy(silent=True) as proxy:
        side = connect(secure, proxy=proxy.url, timeout=0.3, policy=ONE)
        error = await side.fails(voxsip.ProxyError, create)
    assert f"no connection within the connect timeout, by way of the proxy {proxy.name}" in str(
        error
    )


async def test_nobody_is_there(server, connect):
    with ForwardProxy() as gone:
        pass
    side = connect(server, proxy=f"http://M4RKuser:M4RKpass@{gone.name}", policy=ONE)
    error = await side.fails(voxsip.ProxyError, create)
    assert f"cannot connect to the proxy {gone.name}: " in str(error)
    assert "M4RK" not in str(error)
    assert not error.permanent


async def test_no_such_name(secure, connect):
    side = connect(secure, proxy="http://proxy.invalid:3128", policy=ONE)
    error = await side.fails(voxsip.ProxyError, create)
    assert "cannot connect to the proxy proxy.invalid:3128: " in str(error)


async def test_the_certificate_behind_a_proxy(secure, proxy, connect):
    side = connect(secure, ssl=None, proxy=proxy.url)
    error = await side.fails(voxsip.NotSentError, info)
    assert "certificate of 127.0.0.1 is not trusted (through the proxy" in str(error)
    assert "VOXSIP_CA_BUNDLE" in str(error)
    assert error.permanent


class TestTlsToTheProxy:
    async def test_works(self, server, connect, tmp_path, monkeypatch):
        with ForwardProxy(tls=server_context(tmp_path / "proxy.pem"), login=LOGIN) as proxy:
            bundle = tmp_path / "both.pem"
            authorities = [tmp_path / "proxy.pem"] + ([server.ca] if server.ca else [])
            bundle.write_bytes(b"".join(path.read_bytes() for path in authorities))
            side = connect(server, ssl=bundle, proxy=with_login(proxy))
            assert (await side(info)).result.account_id == 1
            assert len(proxy.heads) == 1

    async def test_is_verified(self, secure, connect, tmp_path):
        with ForwardProxy(tls=server_context(tmp_path / "proxy.pem")) as proxy:
            side = connect(secure, proxy=proxy.url)
            error = await side.fails(voxsip.ProxyError, info)
        assert f"the certificate of the proxy {proxy.name} is not trusted" in str(error)
        assert error.permanent
        assert proxy.heads == []


async def test_a_session_of_the_users_decides_for_itself(secure, proxy, connect, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with aiohttp.ClientSession() as session:
        assert (await connect(secure, session=session)(info)).result.account_id == 1
        assert proxy.tunnels == []
        await connect(secure, session=session, proxy=proxy.url)(info)
        assert len(proxy.tunnels) == 1
    with ForwardProxy(login="a:b") as closed:
        async with aiohttp.ClientSession(proxy=closed.url) as session:
            side = connect(secure, session=session)
            error = await side.fails(voxsip.ProxyAuthenticationError, info)
            assert error.proxy == closed.name


# asyncio of Python 3.11 may leave a TLS connection that its peer cut off to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
class TestAsWithoutProxy:
    """What protects purchases and jobs holds through a proxy."""

    @pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
    @pytest.mark.parametrize("loop_runs", [True, False], ids=["read", "unread"])
    async def test_a_reply_sent_twice_answers_one_call(self, proxy, tmp_path, tls, loop_runs):
        ca = tmp_path / "ca.pem" if tls else None
        with DuplicatingServer(lambda n: {"result": {"account_id": n}}, ca) as server:
            async with voxsip.AsyncClient(
                token="t", base_url=server.base_url, ssl=ca, retry=ONE, proxy=proxy.url
            ) as client:
                for number in range(1, 4):
                    reply = await client.call(INFO)
                    assert reply["result"]["account_id"] == number
                    server.repeated.acquire()
                    proxy.flush()
                    for _ in range(20 if loop_runs else 0):
                        await asyncio.sleep(0)
                assert server.requests == server.connections == 3

    @pytest.mark.parametrize("act", [info, create])
    async def test_a_job_that_was_taken_over_sends_nothing(self, server, proxy, connect, act):
        side = connect(server, proxy=proxy.url)
        held = WRITE_GUARD.set(lambda: False)
        try:
            error = await side.fails(voxsip.NotSentError, act)
        finally:
            WRITE_GUARD.reset(held)
        assert "another process has taken the job over" in str(error)
        assert counts(server, INFO) == counts(server, "CreateSipRegistration") == (0, 0)


async def test_a_job_stops_at_once_and_is_resumed(serve, connect, tmp_path):
    """Thousands of wrong logins would lock the proxy's account."""
    emulator = await serve(tls=True, registrations=200)
    rows = [{"sip_registration_id": n + 1, "application_id": 1} for n in range(200)]
    journal = tmp_path / "job.sqlite"
    with ForwardProxy(login="somebody:else") as proxy:
        side = connect(emulator, proxy=with_login(proxy))
        report = await side.client.bulk.bind(rows, journal=journal, concurrency=4)
    assert report.stopped == "refused by the proxy"
    assert report.failed + report.skipped == 200
    assert len(proxy.heads) <= 8
    report = await connect(emulator).client.bulk.resume(journal, rows)
    assert (report.ok, report.done) == (True, 200)
