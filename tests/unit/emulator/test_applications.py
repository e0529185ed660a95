import pytest


async def test_add_and_list(wire):
    reply = await wire.done("AddApplication", application_name="sales", secure_record_storage=True)
    assert reply == {
        "result": 1,
        "application_id": 4,
        "application_name": "sales",
        "secure_record_storage": True,
    }
    reply = await wire.done("GetApplications", application_id=4)
    assert (reply["total_count"], reply["count"]) == (1, 1)
    assert reply["result"][0]["application_name"] == "sales"


@pytest.mark.parametrize(("name", "code"), [("app-1", 129), ("two words", 107), ("a;b", 107)])
async def test_names_that_cannot_be_taken(wire, name, code):
    assert await wire.refused("AddApplication", application_name=name) == code
    parameters = {"application_id": 2, "application_name": name}
    assert await wire.refused("SetApplicationInfo", **parameters) == code


@pytest.mark.parametrize(
    ("part", "found"),
    [("app-1", [1, 10, 11]), ("APP-1", [1, 10, 11]), ("-11", [11]), ("", range(1, 12)), ("x", [])],
)
async def test_names_are_matched_by_part(serve, part, found):
    wire = await serve(applications=11)
    reply = await wire.done("GetApplications", application_name=part)
    assert [row["application_id"] for row in reply["result"]] == list(found)


async def test_rename(wire):
    reply = await wire.done(
        "SetApplicationInfo", required_application_name="app-2", application_name="sales"
    )
    assert reply == {"result": 1, "application_name": "sales", "secure_record_storage": False}
    assert await wire.refused("SetApplicationInfo", required_application_name="app-2") == 107
    await wire.done("AddApplication", application_name="app-2")


async def test_keeping_a_name_is_no_clash(wire):
    await wire.done("SetApplicationInfo", application_id=1, application_name="app-1")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 134),
        ({"application_id": 99}, 116),
        ({"required_application_name": "app"}, 107),
        ({"application_id": 1, "required_application_name": "app-1"}, 458),
    ],
)
async def test_change_refused(wire, parameters, code):
    assert await wire.refused("SetApplicationInfo", **parameters) == code


async def test_delete_takes_rules_and_users_along(wire):
    await wire.done("DelApplication", application_id=[1, 3])
    assert [row["application_id"] for row in (await wire.done("GetApplications"))["result"]] == [2]
    assert {row["application_id"] for row in (await wire.done("GetRules"))["result"]} == {2}
    assert {row["user_id"] for row in (await wire.done("GetUsers"))["result"]} == {2, 5, 8}
    await wire.done("AddApplication", application_name="app-1")


async def test_delete_all_or_none(wire):
    assert await wire.refused("DelApplication", application_name=["app-1", "app-9"]) == 107
    assert await wire.refused("DelApplication", application_id=[1, 99]) == 116
    assert await wire.refused("DelApplication") == 134
    assert (await wire.done("GetApplications"))["total_count"] == 3
    await wire.done("DelApplication", application_name=["app-1", "app-1"])
    assert (await wire.done("GetApplications"))["total_count"] == 2
