"""A bug in any layer: its traceback names file and line of the fault and the frames of voxsip, and shows no secret."""

import asyncio
import inspect
import traceback

import aiohttp
import jose.jws
import orjson
import pytest

import voxsip
from tests.support.frame_dump import chain, everything_shown, plain_text, rich_text, tracked
from tests.support.marks import MARK, PASSWORD
from voxsip import webhooks
from voxsip._auth import signing
from voxsip._auth.signing import JoseSigner
from voxsip._auth.tokens import TokenCache
from voxsip._bindings import rows
from voxsip._calls import call
from voxsip._calls.creates import Creates
from voxsip._calls.recovery import Recovery
from voxsip._calls.retry import Retrier
from voxsip._protocol import encoding as wire_encoding, reply
from voxsip._protocol.command import Command
from voxsip._sync.loop_thread import _Job
from voxsip._transport import session_pool
from voxsip._transport.attempt_timeout import AttemptTimer
from voxsip._transport.session_pool import SessionPool
from voxsip.bulk._engine import engine
from voxsip.bulk._engine.engine import Engine
from voxsip.bulk._engine.window import Window
from voxsip.bulk._journal.log import Log
from voxsip.bulk._journal.writer import Writer
from voxsip.bulk._source import Source
from voxsip.bulk._sync import Inbox
from voxsip.emulator import Fault, Faults
from voxsip.webhooks import _parsing

AT = {"sip_username": "a", "proxy": "p"}


def planted(*_args, **_kwargs):
    raise KeyError("planted")


class SentByClient(aiohttp.http_writer.StreamWriter):
    """The writer of requests; that of the emulator's replies is another then."""


PLANTED_LINE = inspect.getsourcelines(planted)[1] + 1


def create(client):
    return client.sip_registrations.create(**AT, password=PASSWORD)


def by_name(client):
    return client.call("CreateSipRegistration", {**AT, "password": PASSWORD})


def unknown_command(client):
    return client.call("AddThings", {"passwords": [PASSWORD], "old_secret": PASSWORD})


REFUSAL = [Fault(kind="error", code=127, command="CreateSipRegistration")]
LATER = [Fault(kind="error", code=340, command="CreateSipRegistration")]
LOST = [Fault(kind="lose_reply", command="CreateSipRegistration")]
BINARY = [Fault(kind="not_json", command="CreateSipRegistration")]

PLACES = {
    "protocol: encode": (Command, "encode", "call.py", None),
    "protocol: percent-encoding": (wire_encoding, "quote", "encoding.py", None),
    "protocol: decode": (call, "result_of", "call.py", None),
    "protocol: explain": (reply, "unexpected", "reply.py", BINARY),
    "protocol: redact": (reply, "redact_start", "reply.py", BINARY),
    "calls: exclusive creates": (Creates, "leaves", "call.py", []),
    "calls: retries": (Retrier, "again", "recovery.py", LATER),
    "calls: recovery": (Recovery, "after", "call.py", LATER),
    "calls: lookup": (Creates, "look", "recovery.py", LOST),
    "calls: refusal": (call, "failure_of", "call.py", REFUSAL),
    "transport: session": (SessionPool, "open_loop_state", "call.py", None),
    "transport: post": (SessionPool, "post", "call.py", None),
    "transport: time": (AttemptTimer, "begin", "session_pool.py", None),
    "transport: failures": (session_pool, "explain_failure", "session_pool.py", LOST),
    "aiohttp: request": (aiohttp.ClientSession, "_request", "session_pool.py", None),
    "aiohttp: connect": (aiohttp.TCPConnector, "_create_connection", "session_pool.py", None),
    "aiohttp: headers": (SentByClient, "write_headers", "session_pool.py", None),
    "aiohttp: read": (aiohttp.StreamReader, "read_nowait", "session_pool.py", None),
    "calls: plain text": (call, "reveal", "call.py", None),
    "auth: token": (TokenCache, "bearer", "call.py", None),
    "auth: sign": (JoseSigner, "sign", "tokens.py", None),
    "auth: jose": (jose.jws, "_sign_header_and_claims", "signing.py", None),
}


