import pytest


async def test_create_needs_little(wire):
    reply = await wire.done("CreateSipRegistration", sip_username="alice", proxy="sip.example.com")
    assert reply == {
        "result": 1,
        "sip_registration_id": 1,
        "account_info": {"account_id": 1, "balance": 999, "currency": "USD", "frozen": False},
    }


async def test_create_with_everything(serve):
    moments = [1_706_659_200.0]  # 2024-01-31 00:00:00 UTC: the month after is shorter
    wire = await serve(clock=lambda: moments[0], price="1.5")
    wire = wire.acting(iat=1_706_659_200, exp=1_706_659_300)
    await wire.create(
        auth_user="alice-auth",
        outbound_proxy="out.example.com",
        password="swordfish",
        is_persistent=False,
        application_id=1,
        rule_id=1,
        user_id=1,
    )
    row = {
        "sip_registration_id": 1,
        "sip_username": "alice",
        "proxy": "sip.example.com",
        "auth_user": "alice-auth",
        "outbound_proxy": "out.example.com",
        "last_updated": 1_706_659_200,
        "successful": False,
        "deactivated": False,
        "next_subscription_renewal": "2024-02-29",
        "purchase_date": "2024-01-31 00:00:00",
        "subscription_price": "1.5",
        "is_persistent": False,
        "application_id": 1,
        "application_name": "app-1",
        "rule_id": 1,
        "rule_name": "rule-1",
        "user_id": 1,
        "user_name": "user-1",
    }
    assert await wire.done("GetSipRegistrations") == {"result": [row], "count": 1}
    moments[0] += 1
    assert await wire.rows() == [row | {"successful": True, "status_code": 200}]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"sip_username": ""}, 273),
        ({"sip_username": "  "}, 273),
        ({"proxy": ""}, 274),
        ({"proxy": "sip example.com"}, 274),
        ({"application_id": 99}, 116),
        ({"application_name": "no"}, 107),
        ({"rule_id": 99}, 147),
        ({"application_id": 1, "rule_name": "no"}, 156),
        ({"application_id": 1, "user_id": 99}, 117),
        ({"application_id": 1, "user_id": 2}, 393),
        ({"user_id": 1}, 134),
    ],
)
async def test_create_refused_costs_nothing(wire, parameters, code):
    login = {"sip_username": "alice", "proxy": "sip.example.com"}
    assert await wire.refused("CreateSipRegistration", **(login | parameters)) == code
    state = wire.emulator.state
    assert state.account["balance"] == 1000
    assert state.registrations == []
    assert state.counters["CreateSipRegistration"] == {"received": 1, "executed": 0}


async def test_the_same_login_twice_is_two_registrations(wire):
    assert [await wire.create(), await wire.create()] == [1, 2]
    assert await wire.ids(sip_username="alice", proxy="sip.example.com") == [1, 2]


async def test_binding_at_creation_takes_the_user_away(wire):
    await wire.create(application_id=1, user_id=1)
    await wire.create(application_id=1, user_id=1)
    assert await wire.binding(1) == (1, None, None)
    assert await wire.binding(2) == (1, None, 1)


async def test_money_is_charged_once_each_and_runs_out(serve):
    wire = await serve(balance="2.5", price="1.2")
    await wire.create()
    await wire.create()
    reply = await wire.call("CreateSipRegistration", sip_username="x", proxy="sip.example.com")
    assert reply["error"]["code"] == 127
    assert reply["error"]["details"] == {"required_money": 1.2}
    assert wire.emulator.state.account == {"balance": 0.1}
    assert len(wire.emulator.state.registrations) == 2


async def test_a_deleted_registration_is_not_paid_back(wire):
    await wire.create()
    await wire.done("DeleteSipRegistration", sip_registration_id=1)
    assert wire.emulator.state.account == {"balance": 999}
    assert await wire.create() == 2


async def test_too_many(serve):
    wire = await serve(max_registrations=2, registrations=1)
    await wire.create()
    parameters = {"sip_username": "bob", "proxy": "sip.example.com"}
    assert await wire.refused("CreateSipRegistration", **parameters) == 272
    await wire.done("DeleteSipRegistration", sip_registration_id=1)
    await wire.create()


async def test_delete(wire):
    await wire.create()
    assert await wire.done("DeleteSipRegistration", sip_registration_id=1) == {"result": 1}
    assert await wire.refused("DeleteSipRegistration", sip_registration_id=1) == 275
    assert await wire.ids() == []
    assert await wire.ids(sip_username="alice") == []


async def test_update_changes_what_is_given(wire):
    await wire.create(auth_user="a", application_id=1, user_id=1)
    await wire.done(
        "UpdateSipRegistration",
        sip_registration_id=1,
        sip_username="bob",
        proxy="sip2.example.com",
        application_id=1,
        rule_id=1,
    )
    (row,) = await wire.rows(sip_username="bob")
    assert (row["sip_username"], row["proxy"], row["auth_user"]) == ("bob", "sip2.example.com", "a")
    assert await wire.binding(1) == (1, 1, 1)
    assert await wire.ids(sip_username="alice") == []


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 134),
        ({"sip_registration_id": 9}, 275),
        ({"sip_registration_id": 1, "sip_username": ""}, 273),
        ({"sip_registration_id": 1, "proxy": " "}, 274),
        ({"sip_registration_id": 1, "sip_username": "bob", "application_id": 99}, 116),
    ],
)
async def test_update_refused_changes_nothing(wire, parameters, code):
    await wire.create()
    assert await wire.refused("UpdateSipRegistration", **parameters) == code
    assert [row["sip_username"] for row in wire.emulator.state.registrations] == ["alice"]


