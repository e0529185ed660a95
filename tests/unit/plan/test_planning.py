"""What a plan says of rows and a live state; planning changes nothing."""

from decimal import Decimal

import pytest

from tests.support.emulators import changes_received, commands_received
from tests.unit.plan.conftest import PROXY
from voxsip import InvalidArgumentError


def actions(plan):
    return [(one.action, one.sip_registration_id, one.before, one.after) for one in plan.changes]


async def test_the_three_meanings_of_a_cell(account):
    emulator, client = account
    sent = changes_received(emulator)
    plan = await client.desired.plan(
        [
            {"sip_registration_id": 1, "user_id": "", "application_id": ""},
            {"sip_registration_id": 2},
            {"sip_registration_id": 3, "user_name": "-"},
            {"sip_registration_id": 4, "user_id": None},
            {"sip_registration_id": 5, "application_name": "app-2", "user_name": "user-5"},
            {"sip_registration_id": "13", "application_name": "app-1", "user_name": "-"},
        ]
    )
    assert actions(plan) == [
        ("unbind", 3, {"application_id": 3, "user_id": 3}, {"application_id": 3, "user_id": None}),
        ("unbind", 4, {"application_id": 1, "user_id": 4}, {"application_id": 1, "user_id": None}),
        (
            "bind",
            13,
            {"application_id": None, "rule_id": None, "user_id": None},
            {"application_id": 1, "rule_id": None, "user_id": None},
        ),
    ]
    assert plan.counts["unchanged"] == 3
    assert plan.counts["unmanaged"] == 34
    assert plan.price is None
    assert changes_received(emulator) == sent


async def test_a_registration_that_is_not_there_is_created_and_priced(account):
    _, client = account
    plan = await client.desired.plan(
        [
            {"sip_username": "new", "proxy": PROXY, "application_id": 1, "rule_name": "rule-1"},
            {"sip_username": "mover", "proxy": PROXY, "application_id": 1, "user_id": 1},
        ]
    )
    assert [one.action for one in plan.changes] == ["create", "create", "move"]
    assert plan.changes[0].after == {
        "sip_username": "new",
        "proxy": PROXY,
        "application_id": 1,
        "rule_id": 1,
    }
    assert plan.changes[1].after == {"sip_username": "mover", "proxy": PROXY}, "unbound at first"
    move = plan.changes[2]
    assert (move.takes, move.created_by, move.after_change) == (1, 2, (2,))
    assert plan.price.total == Decimal(2)
    assert plan.price.balance == Decimal(100)


async def test_a_chain_begins_at_its_free_end_and_a_ring_waits_for_nobody(account):
    _, client = account
    chain = await client.desired.plan(
        [
            {"sip_registration_id": 1, "user_id": 4},
            {"sip_registration_id": 4, "user_id": 7},
            {"sip_registration_id": 13, "application_id": 1, "user_id": 1},
        ]
    )
    assert [one.sip_registration_id for one in chain.changes] == [13, 1, 4]
    assert [one.after_change for one in chain.changes] == [(), (1,), (2,)]
    ring = await client.desired.plan(
        [
            {"sip_registration_id": 1, "user_id": 4},
            {"sip_registration_id": 4, "user_id": 7},
            {"sip_registration_id": 7, "user_id": 1},
        ]
    )
    assert all(one.ring and not one.after_change for one in ring.changes)


async def test_a_rename_needs_the_id_and_the_same_login_in_other_letters_is_none(account):
    _, client = account
    plan = await client.desired.plan(
        [
            {"sip_registration_id": 1, "sip_username": "new"},
            {"sip_registration_id": 2, "sip_username": "sip-2", "proxy": "SIP.example.com"},
        ]
    )
    assert actions(plan) == [("update", 1, {"sip_username": "sip-1"}, {"sip_username": "new"})]


async def test_a_password_is_no_difference_unless_it_is_asked_to_be_sent(account):
    _, client = account
    rows = [{"sip_registration_id": 1, "password": "hunter2"}]
    assert not await client.desired.plan(rows)
    plan = await client.desired.plan(rows, set_passwords=True)
    assert actions(plan) == [("update", 1, {}, {})]
    assert plan.changes[0].password == "row"
    assert "hunter2" not in repr(plan) + str(plan.to_dict())


async def test_replacing_creates_moves_and_deletes(account):
    _, client = account
    row = {"sip_username": "sip-1", "proxy": PROXY, "is_persistent": "false", "password": "-"}
    refused = await client.desired.plan([row])
    assert refused.refused[0].column == "is_persistent"
    assert "--replace" in str(refused.refused[0])
    plan = await client.desired.plan([row], replace=True)
    assert [(one.action, one.after_change) for one in plan.changes] == [
        ("create", ()),
        ("move", (1,)),
        ("delete", (1, 2)),
    ]
    first = await client.desired.plan([row], replace=True, delete_first=True)
    assert [one.action for one in first.changes] == ["delete", "create", "move"]
    assert first.gaps == 1


