"""What a command makes of its arguments, before anything is sent."""

import pytest

import voxsip
from tests.support.harness import counts
from voxsip._protocol.command import SHAPES, Command, Requirement

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
COMMAND = Command(
    name="DoThing",
    retry="idempotent",
    params={"id": "int", "name": "str", "on": "bool", "password": "str"},
    secret=frozenset({"password"}),
    exclusive=(frozenset({"id", "name"}),),
    requires=(Requirement(any_of=("id", "name"), unless=(("on", False),)),),
)


def refused(values, command=COMMAND):
    with pytest.raises(voxsip.InvalidArgumentError) as caught:
        command.encode(values)
    return caught.value


def test_arguments_are_joined_and_none_is_left_out():
    assert COMMAND.encode({"id": 5, "name": None, "on": True}) == "id=5&on=true"


def test_unknown_arguments_go_as_they_are():
    assert COMMAND.encode({"id": 5, "new_one": [1, 2]}) == "id=5&new_one=1%3B2"


def test_a_text_that_is_too_long_is_refused_with_its_length():
    command = Command(
        name="DoThing",
        retry="create",
        params={"name": "str", "names": "strs"},
        longest={"name": 5},
    )
    for values in ({"name": "five!"}, {"name": "ÄÖÜäö"}, {"names": ["longer than five"]}):
        assert command.encode(values)
    for _ in range(2):
        error = refused({"name": "longer"}, command)
        assert str(error) == "DoThing: name: expected at most 5 characters, got 6"
        assert error.field == "name"


def test_wrong_type_names_the_argument_and_shows_it():
    error = refused({"id": "x" * 500})
    assert error.field == "id"
    assert str(error).startswith("DoThing: id: expected an integer, got 'xxx")
    assert len(str(error)) < 150
    assert isinstance(error, ValueError)


def test_wrong_type_of_a_secret_is_not_shown():
    error = refused({"id": 1, "password": b"MARK"})
    assert str(error) == "DoThing: password: expected text, got a value of type bytes"


def test_exclusive_arguments():
    error = refused({"id": 1, "name": "a"})
    assert str(error) == "DoThing: give id or name, not both"
    assert error.field in {"id", "name"}


def test_requirement_says_what_would_lift_it():
    assert "give id or name (or on=False)" in str(refused({"on": True}))
    assert COMMAND.encode({"on": False}) == "on=false"


def test_what_passed_once_is_checked_by_value_again():
    for _ in range(2):
        COMMAND.encode({"on": False})
        refused({"on": True})
        refused({})


def test_missing_arguments_are_all_named():
    command = Command(
        name="X", retry="create", params={"a": "int", "b": "int"}, required=frozenset("ab")
    )
    assert "a, b are required" in str(refused({}, command))
    assert "b is required" in str(refused({"a": 1}, command))


def test_memory_of_combinations_is_bounded():
    command = Command(name="X", retry="idempotent")
    for number in range(SHAPES * 2):
        command.encode({f"parameter_{number}": 1})
    assert len(command._passed) == SHAPES


def test_secrets_are_known_by_name():
    assert COMMAND.secrets_in({"id": 1, "password": "MARK"}) == ("MARK",)
    assert COMMAND.secrets_in({"password": None}) == ()


NOTHING_SENT = {
    "exclusive application": lambda c: c.sip_registrations.bind(
        sip_registration_id=1, application_id=1, application_name="app-1"
    ),
    "exclusive rule": lambda c: c.sip_registrations.update(
        sip_registration_id=1, application_id=1, rule_id=1, rule_name="rule-1"
    ),
    "exclusive user": lambda c: c.sip_registrations.create(
        sip_username="a", proxy="p", application_id=1, user_id=1, user_name="user-1"
    ),
    "bind without a registration": lambda c: c.sip_registrations.bind(application_id=1, user_id=1),
    "bind=True without a registration": lambda c: c.sip_registrations.bind(
        application_id=1, user_id=1, bind=True
    ),
    "user without an application": lambda c: c.sip_registrations.bind(
        sip_registration_id=1, user_id=1
    ),
    "user name without an application": lambda c: c.sip_registrations.create(
        sip_username="a", proxy="p", user_name="user-1"
    ),
    "rule name without an application": lambda c: c.sip_registrations.bind(
        sip_registration_id=1, rule_name="rule-1"
    ),
    "unbind of nothing": lambda c: c.sip_registrations.unbind(application_id=1),
    "bool for a number": lambda c: c.sip_registrations.delete(sip_registration_id=True),
    "text for a number": lambda c: c.sip_registrations.delete(sip_registration_id="one"),
    "number for a text": lambda c: c.sip_registrations.create(sip_username=5, proxy="p"),
    "empty list": lambda c: c.sip_registrations.list(application_id=[]),
    "by name": lambda c: c.call("BindSipRegistration", {"user_id": 1}),
    "by name, missing": lambda c: c.call("CreateSipRegistration", {"proxy": "p"}),
    "name of a command": lambda c: c.call("Get Account?x=1", {}),
    "name of a parameter": lambda c: c.call("GetAccountInfo", {"a&b": 1}),
    "no text as name": lambda c: c.call("GetAccountInfo", {5: 1}),
    "naive moment": lambda c: c.call(
        "GetCallHistory", {"from_date": __import__("datetime").datetime(2025, 1, 1)}
    ),
}


@CLIENTS
@pytest.mark.parametrize("act", NOTHING_SENT.values(), ids=NOTHING_SENT)
async def test_nothing_is_sent(emulator, connect, cls, act):
    side = connect(emulator, cls=cls)
    error = await side.fails(voxsip.InvalidArgumentError, act)
    assert not error.outcome_unknown
    assert error.attempts == 0
    assert all(count["received"] == 0 for count in emulator.state.counters.values())
    assert side.signer.signed == []


@CLIENTS
async def test_unbind_of_a_user_alone_needs_no_application(emulator, connect, cls):
    await connect(emulator, cls=cls)(lambda c: c.sip_registrations.unbind(user_id=1))
    assert counts(emulator, "BindSipRegistration") == (1, 1)


@pytest.mark.parametrize("on", [True, False])
def test_the_second_time_says_what_the_first_did(on):
    values = {"id": 5, "name": None, "on": on}
    first = COMMAND.encode(values)
    assert first == f"id=5&on={str(on).lower()}"
    assert COMMAND.encode(values) == first
    assert COMMAND.encode({**values, "id": 2**62}) == first.replace("5", str(2**62))


def test_integers_that_pass_do_not_let_other_types_pass():
    for _ in range(2):
        COMMAND.encode({"id": 5, "on": True})
    assert refused({"id": 5.0, "on": True}).field == "id"
    assert refused({"id": True, "on": True}).field == "id"
    assert refused({"id": 5, "on": 1.5}).field == "on"
    assert refused({"id": 5, "on": [True]}).field == "on"
    assert COMMAND.encode({"id": "7", "on": "true"}) == "id=7&on=true"
