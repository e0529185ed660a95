"""Replies nobody asked for: the next request over that connection does not take them for its own."""

import asyncio

import pytest

import voxsip
from tests.support.duplicating_server import DuplicatingServer

ONE = voxsip.RetryPolicy(attempts=1)
CALLS = 6


def uvloop_loop():
    return pytest.importorskip("uvloop").new_event_loop()


@pytest.fixture(params=[asyncio.new_event_loop, uvloop_loop], ids=["asyncio", "uvloop"])
def runner(request):
    with asyncio.Runner(loop_factory=request.param) as runner:
        yield runner


@pytest.fixture(params=["plain", "tls"])
def ca(request, tmp_path):
    return tmp_path / "ca.pem" if request.param == "tls" else None


async def seen(server, *, loop_runs):
    """Wait until the server has sent a reply again; the loop reads it, or is held up meanwhile."""
    if loop_runs:
        await asyncio.to_thread(server.repeated.acquire)
        for _ in range(20):
            await asyncio.sleep(0)
    else:
        server.repeated.acquire()


def client_of(server, ca, **options):
    return voxsip.AsyncClient(token="t", base_url=server.base_url, ssl=ca, retry=ONE, **options)


@pytest.mark.parametrize("loop_runs", [True, False], ids=["read", "unread"])
def test_a_reply_sent_twice_answers_one_call(runner, ca, loop_runs):
    async def main():
        async with client_of(server, ca) as client:
            for number in range(1, CALLS + 1):
                reply = await client.call("GetAccountInfo")
                assert reply["result"]["account_id"] == number
                await seen(server, loop_runs=loop_runs)

    with DuplicatingServer(lambda n: {"result": {"account_id": n}}, ca) as server:
        runner.run(main())
    assert server.connections == server.requests == CALLS


@pytest.mark.parametrize("encoding", ["auto", "query", "form"])
def test_a_purchase_has_a_connection_of_its_own(runner, ca, encoding):
    async def main():
        async with client_of(server, ca, encoding=encoding) as client:
            for number in range(1, CALLS + 1):
                made = await client.sip_registrations.create(
                    sip_username=f"u{number}", proxy="p.example", password="secret-word"
                )
                assert made.sip_registration_id == number

    with DuplicatingServer(lambda n: {"result": 1, "sip_registration_id": n}, ca) as server:
        runner.run(main())
    assert server.connections == CALLS


def test_a_silent_connection_is_used_again(runner, ca):
    """The check must not drop what is in order: the TLS handshake would be made for every call."""

    async def main():
        async with client_of(server, ca) as client:
            for _ in range(CALLS):
                await client.call("GetAccountInfo")

    class Once(DuplicatingServer):
        def _serve(self, connection):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.append(connection)
            with connection, connection.makefile("rb") as lines:
                while self._read(lines):
                    body = b'{"result": {"account_id": 1}}'
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
                    )

    with Once(None, ca) as server:
        runner.run(main())
    assert server.connections == 1


async def test_an_id_that_was_told_before_is_no_answer(answer, connect):
    from tests.support.answers import Answer

    def serve(request):
        if request.path.endswith("/CreateSipRegistration"):
            return Answer({"result": 1, "sip_registration_id": 7})
        return Answer({"result": []})

    def create(name):
        return lambda client: client.sip_registrations.create(sip_username=name, proxy="p.example")

    server = await answer(serve)
    side = connect(base_url=server.base_url, policy=ONE)
    assert (await side(create("ann"))).sip_registration_id == 7
    error = await side.fails(voxsip.UnexpectedReplyError, create("bob"))
    assert error.outcome_unknown
    assert any(request.path.endswith("/GetSipRegistrations") for request in server.requests)
