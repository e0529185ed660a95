"""Random commands against the state itself, without HTTP: what must always hold, does."""

import copy
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from tests.support.emulator_wire import text
from voxsip.emulator._service.clock import Clock
from voxsip.emulator._service.service import Call, Service
from voxsip.emulator._service.tokens import Grant
from voxsip.emulator._state.seed import seed
from voxsip.emulator._state.state import State

PRICE = Decimal("0.1")
MONEY = Decimal("1.05")


class Anyone:
    """Takes every token, so that the search spends its time on the rules."""

    def verify(self, header):
        return Grant(account_id=1, roles=frozenset({"Owner"}), issued=0, expires=0)


def new_service():
    service = Service(
        clock=Clock(lambda: 1_700_000_000.0), balance=MONEY, price=PRICE, max_registrations=8
    )
    service.tokens = Anyone()
    seed(service.main, applications=3, users=7, registrations=3, price=PRICE)
    return service


def run(service, command, parameters):
    raw = {name: text(value) for name, value in parameters.items()}
    return orjson.loads(service.reply(Call(command=command, parameters=raw)))


def maybe(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


def one_of(first, last):
    return st.integers(first, last)


BINDING = {
    "application_id": one_of(1, 4),
    "application_name": st.sampled_from(["app-1", "app-2", "app"]),
    "rule_id": one_of(1, 4),
    "rule_name": st.sampled_from(["rule-1", "rule"]),
    "user_id": one_of(1, 8),
    "user_name": st.sampled_from(["user-1", "user-2", "nobody"]),
}
LOGIN = {
    "sip_username": st.sampled_from(["alice", "bob", ""]),
    "proxy": st.sampled_from(["sip.example.com", "a b"]),
}
REGISTRATION = {"sip_registration_id": one_of(1, 9)}

COMMANDS = st.one_of(
    st.tuples(st.just("BindSipRegistration"), maybe(**REGISTRATION, **BINDING, bind=st.booleans())),
    st.tuples(
        st.just("BindSipRegistration"),
        st.fixed_dictionaries(
            {**REGISTRATION, "application_id": st.just(1)},
            optional={"user_id": st.sampled_from([1, 4, 7])},
        ),
    ),
    st.tuples(
        st.just("CreateSipRegistration"),
        st.fixed_dictionaries(LOGIN, optional={"application_id": one_of(1, 3)}),
    ),
    st.tuples(st.just("UpdateSipRegistration"), maybe(**REGISTRATION, **LOGIN, **BINDING)),
    st.tuples(st.just("DeleteSipRegistration"), maybe(**REGISTRATION)),
    st.tuples(st.just("DelUser"), maybe(user_id=st.lists(one_of(1, 8), min_size=1, max_size=3))),
    st.tuples(st.just("DelRule"), maybe(rule_id=st.lists(one_of(1, 4), min_size=1, max_size=2))),
    st.tuples(
        st.just("DelApplication"),
        maybe(application_id=st.lists(one_of(1, 4), min_size=1, max_size=2)),
    ),
    st.tuples(
        st.just("AddUser"),
        st.fixed_dictionaries(
            {
                "user_name": st.sampled_from(["user-1", "carol"]),
                "user_display_name": st.just("x"),
                "user_password": st.just("x"),
            },
            optional={"application_id": one_of(1, 4)},
        ),
    ),
    st.tuples(
        st.just("SetUserInfo"),
        maybe(user_id=one_of(1, 9), new_user_name=st.sampled_from(["user-1", "dave"])),
    ),
)


def snapshot(service):
    account = service.main
    return copy.deepcopy(
        (
            account.balance,
            account.applications,
            account.rules,
            account.users,
            account.registrations,
            account.table("sip_whitelist_id").rows,
        )
    )


def check(service):
    account = service.main
    holders = [row.user_id for row in account.registrations.values() if row.user_id is not None]
    assert len(holders) == len(set(holders)), "a user holds two registrations"
    for row in account.registrations.values():
        if row.rule_id is not None:
            assert account.rules[row.rule_id].application_id == row.application_id
        if row.user_id is not None:
            assert account.users[row.user_id].application_id == row.application_id
            assert account.holder(row.user_id) is row
        assert account.registrations_of(row.sip_username)[row.id] is row
    assert list(account.registrations) == sorted(account.registrations)
    for user in account.users.values():
        assert account.user_named(user.application_id, user.name) is user
        assert account.user_name_exists(user.name)
    created = service.executed["CreateSipRegistration"]
    assert account.balance == MONEY - PRICE * created
    assert account.balance >= 0
    assert len(account.registrations) <= 8
    assert "swordfish" not in State.of(service).to_json().decode()


@settings(max_examples=150)
@given(commands=st.lists(COMMANDS, max_size=30))
def test_what_always_holds(commands):
    service = new_service()
    for command, parameters in commands:
        before = snapshot(service)
        reply = run(service, command, parameters)
        if "error" in reply:
            assert snapshot(service) == before, "refused, and changed something"
        check(service)


BIND = st.fixed_dictionaries(
    {"sip_registration_id": one_of(1, 3), "application_id": one_of(1, 3)},
    optional={"rule_name": st.just("rule-1"), "user_id": one_of(1, 7), "bind": st.booleans()},
)


@settings(max_examples=150)
@given(binds=st.lists(BIND, max_size=30))
def test_bindings_against_a_model_in_a_few_lines(binds):
    service = new_service()
    model = dict.fromkeys((1, 2, 3), (None, None, None))
    for wanted in binds:
        run(service, "BindSipRegistration", wanted)
        registration, application = wanted["sip_registration_id"], wanted["application_id"]
        rule = application if "rule_name" in wanted else None
        user = wanted.get("user_id")
        if user is not None and (user - 1) % 3 + 1 != application:
            continue
        old_application, old_rule, old_user = model[registration]
        same = old_application == application
        if wanted.get("bind", True):
            if user is not None:
                model = {key: (a, r, None if u == user else u) for key, (a, r, u) in model.items()}
            model[registration] = (
                application,
                rule or (old_rule if same else None),
                user or (old_user if same else None),
            )
        elif rule is None and user is None:
            if same:
                model[registration] = (None, None, None)
        else:
            model[registration] = (
                old_application,
                None if rule is not None and old_rule == rule else old_rule,
                None if user is not None and old_user == user else old_user,
            )
    rows = State.of(service).registrations
    assert {
        row["sip_registration_id"]: (row["application_id"], row["rule_id"], row["user_id"])
        for row in rows
    } == model


@settings(max_examples=50)
@given(total=st.integers(0, 30), count=st.integers(1, 40), cap=st.integers(1, 12))
def test_pages_add_up(total, count, cap):
    service = Service(clock=Clock(lambda: 0.0), balance=MONEY, price=PRICE, page_cap=cap)
    service.tokens = Anyone()
    seed(service.main, applications=0, users=total, registrations=total, price=PRICE)
    for command, key in (
        ("GetSipRegistrations", "sip_registration_id"),
        ("GetUsers", "user_id"),
    ):
        seen = []
        while True:
            page = run(service, command, {"count": count, "offset": len(seen)})
            assert page["count"] == len(page["result"]) <= min(count, cap)
            if not page["result"]:
                break
            seen += [row[key] for row in page["result"]]
        assert seen == list(range(1, total + 1))


@settings(max_examples=200)
@given(
    command=st.sampled_from(
        ["BindSipRegistration", "GetSipRegistrations", "GetUsers", "AddRule", "GetRules"]
    ),
    parameters=st.dictionaries(
        st.sampled_from(
            [*BINDING, "sip_registration_id", "count", "offset", "rule_pattern", "template", "bind"]
        ),
        st.text(max_size=20),
    ),
)
def test_nonsense_is_answered(command, parameters):
    reply = orjson.loads(new_service().reply(Call(command=command, parameters=parameters)))
    assert "result" in reply or isinstance(reply["error"]["code"], int)


@pytest.mark.parametrize("count", [20, None])
def test_a_page_has_twenty_rows_unless_asked(count):
    service = Service(clock=Clock(), balance=MONEY, price=PRICE)
    service.tokens = Anyone()
    seed(service.main, applications=1, users=0, registrations=25, price=PRICE)
    page = run(service, "GetSipRegistrations", {} if count is None else {"count": count})
    assert page["count"] == 20
