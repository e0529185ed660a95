"""The sequential model, and what makes bulk jobs right: rows that share no key commute."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings, strategies as st

from voxsip._bindings.conflicts import ConflictKeys, overlaps_nothing
from voxsip._bindings.state import ANY, Binding, BindingState, Change
from voxsip.bulk import BindRequest

RULES = {1: 1, 2: 1, 3: 2, 4: 2}
"""Application of each rule."""
USERS = {1: 1, 2: 1, 3: 2}
"""Application of each user."""
REGISTRATIONS = [1, 2, 3]


@st.composite
def states(draw):
    """Bindings an account can be in: a user has one registration, rule and user belong to its application."""
    bindings, taken = {}, set()
    for registration in REGISTRATIONS:
        application = draw(st.sampled_from([None, 1, 2]))
        if application is None:
            bindings[registration] = Binding()
            continue
        rules = [None, *(r for r, a in RULES.items() if a == application)]
        users = [None, *(u for u, a in USERS.items() if a == application and u not in taken)]
        rule, user = draw(st.sampled_from(rules)), draw(st.sampled_from(users))
        taken.add(user)
        bindings[registration] = Binding(application, rule, user)
    return bindings


@st.composite
def changes(draw):
    """Rows that the API does not refuse."""
    bind = draw(st.booleans())
    application = draw(st.sampled_from([None, 1, 2]))
    rules = [r for r, a in RULES.items() if application in (None, a)]
    rule = draw(st.sampled_from([None, *rules]))
    users = [u for u, a in USERS.items() if application == a]
    if not bind and application is None:
        users = list(USERS)
    user = draw(st.sampled_from([None, *users]))
    registration = draw(st.sampled_from(REGISTRATIONS))
    if not bind and user is not None and draw(st.booleans()):
        registration = None
    if not bind and registration is not None and application is None:
        user = None
    return Change(registration, application, rule, user, bind)


def run(state, *rows):
    model = BindingState(state, application_of=RULES.get)
    for row in rows:
        model.apply(row)
    return dict(model.bindings())


def as_row(change):
    return BindRequest(
        sip_registration_id=change.registration,
        application_id=change.application,
        rule_id=change.rule,
        user_id=change.user,
        bind=change.bind,
    )


def keys_of(change):
    return set(ConflictKeys(None).keys(as_row(change)))


@settings(max_examples=500)
@given(states(), changes(), changes())
def test_rows_that_share_no_key_commute(state, one, other):
    if (
        keys_of(one) & keys_of(other)
        or overlaps_nothing(as_row(one))
        or overlaps_nothing(as_row(other))
    ):
        return
    assert run(state, one, other) == run(state, other, one)


def test_taking_a_rule_along_with_a_user_does_not_commute():
    """Why a row of this kind runs by itself."""
    state = {1: Binding(1, 1, 1)}
    unbind = Change(None, 1, 1, 1, bind=False)
    bind = Change(1, 1, 2, None)
    other_user = Change(1, 1, None, 2)
    assert keys_of(unbind) & keys_of(bind) == set()
    assert overlaps_nothing(as_row(unbind))
    assert run(state, unbind, other_user) != run(state, other_user, unbind)


@given(states(), st.lists(changes(), max_size=12))
def test_a_user_has_one_registration(state, rows):
    users = [binding.user for binding in run(state, *rows).values() if binding.user is not None]
    assert len(users) == len(set(users))


@given(states(), st.lists(changes(), max_size=12))
def test_holders_are_who_has_the_users(state, rows):
    model = BindingState(state, application_of=RULES.get)
    for row in rows:
        model.apply(row)
    holders = {b.user: r for r, b in model.bindings() if b.user is not None}
    assert {u: r for u, r in model.holders.items() if r is not None} == holders


@given(states(), st.lists(changes(), max_size=8), st.data())
def test_what_is_predicted_without_the_start_is_never_wrong(state, rows, data):
    """The model that knows nothing at first says less than the whole one, and nothing else."""
    whole = BindingState(state, application_of=RULES.get)
    partial = BindingState(application_of=RULES.get)
    for row in rows:
        if data.draw(st.booleans(), label="outcome known"):
            whole.apply(row)
            partial.apply(row)
        else:
            if data.draw(st.booleans(), label="done"):
                whole.apply(row)
            partial.forget(row)
    for registration, binding in partial.changed.items():
        real = whole.of(registration)
        assert all(said in (ANY, is_) for said, is_ in zip(binding, real, strict=True))
    for user, holder in partial.holders.items():
        assert holder in (ANY, whole.holders.get(user))


def test_binding_a_second_registration_takes_the_user_and_nothing_else():
    state = {1: Binding(1, 1, 1), 2: Binding()}
    assert run(state, Change(2, 1, None, 1)) == {1: Binding(1, 1, None), 2: Binding(1, None, 1)}


def test_another_application_clears_rule_and_user_and_the_same_keeps_them():
    state = {1: Binding(1, 1, 1)}
    assert run(state, Change(1, 2)) == {1: Binding(2, None, None)}
    assert run(state, Change(1, 1)) == state
    assert run(state, Change(1, 1, 2)) == {1: Binding(1, 2, 1)}


def test_a_rule_alone_brings_its_application():
    assert run({1: Binding(1, 1, 1)}, Change(1, None, 3)) == {1: Binding(2, 3, None)}


def test_naming_nothing_changes_nothing():
    assert run({1: Binding(1, 1, 1)}, Change(1)) == {1: Binding(1, 1, 1)}


def test_unbinding_clears_what_is_named():
    state = {1: Binding(1, 1, 1), 2: Binding(2, 3, 3)}
    left = {2: state[2]}
    assert run(state, Change(1, None, None, 1, bind=False)) == {1: Binding(1, 1), **left}
    assert run(state, Change(1, 1, 1, bind=False)) == {1: Binding(1, None, 1), **left}
    assert run(state, Change(1, 1, bind=False)) == {1: Binding(), **left}
    assert run(state, Change(1, bind=False)) == {1: Binding(), **left}
    assert run(state, Change(1, 2, bind=False)) == state
    assert run(state, Change(None, None, None, 1, bind=False)) == {1: Binding(1, 1), **left}
    assert run(state, Change(None, None, None, 2, bind=False)) == state


def test_a_row_of_unknown_outcome_may_have_taken_a_rule_along():
    partial = BindingState(application_of=RULES.get)
    partial.apply(Change(1, 1, 1, 1))
    partial.forget(Change(None, None, 1, 1, bind=False))
    assert partial.changed == {1: Binding(1, ANY, ANY)}
    partial.apply(Change(1, 1, 1))
    assert partial.changed == {1: Binding(1, 1, ANY)}
    partial.forget(Change(None, None, 1, 2, bind=False))
    assert partial.changed == {1: Binding(1, ANY, ANY)}


def test_an_unknown_registration_is_told():
    model = BindingState({1: Binding()})
    assert not model.apply(Change(7, 1))
    assert model.apply(Change(1, 1))
    model.add(7)
    assert model.apply(Change(7, 1))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_pair_of_rows_that_share_no_key_commutes_in_a_small_account():
    """No sampling: every state of two registrations, every pair of rows, two applications with a rule and users."""
    rules, users = {1: 1, 2: 2}, {1: 1, 2: 1, 3: 2}
    bound = [
        Binding(),
        *(
            Binding(application, rule, user)
            for application in (1, 2)
            for rule in (None, application)
            for user in (None, *(u for u, home in users.items() if home == application))
        ),
    ]
    states = [
        {1: one, 2: other}
        for one, other in product(bound, bound)
        if one.user is None or one.user != other.user
    ]
    rows = [
        Change(registration, application, rule, user, bind)
        for registration, application, rule, user, bind in product(
            (None, 1, 2), (None, 1, 2), (None, *rules), (None, *users), (True, False)
        )
        if not (bind and registration is None)
        and not (registration is None and user is None)
        and not (rule is not None and application not in (None, rules[rule]))
        and not (user is not None and application not in (None, users[user]))
    ]
    free = [row for row in rows if not overlaps_nothing(as_row(row))]
    pairs = [(a, b) for a, b in combinations(free, 2) if not keys_of(a) & keys_of(b)]
    assert len(states) * len(pairs) > 100_000
    for state in states:
        for one, other in pairs:
            assert run(state, one, other) == run(state, other, one)
