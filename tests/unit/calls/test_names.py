"""Single calls refuse names that cannot work by the rule for rows, before anything is sent."""

import asyncio
import contextlib

import pytest

import voxsip
from voxsip.emulator import Emulator

GOOD = {"sip_username": "ann", "proxy": "sip.example.com"}
BAD = {
    "a tab": "ab\tc",
    "a direction mark": "ab\u202ec",
    "a zero-width space": "ab\u200bc",
    "half a character": "ab\udc80c",
    "nan": "nan",
    "NULL": " NULL ",
    "a number that is none": float("nan"),
}
IN_PASSWORDS = {"a direction mark", "a zero-width space"}
"""A password may hold them."""
CREATE = "CreateSipRegistration"
CALLS = {
    "create": lambda client, values: client.sip_registrations.create(**{**GOOD, **values}),
    "call": lambda client, values: client.call(CREATE, {**GOOD, **values}),
    "update": lambda client, values: client.sip_registrations.update(
        sip_registration_id=1, **values
    ),
    "bind": lambda client, values: client.sip_registrations.bind(sip_registration_id=1, **values),
}
COLUMNS = {
    "create": ("sip_username", "proxy", "auth_user", "outbound_proxy", "password"),
    "call": ("sip_username", "proxy", "user_name"),
    "update": ("sip_username", "proxy", "auth_user", "outbound_proxy", "password"),
    "bind": ("application_name", "rule_name", "user_name"),
}


@pytest.fixture(scope="module")
def clients():
    """An emulator's counters, and both clients of it."""
    with contextlib.ExitStack() as stack:
        emulator = stack.enter_context(Emulator(registrations=1))
        options = {"base_url": emulator.base_url}
        client = stack.enter_context(voxsip.Client(emulator.credentials, **options))
        yield emulator, client, lambda: voxsip.AsyncClient(emulator.credentials, **options)


def refused(clients, call, values):
    """Return the field that both clients name; nothing arrives."""
    emulator, client, other = clients
    before = emulator.state.counters
    with pytest.raises(voxsip.InvalidArgumentError) as blocking:
        CALLS[call](client, values)

    async def wait():
        async with other() as waiting:
            await CALLS[call](waiting, values)

    with pytest.raises(voxsip.InvalidArgumentError) as awaited:
        asyncio.run(wait())
    assert emulator.state.counters == before
    assert str(blocking.value) == str(awaited.value)
    assert not blocking.value.outcome_unknown
    assert str(blocking.value).isprintable()
    return blocking.value.field


@pytest.mark.parametrize(
    ("call", "column", "what"),
    [
        (call, name, what)
        for call, names in COLUMNS.items()
        for name in names
        for what in BAD
        if not (name == "password" and what in IN_PASSWORDS)
    ],
)
def test_what_cannot_work_is_not_sent(clients, call, column, what):
    assert refused(clients, call, {column: BAD[what]}) == column


@pytest.mark.parametrize("call", ["create", "call", "update"])
@pytest.mark.parametrize("text", ["https://sip.example.com", "SIP:sip.example.com", "udp://host"])
@pytest.mark.parametrize("column", ["proxy", "outbound_proxy"])
def test_a_scheme_before_a_host(clients, call, column, text):
    assert refused(clients, call, {column: text}) == column


def test_what_works_is_sent(clients):
    _, client, _ = clients
    made = client.sip_registrations.create(
        sip_username="Zoë \u4e2d", proxy="sip:5060", password="\u200bhunter2"
    )
    assert made.sip_registration_id