async def test_a_changed_login_is_tried_again_and_a_binding_is_not(serve):
    moments = [1_700_000_000.0]
    wire = await serve(clock=lambda: moments[0], registrations=1)
    wire = wire.acting(iat=1_700_000_000, exp=1_700_000_600)
    assert await wire.ids(successful=True) == [1]
    await wire.done("UpdateSipRegistration", sip_registration_id=1, application_id=1)
    assert await wire.ids(successful=True) == [1]
    await wire.done("UpdateSipRegistration", sip_registration_id=1, password="new")
    assert await wire.ids(in_progress=True) == [1]
    moments[0] += 1
    assert await wire.ids(in_progress=False) == [1]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"sip_registration_id": 2}, [2]),
        ({"sip_registration_id": 99}, []),
        ({"sip_username": "bob"}, [2, 3]),
        ({"sip_username": "bo"}, []),
        ({"sip_registration_id": 1, "sip_username": "bob"}, []),
        ({"proxy": ["a.example.com"]}, [1, 2]),
        ({"proxy": ["a.example.com", "c.example.com"]}, [1, 2, 4]),
        ({"sip_username": "bob", "proxy": "a.example.com"}, [2]),
        ({"is_persistent": False}, [4]),
        ({"deactivated": False}, [1, 2, 3, 4]),
        ({"deactivated": True}, []),
        ({"successful": True}, [1, 2, 3, 4]),
        ({"successful": False}, []),
        ({"in_progress": True}, []),
        ({"in_progress": False}, [1, 2, 3, 4]),
        ({"status_code": "200"}, [1, 2, 3, 4]),
        ({"status_code": "404"}, []),
        ({"is_bound_to_application": True}, [1, 2, 3]),
        ({"is_bound_to_application": False}, [4]),
        ({"application_id": [1]}, [1, 2]),
        ({"application_id": [1, 2, 99]}, [1, 2, 3]),
        ({"application_name": ["app-2"]}, [3]),
        ({"application_name": ["app-1", "app-2", "app-9"]}, [1, 2, 3]),
        ({"application_name": ["app"]}, []),
        ({"rule_id": [1, 2]}, [1, 3]),
        ({"rule_name": ["rule-1"]}, [1, 3]),
        ({"rule_name": ["rule"]}, []),
        ({"user_id": [1, 2, 4]}, [1, 2, 3]),
        ({"user_id": [3]}, []),
        ({"application_id": [1], "user_id": [4], "proxy": ["a.example.com"]}, [2]),
        ({"count": 2}, [1, 2]),
        ({"count": 2, "offset": 3}, [4]),
        ({"sip_username": "bob", "count": 1, "offset": 1}, [3]),
        ({"count": 0}, []),
        ({"offset": 99}, []),
    ],
)
async def test_filters(serve, filters, found):
    moments = [1_700_000_000.0]
    wire = await serve(clock=lambda: moments[0])
    wire = wire.acting(iat=1_700_000_000, exp=1_700_000_600)
    await wire.create("alice", "a.example.com", application_id=1, rule_id=1, user_id=1)
    await wire.create("bob", "a.example.com", application_id=1, user_id=4)
    await wire.create("bob", "b.example.com", application_id=2, rule_id=2, user_id=2)
    await wire.create("carol", "c.example.com", is_persistent=False)
    moments[0] += 10
    reply = await wire.done("GetSipRegistrations", **filters)
    assert [row["sip_registration_id"] for row in reply["result"]] == found
    assert reply["count"] == len(found)


async def test_id_order_survives_a_change_of_user_name(wire):
    for name in ("bob", "alice", "alice"):
        await wire.create(name)
    await wire.done("UpdateSipRegistration", sip_registration_id=1, sip_username="alice")
    assert await wire.ids(sip_username="alice") == [1, 2, 3]


async def test_filters_of_the_same_name_by_id_and_by_name_exclude_each_other(wire):
    parameters = {"application_id": 1, "application_name": "app-1"}
    assert await wire.refused("GetSipRegistrations", **parameters) == 458


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("200", [1]),
        ("401;403:500", [2, 4, 5]),
        ("403:500", [4, 5]),
        ("404:407", []),
        ("401; 402", [2, 3]),
        ("100:699", [1, 2, 3, 4, 5]),
        ("500:403", []),
    ],
)
async def test_filter_by_status_codes_and_ranges(serve, wanted, found):
    wire = await serve(registrations=6)
    rows = wire.emulator._service.main.registrations
    for number, code in enumerate([200, 401, 402, 403, 500], 1):
        rows[number].status_code = code
    rows[6].ready_at += 3600  # in progress: no status yet
    assert await wire.ids(status_code=wanted) == found


@pytest.mark.parametrize("wanted", ["x", "401;", "1:2:3", ":", "4000"])
async def test_what_is_no_status_code(wire, wanted):
    assert await wire.refused("GetSipRegistrations", status_code=wanted) == 101
