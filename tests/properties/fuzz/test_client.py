"""Whatever a server sends: a model, or a typed error that pickles and says whether the work may be done.

More of it: `pytest tests/properties/fuzz --hypothesis-profile=long`.
"""

import pickle
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import example, given

import voxsip
from tests.support.example_count import examples
from tests.support.raw_server import REPLIES, Raw, assembled

ONCE = voxsip.RetryPolicy(attempts=1, backoff=0, max_retry_after=0)
TWICE = voxsip.RetryPolicy(attempts=2, backoff=0, max_retry_after=0)
PASSWORD = "correct horse battery staple"
CALLS = {
    "bind": lambda c: c.sip_registrations.bind(sip_registration_id=1, application_id=1),
    "create": lambda c: c.sip_registrations.create(
        sip_username="ann", proxy="p.example", password=PASSWORD
    ),
    "delete": lambda c: c.sip_registrations.delete(sip_registration_id=1),
    "list": lambda c: everything(c.sip_registrations.list()),
    "users": lambda c: everything(c.users.list()),
    "account": lambda c: c.accounts.get_account_info(),
    "any": lambda c: c.call("GetSomethingNew", {}),
    "recover": lambda c: c.recover(
        "CreateSipRegistration",
        {"sip_username": "ann", "proxy": "p.example"},
        since=datetime(2025, 6, 15, tzinfo=UTC),
    ),
}


async def everything(pager):
    return [item async for item in pager]


@pytest.fixture
async def served():
    async with Raw() as server:
        client = voxsip.AsyncClient(token="token", base_url=server.base_url, retry=ONCE)
        async with client:
            yield server, client


@pytest.mark.parametrize("policy", [ONCE, TWICE], ids=["once", "twice"])
@pytest.mark.parametrize("name", CALLS)
@examples(20)
@given(reply=REPLIES)
@example(reply=assembled(b"200 OK", [], b'{"result": [{}]}', None, "length"))
@example(reply=assembled(b"200 OK", [], b'{"result": 1e999}', None, "length"))
async def test_any_bytes(served, name, policy, reply):
    server, client = served
    server.reply = reply
    try:
        made = await CALLS[name](client.with_options(retry=policy, deadline=20))
    except voxsip.VoxsipError as error:
        failure = error
    else:
        assert isinstance(made, dict | list | None) or attrs.has(type(made))
        return
    assert not isinstance(failure, voxsip.ConfigurationError | voxsip.InvalidArgumentError)
    assert isinstance(failure.outcome_unknown, bool)
    assert "deadline" not in str(failure), "it hung"
    assert len(str(failure)) < 5000
    assert PASSWORD not in str(failure)
    again = pickle.loads(pickle.dumps(failure))  # noqa: S301 - our own
    assert (type(again), str(again)) == (type(failure), str(failure))
    delay = getattr(failure, "retry_after", None)
    assert delay is None or 0.0 <= delay < float("inf")
