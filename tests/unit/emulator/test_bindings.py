import pytest


@pytest.fixture
async def wire(serve):
    """Applications 1 to 3, rules 1 to 3, users 1, 4, 7 in 1; 2, 5 in 2; 3, 6 in 3; 4 registrations."""
    return await serve(users=7, registrations=4)


async def bind(wire, registration=None, **parameters):
    if registration is not None:
        parameters["sip_registration_id"] = registration
    return await wire.done("BindSipRegistration", **parameters)


async def test_by_ids(wire):
    assert await bind(wire, 1, application_id=1, rule_id=1, user_id=1) == {"result": 1}
    assert await wire.binding(1) == (1, 1, 1)


async def test_by_names(wire):
    await bind(wire, 1, application_name="app-2", rule_name="rule-1", user_name="user-5", bind=True)
    assert await wire.binding(1) == (2, 2, 5)
    (row,) = await wire.rows(sip_registration_id=1)
    assert (row["application_name"], row["rule_name"], row["user_name"]) == (
        "app-2",
        "rule-1",
        "user-5",
    )


async def test_a_rule_brings_its_application(wire):
    await bind(wire, 1, rule_id=3)
    assert await wire.binding(1) == (3, 3, None)


async def test_nothing_to_bind_to_changes_nothing(wire):
    await bind(wire, 1, application_id=1, user_id=1)
    await bind(wire, 1)
    assert await wire.binding(1) == (1, None, 1)


async def test_same_application_keeps_rule_and_user(wire):
    await bind(wire, 1, application_id=1, rule_id=1)
    await bind(wire, 1, application_id=1, user_id=1)
    assert await wire.binding(1) == (1, 1, 1)
    await bind(wire, 1, application_id=1, user_id=4)
    assert await wire.binding(1) == (1, 1, 4)


async def test_another_application_clears_rule_and_user(wire):
    await bind(wire, 1, application_id=1, rule_id=1, user_id=1)
    await bind(wire, 1, application_id=2)
    assert await wire.binding(1) == (2, None, None)
    await bind(wire, 2, application_id=1, user_id=1)
    assert await wire.binding(2) == (1, None, 1)


async def test_one_registration_per_user_and_the_loser_keeps_the_rest(wire):
    await bind(wire, 1, application_id=1, rule_id=1, user_id=1)
    await bind(wire, 2, application_id=1, user_id=1)
    assert await wire.binding(1) == (1, 1, None)
    assert await wire.binding(2) == (1, None, 1)


