"""Replies nobody asked for: the next request over that connection does not take them for its own."""

import asyncio
import gc
import threading
from contextlib import suppress

import pytest

import voxsip
from tests.support.duplicating_server import DuplicatingServer, reply_of
from voxsip._transport.connector import CheckedConnector
from voxsip._transport.write_guard import GuardedPayload, WriteRefusedError

ONE = voxsip.RetryPolicy(attempts=1)
CALLS = 6


def uvloop_loop():
    return pytest.importorskip("uvloop").new_event_loop()


class SilentServer(DuplicatingServer):
    """Sends no reply twice by itself; `answer_nobody` sends one more over the connections there are."""

    twice = False

    def answer_nobody(self):
        for one in self.serving:
            with suppress(OSError):
                one.sendall(reply_of({"result": {"account_id": "another's"}}))


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


@pytest.mark.parametrize("encoding", ["auto", "form"])
@pytest.mark.parametrize("loop_runs", [True, False], ids=["read", "unread"])
def test_a_reply_sent_twice_answers_one_call(runner, ca, loop_runs, encoding):
    async def main():
        async with client_of(server, ca, encoding=encoding) as client:
            for number in range(1, CALLS + 1):
                reply = await client.call("GetAccountInfo", {"return_live_balance": True})
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


class DeafServer(DuplicatingServer):
    """Hears nothing after its reply, not even a goodbye, until it is told to."""

    twice = False

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.listen = threading.Event()

    def _read(self, lines):
        return (not self.requests or self.listen.wait(60)) and super()._read(lines)

    def __exit__(self, *error):
        self.listen.set()
        super().__exit__(*error)


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "dropped"])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop_loop], ids=["asyncio", "uvloop"])
def test_a_purchases_connection_ends_with_the_loop_also_if_its_server_is_deaf(
    tmp_path, loop, closed
):
    async def main():
        client = client_of(server, tmp_path / "ca.pem")
        await client.sip_registrations.create(sip_username="u", proxy="p.example", password="pw")
        if closed:
            await client.close()

    def answer(number):
        return {"result": 1, "sip_registration_id": number}

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.get_loop()
        with DeafServer(answer, tmp_path / "ca.pem") as server:
            runner.run(main())
            runner.close()
            gc.collect()  # a transport left open complains, and the test fails


def test_a_reply_that_comes_after_the_look_is_noticed_as_the_body_is_written(
    runner, ca, monkeypatch
):
    """Between the look at a kept connection and the first byte of a form: on Python 3.11 tasks run there."""
    connect, late = CheckedConnector.connect, []

    async def connect_late(self, *arguments, **named):
        connection = await connect(self, *arguments, **named)
        if late:
            server.answer_nobody()
            late.clear()
        return connection

    monkeypatch.setattr(CheckedConnector, "connect", connect_late)

    async def main():
        async with client_of(server, ca, encoding="form") as client:
            for number in range(1, CALLS + 1):
                arguments = {"return_live_balance": True}
                if number > 1:
                    late.append(number)
                    with pytest.raises(voxsip.NotSentError, match="held a reply to another"):
                        await client.call("GetAccountInfo", arguments)
                reply = await client.call("GetAccountInfo", arguments)
                assert reply["result"]["account_id"] == number

    with SilentServer(lambda n: {"result": {"account_id": n}}, ca) as server:
        runner.run(main())
    assert server.requests == CALLS
    assert server.connections == CALLS


def test_a_reply_that_was_read_before_the_body_was_written_is_no_answer():
    body = GuardedPayload(b"a=1", "text/plain")
    with pytest.raises(WriteRefusedError):
        body.check()

    async def write():
        with pytest.raises(WriteRefusedError):
            await body.write_with_length(None, None)

    asyncio.run(write())
    assert not body.begun, "a writer that comes after it writes nothing"


def test_a_download_has_a_connection_of_its_own(runner, ca):
    async def main():
        async with client_of(server, ca) as client:
            for number in range(1, CALLS + 1):
                await client.call("GetAccountInfo")
                await seen(server, loop_runs=False)
                file = await client.invoices.download(invoice_id=1)
                assert file == b"%d" % (2 * number)
                await seen(server, loop_runs=False)

    def answer(number):
        return {"result": {}} if number % 2 else number

    with DuplicatingServer(answer, ca) as server:
        runner.run(main())
    assert server.connections == server.requests == 2 * CALLS


def test_a_silent_connection_is_used_again(runner, ca):
    """The check must not drop what is in order: the TLS handshake would be made for every call."""

    async def main():
        async with client_of(server, ca) as client:
            for _ in range(CALLS):
                await client.call("GetAccountInfo")

    with SilentServer(lambda _: {"result": {"account_id": 1}}, ca) as server:
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
