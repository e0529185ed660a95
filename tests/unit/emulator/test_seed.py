from tests.support.emulator_wire import make_token


async def test_the_same_every_time(serve):
    wire = await serve(applications=2, users=3, registrations=2, balance=7)
    applications = (await wire.done("GetApplications"))["result"]
    assert [(row["application_id"], row["application_name"]) for row in applications] == [
        (1, "app-1"),
        (2, "app-2"),
    ]
    rules = (await wire.done("GetRules"))["result"]
    assert [(row["rule_id"], row["application_id"], row["rule_name"]) for row in rules] == [
        (1, 1, "rule-1"),
        (2, 2, "rule-1"),
    ]
    users = (await wire.done("GetUsers"))["result"]
    assert [
        (row["user_id"], row["user_name"], row["applications"][0]["application_id"])
        for row in users
    ] == [(1, "user-1", 1), (2, "user-2", 2), (3, "user-3", 1)]
    rows = await wire.rows()
    assert [(row["sip_registration_id"], row["sip_username"], row["proxy"]) for row in rows] == [
        (1, "sip-1", "sip.example.com"),
        (2, "sip-2", "sip.example.com"),
    ]
    assert all(row["successful"] for row in rows)
    assert not {"application_id", "rule_id", "user_id"} & set(rows[0])
    assert wire.emulator.state.account == {"balance": 7}


async def test_nothing_at_all(serve):
    wire = await serve(applications=0, users=2, registrations=0)
    assert (await wire.done("GetApplications"))["result"] == []
    users = (await wire.done("GetUsers"))["result"]
    assert [row["applications"] for row in users] == [[], []]
    assert make_token(wire.emulator.credentials).count(".") == 2