@pytest.fixture
def secrets(account):
    """What must not be seen: the marks, and the lines of the key."""
    return [MARK, *[line for line in account.private_key.splitlines() if len(line) > 40]]


def without_test(error):
    """Drop the frames of the test itself, which knows the secrets; all behind it stay."""
    trace = error.__traceback__
    while trace.tb_next is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return error.with_traceback(trace)


def check(error, file, secrets, *more):
    """See that the fault and voxsip's frames are there, and the secrets are not."""
    found = [frame for link in chain(error) for frame in traceback.extract_tb(link.__traceback__)]
    assert (__file__, PLANTED_LINE) in {(frame.filename, frame.lineno) for frame in found}
    assert any("voxsip" in frame.filename and frame.filename.endswith(file) for frame in found)
    shown = everything_shown(without_test(error))
    assert file in shown
    assert "planted" in shown
    assert [secret for secret in (*secrets, *more) if secret in shown] == []


async def failure_of(side, act):
    with pytest.raises(KeyError) as caught:
        await side(act)
    return caught.value


CLIENTS = pytest.mark.parametrize(
    "cls",
    [voxsip.AsyncClient, pytest.param(voxsip.Client, marks=pytest.mark.once)],
    ids=["async", "sync"],
)


@CLIENTS
@pytest.mark.parametrize(
    ("place", "encoding"),
    [(place, "query") for place in PLACES]
    + [(place, "form") for place in PLACES if "http" in place or "transport" in place],
)
async def test_a_call(monkeypatch, serve, connect, secrets, cls, place, encoding):
    owner, name, file, faults = PLACES[place]
    emulator = await serve(faults=Faults(faults or []))
    other = unknown_command if cls is voxsip.AsyncClient and faults is None else by_name
    for act in (create, other):
        side = connect(emulator, cls=cls, encoding=encoding)
        token = "" if place.startswith("auth") else side.client.bearer().split(".")[-1]
        with monkeypatch.context() as patch:
            patch.setattr(aiohttp.client_reqrep, "StreamWriter", SentByClient)
            patch.setattr(owner, name, planted)
            error = await failure_of(side, act)
        check(error, file, secrets, *filter(None, [token]))


def test_the_dump_finds_what_is_there():
    class Holder:
        __slots__ = ("deep",)

        def __init__(self):
            self.deep = [{"x": ("M4RK",)}]

    def fail(_holder, _near=MARK):
        planted()

    with pytest.raises(KeyError) as caught:
        fail(Holder())
    for shown in (rich_text, plain_text, lambda error: "\n".join(tracked(error))):
        assert MARK in shown(caught.value)


SYNC = {
    "hand over": (_Job, "hand_over"),
    "wait": (_Job, "wait"),
    "result": (_Job, "result"),
}


@pytest.mark.parametrize("place", SYNC)
async def test_the_loop_thread(monkeypatch, serve, connect, secrets, place):
    emulator = await serve()
    client = connect(emulator, cls=voxsip.Client).client
    for act in (create, by_name):
        with monkeypatch.context() as patch:
            patch.setattr(*SYNC[place], planted)
            with pytest.raises(KeyError) as caught:
                await asyncio.to_thread(act, client)
        file = "blocking.py" if act is create else "_sync_client.py"
        check(caught.value, file, secrets)


BULK = {
    "engine: finish": (Engine, "_finish", "engine.py"),
    "engine: outcome": (Engine, "_emit", "engine.py"),
    "engine: read": (engine, "read_row", "engine.py"),
    "window": (Window, "take", "engine.py"),
    "source": (Source, "pull_now", "engine.py"),
    "bindings: read": (rows, "_made", "rows.py"),
    "bindings: parameters": (rows.CreateRequest, "params", "sender.py"),
    "calls": (call, "result_of", "call.py"),
    "journal: writer": (Log, "write", "writer.py"),
    "journal: queue": (Writer, "put", "journal.py"),
}


def row_mappings():
    for number in range(5):
        yield {"sip_username": f"u{number}", "proxy": "p", "password": PASSWORD}


def row_list():
    return list(row_mappings())


