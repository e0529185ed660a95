"""No secret in a log, an error, its attributes, its pickle, or the locals of its traceback."""

import asyncio
import html
import json
import logging
import socket
from urllib.parse import quote

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.keys import variants
from tests.support.marks import MARK, PASSWORD, TOKEN, marked
from voxsip._config import RetryPolicy

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
TWICE = RetryPolicy(attempts=2)


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        assert MARK not in f"{record.getMessage()} {record.args} {record.exc_text} {vars(record)}"


def create(client):
    return client.sip_registrations.create(sip_username="a", proxy="p", password=PASSWORD)


def update(client):
    return client.sip_registrations.update(sip_registration_id=1, password=PASSWORD)


def by_name(client):
    return client.call(
        "CreateSipRegistration", {"sip_username": "a", "proxy": "p", "password": PASSWORD}
    )


def unknown_command(client):
    return client.call("AddSomethingNew", {"new_password": PASSWORD})


def deadline(client):
    return client.sip_registrations.create(
        sip_username="a", proxy="p", password=PASSWORD, deadline=0.05
    )


CALLS = {act.__name__: act for act in (create, update, by_name, unknown_command)}


async def failed(side, act):
    """Return what a call raises, whatever it is."""
    with pytest.raises(voxsip.VoxsipError) as caught:
        await side(act)
    return caught.value


def echo(text):
    return {
        "HTML": lambda r: Answer(f"<p>{html.escape(text(r))}</p>".encode(), 502),
        "text": lambda r: Answer(text(r).encode(), 500),
        "message": lambda r: Answer({"error": {"code": 101, "msg": text(r)}}),
        "details": lambda r: Answer(
            {"error": {"code": 127, "details": {"x": [text(r)], text(r): 1}}}
        ),
        "authorization": lambda r: Answer({"error": {"code": 100, "msg": text(r)}}),
        "no number": lambda r: Answer({"error": {"msg": text(r)}}),
        "shape": lambda r: Answer({"result": {"echo": text(r)}, "sip_registration_id": text(r)}),
        "cut": lambda r: Answer(json.dumps({"result": text(r)}).encode()[:-3]),
        "forbidden": lambda r: Answer(text(r).encode(), 403),
        "too many": lambda r: Answer({"error": {"code": 340, "msg": text(r)}}, 429),
    }


def everything(request):
    query = request.rel_url
    values = " ".join(query.query.values())
    return f"{request.headers['Authorization']} {query} {values} {quote(values)} {query.raw_query_string}"


ECHOED = {
    f"{call}, {form}": (act, reply)
    for call, act in CALLS.items()
    for form, reply in echo(everything).items()
    if (call, form) != ("unknown_command", "shape")  # it has no shape that could be wrong
}


@CLIENTS
@pytest.mark.parametrize(("act", "reply"), ECHOED.values(), ids=ECHOED)
async def test_server_that_echoes_everything(answer, connect, cls, act, reply):
    server = await answer(reply)
    side = connect(base_url=server.base_url, cls=cls, token=TOKEN, policy=TWICE)
    error = await failed(side, act)
    assert marked(error) == []
    assert server.requests  # it had something to echo


@CLIENTS
@pytest.mark.parametrize("encoding", ["query", "form"])
async def test_signed_token_and_form(answer, connect, cls, encoding):
    seen = []

    async def reply(request):
        body = (await request.read()).decode()
        seen.append(request.headers["Authorization"].removeprefix("Bearer "))
        return Answer({"error": {"code": 100, "msg": f"{everything(request)} {body}"}})

    side = connect(base_url=(await answer(reply)).base_url, cls=cls, encoding=encoding)
    error = await failed(side, create)
    assert len(seen) == 2
    for token in seen:
        assert marked(error, token, token.split(".")[2]) == []


@CLIENTS
async def test_lost_reply_and_a_look_up_that_fails(answer, connect, cls):
    def reply(request):
        if "Create" in request.path:
            request.transport.close()
        return Answer(everything(request).encode(), 500)

    side = connect(base_url=(await answer(reply)).base_url, cls=cls, token=TOKEN, policy=TWICE)
    for act in (create, by_name):
        error = await failed(side, act)
        assert error.outcome_unknown
        assert marked(error) == []


@CLIENTS
async def test_connection_refused(connect, cls):
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{place.getsockname()[1]}/platform_api"
        error = await failed(connect(base_url=url, cls=cls, token=TOKEN, policy=TWICE), create)
    assert isinstance(error, voxsip.NotSentError)
    assert marked(error) == []


@CLIENTS
async def test_untrusted_certificate(serve, connect, cls):
    emulator = await serve(tls=True)
    error = await failed(connect(emulator, cls=cls, ssl=None, token=TOKEN), create)
    assert isinstance(error, voxsip.NotSentError)
    assert marked(error) == []