async def test_binding_again_changes_nothing(wire):
    await bind(wire, 1, application_id=1, user_id=1)
    await bind(wire, 1, application_id=1, user_id=1)
    assert await wire.binding(1) == (1, None, 1)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 134),
        ({"application_id": 1}, 134),
        ({"sip_registration_id": 99, "application_id": 1}, 275),
        ({"sip_registration_id": 1, "application_id": 99}, 116),
        ({"sip_registration_id": 1, "application_name": "app"}, 107),
        ({"sip_registration_id": 1, "application_name": ""}, 107),
        ({"sip_registration_id": 1, "rule_id": 99}, 147),
        ({"sip_registration_id": 1, "application_id": 1, "rule_id": 2}, 147),
        ({"sip_registration_id": 1, "application_id": 1, "rule_name": "rule"}, 156),
        ({"sip_registration_id": 1, "rule_name": "rule-1"}, 134),
        ({"sip_registration_id": 1, "user_id": 1}, 134),
        ({"sip_registration_id": 1, "user_name": "user-1"}, 134),
        ({"sip_registration_id": 1, "application_id": 1, "user_id": 99}, 117),
        ({"sip_registration_id": 1, "application_id": 1, "user_id": 2}, 393),
        ({"sip_registration_id": 1, "application_id": 1, "user_name": "nobody"}, 117),
        ({"sip_registration_id": 1, "application_id": 1, "user_name": "user-2"}, 393),
        ({"sip_registration_id": 1, "rule_id": 1, "rule_name": "rule-1"}, 458),
        ({"sip_registration_id": 1, "application_id": 1, "user_id": 1, "user_name": "x"}, 458),
        ({"bind": False}, 134),
        ({"bind": False, "application_id": 1}, 134),
        ({"bind": False, "rule_id": 1}, 134),
        ({"bind": False, "user_name": "user-1"}, 134),
        ({"bind": False, "user_id": 99}, 117),
        ({"bind": False, "sip_registration_id": 99}, 275),
        ({"bind": False, "sip_registration_id": 1, "user_id": 1}, 134),
        ({"bind": False, "user_id": 1, "application_id": 2}, 393),
    ],
)
async def test_refused_and_nothing_changed(wire, parameters, code):
    await bind(wire, 1, application_id=3, rule_id=3, user_id=3)
    before = wire.emulator.state.registrations
    assert await wire.refused("BindSipRegistration", **parameters) == code
    assert wire.emulator.state.registrations == before


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ({"sip_registration_id": 1}, (None, None, None)),
        ({"sip_registration_id": 1, "application_id": 1}, (None, None, None)),
        ({"sip_registration_id": 1, "application_name": "app-1"}, (None, None, None)),
        ({"sip_registration_id": 1, "application_id": 2}, (1, 1, 1)),
        ({"sip_registration_id": 1, "application_id": 1, "user_id": 1}, (1, 1, None)),
        ({"sip_registration_id": 1, "application_id": 1, "user_name": "user-1"}, (1, 1, None)),
        ({"sip_registration_id": 1, "application_id": 1, "user_id": 4}, (1, 1, 1)),
        ({"sip_registration_id": 1, "rule_id": 1}, (1, None, 1)),
        ({"sip_registration_id": 1, "rule_id": 2}, (1, 1, 1)),
        ({"sip_registration_id": 1, "application_id": 1, "rule_name": "rule-1"}, (1, None, 1)),
        (
            {"sip_registration_id": 1, "application_id": 1, "rule_id": 1, "user_id": 1},
            (1, None, None),
        ),
        ({"user_id": 1}, (1, 1, None)),
        ({"user_id": 1, "application_id": 1}, (1, 1, None)),
        ({"user_name": "user-1", "application_name": "app-1"}, (1, 1, None)),
        ({"user_id": 4}, (1, 1, 1)),
        ({"user_id": 1, "rule_id": 1}, (1, None, None)),
    ],
)
async def test_unbinding(wire, parameters, left):
    await bind(wire, 1, application_id=1, rule_id=1, user_id=1)
    await bind(wire, 2, application_id=2, rule_id=2, user_id=2)
    await bind(wire, bind=False, **parameters)
    assert await wire.binding(1) == left
    assert await wire.binding(2) == (2, 2, 2)


async def test_a_freed_user_can_be_bound_again(wire):
    await bind(wire, 1, application_id=1, user_id=1)
    await bind(wire, user_id=1, bind=False)
    await bind(wire, 2, application_id=1, user_id=1)
    assert await wire.binding(1) == (1, None, None)
    assert await wire.binding(2) == (1, None, 1)


async def test_what_is_deleted_is_unbound(wire):
    await bind(wire, 1, application_id=1, rule_id=1, user_id=1)
    await wire.done("DelUser", user_id=1)
    assert await wire.binding(1) == (1, 1, None)
    await wire.done("DelRule", rule_id=1)
    assert await wire.binding(1) == (1, None, None)
    await bind(wire, 2, application_id=1, user_id=4)
    await wire.done("DelApplication", application_id=1)
    assert await wire.binding(1) == (None, None, None)
    assert await wire.binding(2) == (None, None, None)
    await wire.done("DeleteSipRegistration", sip_registration_id=1)
    assert await wire.refused("BindSipRegistration", sip_registration_id=1, application_id=2) == 275