async def ended(job):
    """Run a job; return the errors of its rows, and what it raised."""

    def listed():
        return [outcome.error for outcome in job if outcome.error]

    try:
        if isinstance(job, voxsip.bulk.BulkJob):
            return [outcome.error async for outcome in job if outcome.error], None
        return await asyncio.to_thread(listed), None
    except (KeyError, voxsip.ConfigurationError) as error:
        return [], error


@CLIENTS
@pytest.mark.parametrize("make_rows", [row_mappings, row_list])
@pytest.mark.parametrize("place", BULK)
async def test_a_job(monkeypatch, caplog, serve, connect, secrets, tmp_path, cls, make_rows, place):
    owner, name, file = BULK[place]
    emulator = await serve()
    client = connect(emulator, cls=cls).client

    job = client.bulk.create(make_rows(), journal=tmp_path / "job", check_funds=False)
    monkeypatch.setattr(owner, name, planted)
    if owner is Source:
        monkeypatch.setattr(Inbox, name, planted)
    errors, raised = await ended(job)
    monkeypatch.undo()
    if raised is not None:
        check(raised, file, secrets)
    else:  # the job has gone on: the log has the traceback
        assert f'test_planted_bugs.py", line {PLANTED_LINE}, in planted' in caplog.text
        assert file in caplog.text
    shown = "".join(map(everything_shown, errors)) + caplog.text
    assert [secret for secret in secrets if secret in shown] == []


@CLIENTS
def test_a_job_with_a_wrong_option(account, secrets, cls):
    client = cls(account, base_url="http://127.0.0.1:1/platform_api")
    for make in (
        lambda: client.bulk.create(row_list(), max_failures=-1),
        lambda: client.bulk.create(next(row_mappings())),
        lambda: client.bulk.resume("x", row_list(), concurrency=0),
    ):
        with pytest.raises(voxsip.InvalidArgumentError) as caught:
            make()
        shown = everything_shown(without_test(caught.value))
        assert [secret for secret in secrets if secret in shown] == []


def test_a_row(monkeypatch, secrets):
    makers = (
        lambda: rows.CreateRequest(**AT, password=PASSWORD),
        lambda: rows.CreateRequest.from_mapping({**AT, "password": PASSWORD}),
        lambda: rows.read_row(rows.CreateRequest, {**AT, "password": PASSWORD}),
    )
    for make in makers:
        with monkeypatch.context() as patch:
            patch.setattr(rows.CreateRequest, "__attrs_post_init__", planted)
            with pytest.raises(KeyError) as caught:
                make()
        check(caught.value, "rows.py", secrets)


def test_a_key(monkeypatch, account, secrets, tmp_path):
    path = tmp_path / "credentials.json"
    members = {"account_id": 1, "key_id": "k", "private_key": account.private_key}
    path.write_bytes(orjson.dumps(members))
    path.chmod(0o600)
    for owner, name, file in (
        (voxsip.ServiceAccount, "from_mapping", "credentials.py"),
        (JoseSigner, "__init__", "credentials.py"),
        (signing, "_why_unusable", "signing.py"),
    ):
        if owner is signing:
            path.write_bytes(orjson.dumps({**members, "private_key": account.private_key[:-40]}))
        for make in (voxsip.AsyncClient, voxsip.Client, voxsip.ServiceAccount.from_file):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, planted)
                with pytest.raises(KeyError) as caught:
                    make(path)
            check(caught.value, file, secrets)


@pytest.mark.parametrize("broken", [{"account_id": 1, "key_id": "k", "private_key": MARK}, MARK])
def test_members_with_a_broken_key(broken):
    with pytest.raises(voxsip.ConfigurationError) as caught:
        voxsip.ServiceAccount.from_mapping(broken)
    assert MARK not in everything_shown(without_test(caught.value))


def test_a_callback(monkeypatch):
    monkeypatch.setattr(_parsing, "_decode", planted)
    with pytest.raises(KeyError) as caught:
        webhooks.parse(b"{}", account_id=1, api_key=PASSWORD, salt=PASSWORD)
    check(caught.value, "_parsing.py", [MARK])