@CLIENTS
async def test_timeout_and_deadline(answer, connect, cls):
    over = asyncio.Event()

    async def hold(_):
        await over.wait()
        return Answer()

    url = (await answer(hold)).base_url
    once = RetryPolicy(attempts=1)
    for act, options in ((create, {"timeout": 0.05}), (deadline, {})):
        error = await failed(
            connect(base_url=url, cls=cls, token=TOKEN, policy=once, **options), act
        )
        assert isinstance(error, voxsip.OutcomeUnknownError)
        assert marked(error) == []
    over.set()


async def test_cancelled(answer, connect):
    arrived, over = asyncio.Event(), asyncio.Event()

    async def hold(_):
        arrived.set()
        await over.wait()
        return Answer()

    side = connect(base_url=(await answer(hold)).base_url, token=TOKEN)
    task = asyncio.ensure_future(create(side.client))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    over.set()
    assert marked(caught.value) == []


WRONG = {
    "type of another": lambda c: c.sip_registrations.create(
        sip_username=5, proxy="p", password=PASSWORD
    ),
    "type of itself": lambda c: c.sip_registrations.create(
        sip_username="a", proxy="p", password=[PASSWORD]
    ),
    "missing": lambda c: c.call("CreateSipRegistration", {"password": PASSWORD}),
    "exclusive": lambda c: c.sip_registrations.update(
        sip_registration_id=1, application_id=1, application_name="x", password=PASSWORD
    ),
    "surrogate": lambda c: c.sip_registrations.create(
        sip_username="\ud800", proxy="p", password=PASSWORD
    ),
    "its own surrogate": lambda c: c.sip_registrations.create(
        sip_username="a", proxy="p", password=PASSWORD + "\ud800"
    ),
    "name": lambda c: c.call("AddNew", {"a b": 1, "password": PASSWORD}),
    "unknown type": lambda c: c.call("AddNew", {"password": object, "old_password": PASSWORD}),
    "recover, command": lambda c: c.recover("SetUserInfo", {"user_password": PASSWORD}, since=None),
    "recover, argument": lambda c: c.recover(
        "CreateSipRegistration",
        {"password": PASSWORD},
        since=__import__("datetime").datetime.now().astimezone(),
    ),
}


@CLIENTS
@pytest.mark.parametrize("act", WRONG.values(), ids=WRONG)
async def test_wrong_argument(emulator, connect, cls, act):
    error = await failed(connect(emulator, cls=cls, token=TOKEN), act)
    assert isinstance(error, voxsip.InvalidArgumentError)
    assert marked(error) == []


@CLIENTS
async def test_recover_that_fails(answer, connect, cls):
    from datetime import UTC, datetime

    side = connect(
        base_url=(await answer(lambda r: Answer(everything(r).encode(), 500))).base_url,
        cls=cls,
        token=TOKEN,
        policy=TWICE,
    )
    arguments = {"sip_username": "a", "proxy": "p", "password": PASSWORD}
    error = await failed(
        side, lambda c: c.recover("CreateSipRegistration", arguments, since=datetime.now(UTC))
    )
    assert marked(error) == []


async def test_success_logs_no_secret(serve, connect, caplog):
    emulator = await serve()
    for encoding in ("query", "form"):
        await connect(emulator, encoding=encoding)(create)
    assert "CreateSipRegistration: done" in caplog.text


@pytest.mark.parametrize(
    "options",
    [
        {"token": f"{TOKEN} x"},
        {"token": TOKEN, "base_url": f"https://{MARK}@h/"},
        {"token": TOKEN, "timeout": 0},
    ],
)
def test_client_that_cannot_be_made(options):
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.AsyncClient(**options)
    assert marked(caught.value) == []


def test_credentials_that_cannot_be_used(account, tmp_path):
    lines = [line for line in account.private_key.splitlines() if len(line) > 40]
    good = {"account_id": 1, "key_id": "k", "private_key": account.private_key}
    texts = [
        json.dumps(good | {"account_id": "x"}),
        json.dumps(good | {"key_id": None}),
        json.dumps(good)[:-2],
        json.dumps([good]),
        *(
            json.dumps(good | {"private_key": key + MARK})
            for key in variants(account.private_key)[1].values()
        ),
    ]
    path = tmp_path / "credentials.json"
    for text in texts:
        path.write_text(text)
        path.chmod(0o600)
        for make in (voxsip.ServiceAccount.from_file, voxsip.AsyncClient):
            with pytest.raises(voxsip.ConfigurationError) as caught:
                make(path)
            assert marked(caught.value, *lines) == []
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.ServiceAccount(account_id=0, key_id="k", private_key=account.private_key)
    assert marked(caught.value, *lines) == []


@CLIENTS
def test_representations(account, cls):
    lines = [line for line in account.private_key.splitlines() if len(line) > 40]
    client = cls(account)
    token = client.bearer()
    inner = client if cls is voxsip.AsyncClient else client._async
    calls = inner._caller
    shown = f"{client!r} {account!r} {calls!r} {calls.tokens!r} {account.signer!r} {client.sip_registrations!r}"
    shown += repr(cls(token=TOKEN)._caller.tokens) if cls is voxsip.AsyncClient else ""
    assert not any(secret in shown for secret in (*lines, token, TOKEN))
