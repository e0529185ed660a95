"""Live state x wanted state x any interleaving that the order allows: the end is as wanted, and nobody loses a registration."""

import random

import pytest
from hypothesis import assume, given, strategies as st

from tests.support.desired_world import (
    APPLICATIONS,
    RULES,
    USERS,
    Registration,
    Runner,
    World,
    plan,
)
from tests.support.example_count import examples
from voxsip.plan._calls import ChangeKeys
from voxsip.plan._scope import Scope

NAMES = "abcdefgh"


@st.composite
def bindings(draw, users):
    """A binding that the API allows, of users that are free; the chosen one is taken off the list."""
    application = draw(st.sampled_from([None, 1, 1, 2]))
    if application is None:
        return None, None, None
    rule = draw(st.sampled_from([None, *(r for r, owner in RULES.items() if owner == application)]))
    free = sorted(users & USERS[application])
    user = draw(st.sampled_from([None, *free, *free]))
    users.discard(user)
    return application, rule, user


@st.composite
def cases(draw):
    """A live state, rows, and what they should leave, by SIP user name."""
    free = set().union(*USERS.values())
    live = []
    for name in draw(st.lists(st.sampled_from(NAMES[:6]), unique=True, max_size=6)):
        application, rule, user = draw(bindings(free))
        live.append(
            Registration(
                name,
                auth_user=draw(st.sampled_from([None, "x"])),
                is_persistent=draw(st.booleans()),
                application=application,
                rule=rule,
                user=user,
            )
        )
    known = {one.sip_username: one for one in live}
    rows, expected = [], {}
    free = set().union(*USERS.values())
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=8)):
        now = known.get(name)
        application, rule, user = draw(bindings(free))
        persistent = (
            draw(st.booleans())
            if now is None or draw(st.integers(0, 3)) == 0
            else now.is_persistent
        )
        row = {"sip_username": name, "proxy": "sip.example.com", "is_persistent": persistent}
        row["password"] = None if now is None or persistent != now.is_persistent else ""
        auth = (
            draw(st.sampled_from([None, "x", "y"])) if now is None or now.auth_user is None else "y"
        )
        if now is None or auth is not None:
            row["auth_user"] = auth
        for part, value, live_value, names in (
            ("application", application, now and now.application, APPLICATIONS),
            ("rule", rule, now and now.rule, None),
            ("user", user, now and now.user, None),
        ):
            stays = now is not None and (application == now.application or live_value is None)
            if stays and value == live_value and draw(st.booleans()):
                continue  # left alone
            named = value is not None and draw(st.booleans())
            if named:
                row[f"{part}_name"] = names[value] if names else f"{part}-{value}"
            else:
                row[f"{part}_id"] = value
        rows.append(row)
        expected[name] = (
            persistent,
            auth if "auth_user" in row else now.auth_user,
            application,
            rule,
            user,
        )
    prune = bool(rows) and draw(st.booleans())
    taken = {row[-1] for row in expected.values()}
    for name, one in known.items():
        if name not in expected and not prune:
            user = None if one.user in taken else one.user
            expected[name] = (one.is_persistent, one.auth_user, one.application, one.rule, user)
    return live, rows, expected, Scope(proxy="sip.example.com") if prune else None


def shown(world):
    return {
        one.sip_username: (one.is_persistent, one.auth_user, one.application, one.rule, one.user)
        for one in world.registrations.values()
    }


def has_registration(world, users):
    return {user for user in users if world.holder(user) is not None}


@given(cases(), st.randoms(use_true_random=False), st.integers(1, 8), st.booleans())
@examples(300)
def test_the_end_is_as_wanted_and_nobody_loses_a_registration(case, chance, limit, delete_first):
    live, rows, expected, scope = case
    world = World(live)
    result = plan(world, rows, scope=scope, replace=True, delete_first=delete_first)
    assert not result.refused
    ring = {user for one in result.changes if one.ring for user in (one.gets, one.loses)}
    stays = {one.user for one in live} & {row[-1] for row in expected.values()} - ring - {None}
    lost = set()
    for _ in Runner(world, result.changes, chance).steps(limit):
        lost |= stays - has_registration(world, stays)
    assert shown(world) == expected
    assert len(lost) <= result.gaps
    again = plan(world, rows, scope=scope, replace=True)
    assert not again.changes
    assert not again.refused


@given(cases(), st.randoms(use_true_random=False), st.integers(0, 12), st.booleans())
@examples(300)
def test_killed_at_any_call_and_planned_again_the_end_is_the_same(
    case, chance, calls, delete_first
):
    live, rows, expected, scope = case
    world = World(live)
    first = plan(world, rows, scope=scope, replace=True, delete_first=delete_first)
    # What a row leaves alone is gone with a registration that is deleted before it is replaced.
    assume(not (delete_first and any(one.replaces for one in first.changes)))
    run = Runner(world, first.changes, chance).steps()
    for _ in zip(range(calls), run, strict=False):
        pass
    again = plan(world, rows, scope=scope, replace=True)
    assert not again.refused
    for _ in Runner(world, again.changes, chance).steps():
        pass
    assert shown(world) == expected


class WithoutThirdKey(ChangeKeys):
    """The keys of bulk jobs alone: a registration and the user that is named."""

    def keys(self, change):
        return tuple(key for key in super().keys(change) if key != -(change.loses or 0))


def test_without_the_third_key_a_user_would_lose_his_registration():
    """A chain of two: `free` takes user 1 of `b`, and then `b` takes user 3."""
    live = [Registration("a"), Registration("b", application=1, user=1)]
    rows = [
        {"sip_username": "a", "proxy": "sip.example.com", "application_id": 1, "user_id": 1},
        {"sip_username": "b", "proxy": "sip.example.com", "application_id": 1, "user_id": 3},
    ]
    changes = plan(World(live), rows).changes
    assert changes[1].after_change == (1,)

    def runs(keys):
        for seed in range(50):
            for _ in Runner(World(live), changes, random.Random(seed), keys).steps():
                pass

    runs(ChangeKeys)
    with pytest.raises(AssertionError, match="begun before"):
        runs(WithoutThirdKey)
