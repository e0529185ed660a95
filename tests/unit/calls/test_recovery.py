"""The retry matrix: every cell of the design's table, by what the server counts, for both clients."""

import socket

import attrs
import pytest

import voxsip
from tests.support.harness import counts
from voxsip.emulator import Emulator, Fault, Faults

CLIENTS = [voxsip.AsyncClient, voxsip.Client]
REFUSED_FOR_NOW = {
    **{f"{code}": Fault(kind="error", code=code, first=1) for code in (162, 340, 416, 484)},
    "429": Fault(kind="http", status=429, first=1),
    "429 without a body": Fault(kind="http", status=429, body="empty", first=1),
    "429 with a gateway's JSON": Fault(kind="http", status=429, body="json", first=1),
}
DONE_BUT_UNKNOWN = {
    "lost reply": Fault(kind="lose_reply", first=1),
    **{
        f"{status} after": Fault(kind="http", status=status, when="after", first=1)
        for status in (307, 404, 409, 499, 500, 502, 503, 504)
    },
    **{
        f"{code} after": Fault(kind="error", code=code, when="after", first=1)
        for code in (1, 2, 4, 5, 13)
    },
    "cut JSON": Fault(kind="truncated", first=1),
    "cut connection": Fault(kind="truncated", how="connection", first=1),
    "text": Fault(kind="not_json", first=1),
    "empty body": Fault(kind="empty", first=1),
    **{
        f"shape {shape}": Fault(kind="wrong_shape", shape=shape, first=1)
        for shape in ("list", "text", "null", "no_result", "no_code", "error_text")
    },
}
NOT_DONE_BUT_UNKNOWN = {
    "closed connection": Fault(kind="refuse", first=1),
    **{
        f"{status} before": Fault(kind="http", status=status, first=1) for status in (500, 502, 503)
    },
    **{f"{code} before": Fault(kind="error", code=code, first=1) for code in (1, 2, 4)},
    "403 before": Fault(kind="http", status=403, first=1),
}
REFUSED = {
    "101": (Fault(kind="error", code=101, first=1), voxsip.InvalidRequestError),
    "104": (Fault(kind="error", code=104, first=1), voxsip.ForbiddenError),
    "116": (Fault(kind="error", code=116, first=1), voxsip.NotFoundError),
    "127": (Fault(kind="error", code=127, first=1), voxsip.InsufficientFundsError),
    "272": (Fault(kind="error", code=272, first=1), voxsip.QuotaExceededError),
    "275": (Fault(kind="error", code=275, first=1), voxsip.NotFoundError),
}


def bind(client):
    return client.sip_registrations.bind(sip_registration_id=1, application_id=1, user_id=1)


def delete(client):
    return client.sip_registrations.delete(sip_registration_id=1)


def create(client):
    return client.sip_registrations.create(sip_username="alice", proxy="pbx.example.com")


COMMANDS = {
    "idempotent": ("BindSipRegistration", bind),
    "delete": ("DeleteSipRegistration", delete),
    "create": ("CreateSipRegistration", create),
}


@pytest.fixture(params=COMMANDS)
def kind(request):
    return request.param


@pytest.fixture(params=CLIENTS, ids=["async", "sync"])
def cls(request):
    return request.param


def done(emulator, kind):
    """Returns whether the server's state is that of one execution."""
    rows = {row["sip_registration_id"]: row for row in emulator.state.registrations}
    match kind:
        case "idempotent":
            return len(rows) == 10 and rows[1]["user_id"] == 1
        case "delete":
            return sorted(rows) == list(range(2, 11))
    return len(rows) == 11 and emulator.state.account["balance"] == 999


async def test_never_sent_again(stack, connect, clock, kind, cls):
    place = stack.enter_context(socket.socket())
    place.bind(("127.0.0.1", 0))  # bound and not listening: refused
    port = place.getsockname()[1]
    emulator = Emulator(port=port, registrations=10, clock=clock)

    def start():
        place.close()
        stack.enter_context(emulator)

    clock.after[2] = start
    command, act = COMMANDS[kind]
    side = connect(base_url=f"http://127.0.0.1:{port}/platform_api", cls=cls)
    assert (await side(act)).result == 1
    assert counts(emulator, command) == (1, 1)
    assert done(emulator, kind)
    assert clock.delays == [0.25, 0.5]
    assert counts(emulator, "GetSipRegistrations") == (0, 0)


async def test_reset_in_the_tls_handshake_was_never_sent(serve, connect, clock, kind):
    faults = Faults([Fault(kind="tls_reset", first=2)])
    emulator = await serve(registrations=10, tls=True, faults=faults)
    command, act = COMMANDS[kind]
    assert (await connect(emulator)(act)).result == 1
    assert counts(emulator, command) == (1, 1)
    assert done(emulator, kind)
    assert clock.delays == [0.25, 0.5]


@pytest.mark.parametrize("fault", REFUSED_FOR_NOW.values(), ids=REFUSED_FOR_NOW)
async def test_throttled_again(serve, connect, clock, kind, cls, fault):
    emulator = await serve(registrations=10, faults=Faults([fault]))
    command, act = COMMANDS[kind]
    assert (await connect(emulator, cls=cls)(act)).result == 1
    assert counts(emulator, command) == (2, 1)
    assert done(emulator, kind)
    assert clock.delays == [0.25]
    assert counts(emulator, "GetSipRegistrations") == (0, 0)


@pytest.mark.parametrize("fault", DONE_BUT_UNKNOWN.values(), ids=DONE_BUT_UNKNOWN)
async def test_unknown_and_done(serve, connect, clock, kind, cls, fault):
    command, act = COMMANDS[kind]
    emulator = await serve(registrations=10, faults=Faults([attrs.evolve(fault, command=command)]))
    reply = await connect(emulator, cls=cls)(act)
    assert reply.result == 1
    assert done(emulator, kind)
    assert clock.delays == [0.25]
    match kind:
        case "idempotent":
            assert counts(emulator, command) == (2, 2)
        case "delete":  # the second one met 275, which is what was asked for
            assert counts(emulator, command) == (2, 1)
        case "create":  # found, not repeated
            assert counts(emulator, command) == (1, 1)
            assert reply.sip_registration_id == 11


@pytest.mark.parametrize("fault", NOT_DONE_BUT_UNKNOWN.values(), ids=NOT_DONE_BUT_UNKNOWN)
async def test_unknown_and_not_done(serve, connect, clock, kind, cls, fault):
    command, act = COMMANDS[kind]
    emulator = await serve(registrations=10, faults=Faults([attrs.evolve(fault, command=command)]))
    assert (await connect(emulator, cls=cls)(act)).result == 1
    assert counts(emulator, command) == (2, 1)
    assert done(emulator, kind)
    looked = counts(emulator, "GetSipRegistrations")
    if kind == "create":  # "nothing there" is believed 3 s after the request left
        assert sum(clock.delays) == pytest.approx(3.0)
        assert looked == (5, 5)  # the last is for the name in capitals
    else:
        assert clock.delays == [0.25]
        assert looked == (0, 0)


@pytest.mark.parametrize(("fault", "error"), REFUSED.values(), ids=REFUSED)
async def test_refused_raises(serve, connect, clock, kind, cls, fault, error):
    emulator = await serve(registrations=10, faults=Faults([fault]))
    command, act = COMMANDS[kind]
    raised = await connect(emulator, cls=cls).fails(error, act)
    assert counts(emulator, command) == (1, 0)
    assert clock.delays == []
    assert raised.attempts == 1
    assert not raised.outcome_unknown