async def test_only_what_is_in_the_scope_and_in_no_row_is_pruned(account):
    _, client = account
    plan = await client.desired.plan(
        [{"sip_registration_id": 1}],
        prune=True,
        scope={"application_name": "app-1", "proxy": PROXY.upper()},
    )
    assert [(one.action, one.sip_registration_id) for one in plan.changes] == [
        ("delete", 4),
        ("delete", 7),
        ("delete", 10),
    ]
    assert plan.thresholds.in_scope == 4
    assert plan.thresholds.exceeded == (), "too few for a share to mean anything"


async def test_an_empty_input_prunes_nothing(account):
    _, client = account
    plan = await client.desired.plan([], prune=True, scope={"proxy": PROXY})
    assert not plan.changes
    assert "empty" in str(plan.refused[0])
    assert plan.counts["refused"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prune": True}, "pruning needs one"),
        ({"scope": {"proxy": PROXY}}, "--prune"),
        ({"prune": True, "scope": {}}, "nothing is given"),
        ({"prune": True, "scope": {"proxi": PROXY}}, "unknown key 'proxi'"),
        ({"prune": True, "scope": {"application_id": "x"}}, "application_id"),
        ({"prune": True, "scope": {"proxy": " "}}, "proxy"),
        ({"prune": True, "scope": 7}, "expected a mapping"),
    ],
)
async def test_a_wrong_scope(account, options, message):
    _, client = account
    with pytest.raises(InvalidArgumentError, match=message):
        await client.desired.plan([{"sip_registration_id": 1}], **options)


async def test_a_scope_of_an_application_that_is_not_there(account):
    _, client = account
    plan = await client.desired.plan(
        [{"sip_registration_id": 1}], prune=True, scope={"application_name": "app-9"}
    )
    assert "there is no application 'app-9'" in str(plan.refused[0])


