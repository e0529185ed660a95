import pytest

NEW = {"rule_name": "night", "rule_pattern": "[0-9]+", "application_id": 1}


async def names(wire, **filters):
    return [row["rule_name"] for row in (await wire.done("GetRules", **filters))["result"]]


async def test_add_and_list(wire):
    reply = await wire.done("AddRule", **NEW, rule_pattern_exclude="1+", video_conference=True)
    assert reply == {"result": 1, "rule_id": 4}
    reply = await wire.done("GetRules", application_id=1)
    assert (reply["total_count"], reply["count"]) == (2, 2)
    row = reply["result"][1]
    assert row.pop("modified")
    assert row == {
        "rule_id": 4,
        "application_id": 1,
        "rule_name": "night",
        "rule_pattern": "[0-9]+",
        "rule_pattern_exclude": "1+",
        "video_conference": True,
        "scenarios": [],
    }


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"application_id": ""}, 134),
        ({"application_id": 99}, 116),
        ({"rule_name": ""}, 134),
        ({"rule_name": "rule-1"}, 175),
        ({"rule_name": "a;b"}, 156),
        ({"rule_pattern": ""}, 134),
        ({"rule_pattern": "("}, 148),
        ({"rule_pattern": "x" * 5000}, 148),
        ({"rule_pattern_exclude": "["}, 149),
        ({"scenario_id": [1]}, 132),
        ({"scenario_name": ["x"]}, 168),
    ],
)
async def test_add_refused(wire, parameters, code):
    assert await wire.refused("AddRule", **(NEW | parameters)) == code
    assert len(await names(wire)) == 3


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["rule-1", "rule-1", "rule-1", "night"]),
        ({"rule_name": "IGH"}, ["night"]),
        ({"rule_id": 2}, ["rule-1"]),
        ({"application_name": "app-1"}, ["rule-1", "night"]),
        ({"template": "0-9"}, ["night"]),
        ({"video_conference": True}, []),
        ({"count": 1, "offset": 3}, ["night"]),
    ],
)
async def test_filters(wire, filters, found):
    await wire.done("AddRule", **NEW)
    assert await names(wire, **filters) == found


async def test_change(wire):
    await wire.done("SetRuleInfo", rule_id=1, rule_pattern="[[]")  # Python warns of such a one
    await wire.done("SetRuleInfo", rule_id=1, rule_name="day", rule_pattern="9")
    assert await names(wire, rule_id=1) == ["day"]
    await wire.done("AddRule", **(NEW | {"rule_name": "rule-1"}))
    assert await wire.refused("SetRuleInfo", rule_id=1, rule_name="rule-1") == 175
    assert await wire.refused("SetRuleInfo", rule_id=1, rule_pattern="(") == 148
    assert await wire.refused("SetRuleInfo", rule_id=99) == 147
    assert await wire.refused("SetRuleInfo") == 134


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, 134),
        ({"application_id": 1}, 134),
        ({"rule_name": "rule-1"}, 134),
        ({"rule_id": [1, 99]}, 147),
        ({"rule_id": 1, "application_id": 2}, 147),
        ({"rule_name": "nothing", "application_id": 1}, 156),
        ({"rule_name": "rule-1", "application_id": 99}, 116),
    ],
)
async def test_delete_refused(wire, parameters, code):
    assert await wire.refused("DelRule", **parameters) == code
    assert len(await names(wire)) == 3


async def test_delete(wire):
    await wire.done("DelRule", rule_name=["rule-1"], application_id=[1, 2])
    assert [row["rule_id"] for row in (await wire.done("GetRules"))["result"]] == [3]
    await wire.done("DelRule", rule_id=[3])
    assert await names(wire) == []


async def test_reorder(wire):
    await wire.done("AddRule", **NEW)
    assert await wire.done("ReorderRules", rule_id=[4, 1]) == {"result": 1}
    for parameters in ({"rule_id": [1, 2]}, {"rule_id": [1, 99]}):
        assert await wire.refused("ReorderRules", **parameters) == 147
    assert await wire.refused("ReorderRules", rule_id=[1, 1]) == 101
    assert await wire.refused("ReorderRules") == 134
