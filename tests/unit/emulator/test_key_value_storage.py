import pytest


async def keys(wire, **values):
    return [row["key"] for row in (await wire.done("GetKeyValueKeys", **values))["result"]]


async def test_items_of_applications(wire):
    for application, key in ((1, "a:1"), (1, "a:2"), (1, "b"), (2, "a:1")):
        await wire.done("SetKeyValueItem", key=key, value=f"{key}?", application_id=application)
    await wire.done("SetKeyValueItem", key="b", value="new", application_name="app-1")
    assert (await wire.done("GetKeyValueItem", key="b", application_id=1))["result"][
        "value"
    ] == "new"
    assert await keys(wire, application_id=1) == ["a:1", "a:2", "b"]
    found = (await wire.done("GetKeyValueItems", key="a:", application_id=1))["result"]
    assert [row["value"] for row in found] == ["a:1?", "a:2?"]
    for _ in range(2):
        await wire.done("DelKeyValueItem", key="b", application_id=1)
    assert await wire.refused("GetKeyValueItem", key="b", application_id=1) == 496
    assert await wire.refused("SetKeyValueItem", key="b", value="x") == 134
    assert await wire.refused("GetKeyValueKeys", application_id=9) == 116


async def test_items_expire(wire):
    await wire.done("SetKeyValueItem", key="a", value="x", application_id=1, ttl=60)
    await wire.done("SetKeyValueItem", key="b", value="x", application_id=1)
    wire.emulator.clock_offset = 61
    assert await keys(wire, application_id=1) == ["b"]
    past = {"key": "c", "value": "x", "application_id": 1, "expires_at": 5}
    assert await wire.refused("SetKeyValueItem", **past) == 101
    long = {"key": "c", "value": "x", "application_id": 1}
    for late in ({"ttl": 90 * 86400 + 1}, {"ttl": 10**17}, {"expires_at": 10**17}):
        assert await wire.refused("SetKeyValueItem", **long, **late) == 101


async def test_pages_have_fifty_at_most(wire):
    for number in range(60):
        await wire.done("SetKeyValueItem", key=f"k{number:02}", value="x", application_id=1)
    assert len(await keys(wire, application_id=1, count=1000)) == 50
    assert await keys(wire, application_id=1, count=1000, offset=58) == ["k58", "k59"]


@pytest.mark.parametrize("command", ["GetKeyValueItems", "GetKeyValueKeys"])
async def test_they_go_with_their_application(wire, command):
    await wire.done("SetKeyValueItem", key="a", value="x", application_id=1)
    await wire.done("DelApplication", application_id=[1])
    assert await wire.refused(command, key="a", application_id=1) == 116
