import pytest

NEW = {"user_name": "bob", "user_display_name": "Bob", "user_password": "secret"}


async def names(wire, **filters):
    return [row["user_name"] for row in (await wire.done("GetUsers", **filters))["result"]]


async def test_add_and_list(wire):
    assert await wire.done("AddUser", **NEW, application_id=1, user_custom_data="x") == {
        "result": 1,
        "user_id": 11,
    }
    reply = await wire.done("GetUsers", user_id=11)
    assert (reply["total_count"], reply["count"]) == (1, 1)
    (row,) = reply["result"]
    assert row["user_display_name"] == "Bob"
    assert row["user_custom_data"] == "x"
    assert [home["application_name"] for home in row["applications"]] == ["app-1"]
    assert "secret" not in str(reply)


async def test_a_user_without_an_application(wire):
    await wire.done("AddUser", **NEW)
    (row,) = (await wire.done("GetUsers", user_id=11))["result"]
    assert row["applications"] == []
    await wire.create()
    parameters = {"sip_registration_id": 1, "application_id": 1, "user_id": 11}
    assert await wire.refused("BindSipRegistration", **parameters) == 393


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"user_name": ""}, 134),
        ({"user_display_name": ""}, 134),
        ({"user_password": ""}, 134),
        ({"user_name": "two words"}, 122),
        ({"user_name": "user-1"}, 118),
        ({"application_id": 99}, 116),
    ],
)
async def test_add_refused(wire, parameters, code):
    assert await wire.refused("AddUser", **(NEW | {"application_id": 1} | parameters)) == code


async def test_a_name_is_unique_within_its_application_only(wire):
    await wire.done("AddUser", **(NEW | {"user_name": "user-1", "application_id": 2}))
    await wire.create(application_id=2, user_name="user-1")
    assert await wire.binding(1) == (2, None, 11)


async def test_a_thousand_users(serve):
    wire = await serve(users=999)
    await wire.done("AddUser", **NEW)
    assert await wire.refused("AddUser", **(NEW | {"user_name": "carol"})) == 109
    await wire.done("DelUser", user_id=1)
    await wire.done("AddUser", **(NEW | {"user_name": "carol"}))


async def test_more_users_where_the_limit_is_raised(serve):
    wire = await serve(users=1000, max_users=1001)
    await wire.done("AddUser", **NEW)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        ({"user_name": "user-1"}, [1, 10]),
        ({"user_name": "USER-1"}, [1, 10]),
        ({"user_display_name": "er 1"}, [1, 10]),
        ({"application_id": 1}, [1, 4, 7, 10]),
        ({"application_name": "app-2"}, [2, 5, 8]),
        ({"user_id": 3}, [3]),
        ({"user_active": True}, [1, 3, 4, 5, 6, 7, 8, 9, 10]),
        ({"user_active": False}, [2]),
        ({"application_id": 1, "count": 2, "offset": 1}, [4, 7]),
        ({"order_by": "user_name", "count": 3}, [1, 10, 2]),
    ],
)
async def test_filters(wire, filters, found):
    await wire.done("SetUserInfo", user_id=2, user_active=False)
    assert await names(wire, **filters) == [f"user-{number}" for number in found]


async def test_total_counts_more_than_the_page(wire):
    reply = await wire.done("GetUsers", count=3)
    assert (reply["total_count"], reply["count"]) == (10, 3)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"application_id": 99}, 116),
        ({"application_name": "app"}, 107),
        ({"order_by": "nonsense"}, 101),
        ({"application_id": 1, "application_name": "app-1"}, 458),
    ],
)
async def test_list_refused(wire, filters, code):
    assert await wire.refused("GetUsers", **filters) == code


async def test_change(wire):
    await wire.done(
        "SetUserInfo",
        user_name="user-1",
        application_id=1,
        new_user_name="alice",
        user_display_name="Alice",
        user_password="new",
    )
    assert await names(wire, user_id=1) == ["alice"]
    assert await wire.refused("SetUserInfo", user_id=4, new_user_name="alice") == 118
    await wire.done("SetUserInfo", user_id=4, new_user_name="user-1")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 134),
        ({"user_id": 99}, 117),
        ({"user_name": "user-1"}, 134),
        ({"user_name": "nobody", "application_id": 1}, 117),
        ({"user_name": "user-1", "application_id": 2}, 393),
        ({"user_id": 1, "application_id": 2}, 393),
        ({"user_id": 1, "user_name": "user-1"}, 458),
    ],
)
async def test_change_and_delete_refused(wire, parameters, code):
    assert await wire.refused("SetUserInfo", **parameters) == code
    assert await wire.refused("DelUser", **parameters) == code


async def test_delete_all_or_none(wire):
    assert await wire.refused("DelUser", user_id=[1, 99]) == 117
    assert len(await names(wire)) == 10
    await wire.done("DelUser", user_id=[1, 2, 1])
    await wire.done("DelUser", user_name=["user-4", "user-7"], application_id=1)
    assert await names(wire) == ["user-3", "user-5", "user-6", "user-8", "user-9", "user-10"]