REFUSED = {
    "no registration": ([{"sip_registration_id": 99}], "sip_registration_id", "no registration 99"),
    "a near login": ([{"sip_username": "SIP-1", "proxy": PROXY}], "sip_username", "may be registration 1"),
    "a user twice": (
        [{"sip_registration_id": 1, "user_id": 4}, {"sip_registration_id": 2, "user_name": "user-4", "application_id": 1}],
        None,
        "row 2 wants user 4 too",
    ),
    "a registration twice": (
        [{"sip_registration_id": 1}, {"sip_username": "sip-1", "proxy": PROXY}],
        None,
        "row 2 wants registration 1 too",
    ),
    "a purchase twice": (
        [{"sip_username": "new", "proxy": PROXY}, {"sip_username": "NEW", "proxy": PROXY}],
        None,
        "row 2 wants login new@sip.example.com too",
    ),
    "no such user": ([{"sip_registration_id": 1, "user_name": "nobody"}], "user_name", "no user 'nobody'"),
    "a user of another application": ([{"sip_registration_id": 1, "user_id": 2}], "user_id", "has no user 2"),
    "no such application": ([{"sip_registration_id": 13, "application_name": "app"}], "application_name", "no application 'app'"),
    "no such application id": ([{"sip_registration_id": 13, "application_id": 9}], "application_id", "no application 9"),
    "no such rule": ([{"sip_registration_id": 1, "rule_name": "rule"}], "rule_name", "no rule 'rule'"),
    "a rule of another application": ([{"sip_registration_id": 1, "rule_id": 2}], "rule_id", "belongs to application 2"),
    "a user without an application": ([{"sip_registration_id": 13, "user_id": 1}], "user_id", "needs an application"),
    "what would be cleared": ([{"sip_registration_id": 1, "application_id": 2}], "user_id", "would clear user 1"),
    "none in a required column": ([{"sip_registration_id": 1, "proxy": "-"}], "proxy", "cannot be none"),
    "no login": ([{"sip_username": "a"}], "proxy", "is needed"),
    "id and name": ([{"sip_registration_id": 1, "user_id": 1, "user_name": "user-1"}], "user_name", "both given"),
    "a user without the application it needs": (
        [{"sip_registration_id": 1, "application_id": None, "user_id": 1}],
        "user_id",
        "application is removed",
    ),
    "an unknown column": ([{"sip_registration_id": 1, "user_nam": "x"}], None, "did you mean user_name?"),
    "an id that is none": ([{"sip_registration_id": "1.5"}], "sip_registration_id", "whole number"),
    "a flag that is none": ([{"sip_registration_id": 1, "is_persistent": "maybe"}], "is_persistent", "true or false"),
    "no mapping": ([7], None, "expected a mapping"),
    "an invisible character": ([{"sip_registration_id": 1, "auth_user": "a\u200bb"}], "auth_user", "nobody sees"),
    "a password that is not there": (
        [{"sip_username": "new", "proxy": PROXY, "password": "env:VOXSIP_NO_SUCH"}],
        "password",
        "VOXSIP_NO_SUCH is not set",
    ),
    "a rename onto another": ([{"sip_registration_id": 1, "sip_username": "sip-2"}], "sip_username", "is or may be registration 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_a_row_that_cannot_be_planned_is_refused_in_words(account, case):
    emulator, client = account
    rows, column, message = REFUSED[case]
    sent = changes_received(emulator)
    plan = await client.desired.plan(rows, source="rows.csv", lines=range(2, 9))
    first = plan.refused[0]
    assert first.column == column
    assert message.replace("row 2 wants", "line 3 wants") in str(first)
    assert str(first).startswith("rows.csv:2: ")
    assert first.remedy
    assert plan.counts["refused"] == len({one.index for one in plan.refused})
    assert changes_received(emulator) == sent


async def test_two_live_matches_are_refused_and_listed(account):
    _, client = account
    await client.sip_registrations.create(sip_username="sip-1", proxy=PROXY)
    plan = await client.desired.plan([{"sip_username": "sip-1", "proxy": PROXY}])
    assert "2 registrations are sip-1@sip.example.com: 1, 41" in str(plan.refused[0])


async def test_two_users_of_one_name_are_refused_by_name_and_found_by_id():
    from voxsip.plan._names import Names
    from voxsip.plan._rows import Fault

    names = Names([("app", 1)], [], {1: [("ann", 1), ("ann", 2)]})
    with pytest.raises(Fault, match="'ann' stands for 2 users"):
        names.user("ann", 1)
    assert names.user(2, 1) == 2


async def test_export_is_a_plan_without_changes(account):
    _, client = account
    await client.sip_registrations.bind(sip_registration_id=2, application_id=2, rule_id=2)
    await client.sip_registrations.update(sip_registration_id=3, auth_user="x")
    rows = [row async for row in client.desired.export()]
    plan = await client.desired.plan(rows)
    assert not plan.refused
    assert not plan.changes
    assert plan.counts["unchanged"] == 40
    of_one = [row async for row in client.desired.export(application_id=1)]
    assert [row["sip_registration_id"] for row in of_one] == [1, 4, 7, 10]


async def test_export_of_an_application_without_registrations_and_of_none(start):
    _, client = await start(applications=1, registrations=2)
    for which in ({"application_id": 1}, {"application_name": "app-1"}):
        assert [row async for row in client.desired.export(**which)] == []
    for which, text in (
        ({"application_id": 7}, "application_id: there is no application 7; check the id"),
        ({"application_name": "app"}, "application_name: there is no application 'app' in this"),
    ):
        with pytest.raises(InvalidArgumentError, match=text):
            _ = [row async for row in client.desired.export(**which)]


async def test_thresholds_count_what_is_taken_away_and_not_first_bindings(start):
    _, client = await start(applications=1, users=30, registrations=20)
    first = [{"sip_registration_id": n, "application_id": 1, "user_id": n} for n in range(1, 21)]
    plan = await client.desired.plan(first)
    assert (plan.counts["bound"], plan.thresholds.disruptive) == (20, 0)
    await client.bulk.bind(first)
    rows = [{"sip_registration_id": n, "user_id": None if n <= 6 else n} for n in range(1, 21)]
    assert (await client.desired.plan(rows)).thresholds.exceeded == (), "30 % is not more than 30 %"
    rows[10]["user_id"] = None
    plan = await client.desired.plan(rows)
    assert plan.thresholds.exceeded == ("disruptive",)
    pruned = await client.desired.plan(first[:13], prune=True, scope={"proxy": PROXY})
    assert pruned.thresholds.exceeded == ("deletes",)


async def test_a_user_who_moves_between_two_pages_of_the_listing_is_not_planned_for():
    from tests.support.desired_world import Registration, World, plan

    world = World([Registration("a", application=1, user=1), Registration("b")])
    listed = [*world.listing(), *World([Registration("c", application=1, user=1)]).listing()]
    world.listing = lambda: [*listed[:2], type(listed[2])(**_with_id(listed[2], 3))]
    row = {"sip_username": "b", "proxy": PROXY, "application_id": 1, "user_id": 1}
    assert "moved from one registration to another" in str(plan(world, [row]).refused[0])


def _with_id(item, number):
    import attrs

    return {**attrs.asdict(item, recurse=False), "sip_registration_id": number}


async def test_a_plan_costs_no_listing_of_names_if_nothing_differs(account):
    emulator, client = account
    rows = [row async for row in client.desired.export()]
    await client.desired.plan(rows)
    listed = {name for name in commands_received(emulator) if name.startswith("Get")}
    assert listed == {"GetSipRegistrations"}
