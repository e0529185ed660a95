import pytest


@pytest.fixture
async def made(wire):
    """Two scenarios, both in the rule of the first application."""
    for name in ("s-1", "s-2"):
        await wire.done("AddScenario", scenario_name=name, scenario_script=f"// {name}", rule_id=1)
    return wire


async def scenarios_of(wire, rule=1):
    (row,) = (await wire.done("GetRules", rule_id=rule, with_scenarios=True))["result"]
    return [scenario["scenario_id"] for scenario in row["scenarios"]]


async def test_add_and_list(made):
    reply = await made.done("GetScenarios", with_script=True)
    assert [row["scenario_script"] for row in reply["result"]] == ["// s-1", "// s-2"]
    reply = await made.done("GetScenarios", scenario_name="S-2")
    assert [row["scenario_id"] for row in reply["result"]] == [2]
    assert "scenario_script" not in reply["result"][0]
    assert (await made.done("GetScenarios", application_id=1))["application_name"] == "app-1"
    assert (await made.done("GetScenarios", application_id=2))["total_count"] == 0


async def test_rules_and_applications_carry_them_if_asked_to(made):
    assert await scenarios_of(made) == [1, 2]
    (row,) = (await made.done("GetRules", rule_id=1))["result"]
    assert "scenarios" not in row
    asked = {"application_id": 1, "with_rules": True}
    (application,) = (await made.done("GetApplications", **asked))["result"]
    assert [rule["rule_id"] for rule in application["rules"]] == [1]
    assert "scenarios" not in application["rules"][0]
    asked = {"application_id": 1, "with_scenarios": True}
    (application,) = (await made.done("GetApplications", **asked))["result"]
    assert [row["scenario_name"] for row in application["rules"][0]["scenarios"]] == ["s-1", "s-2"]
    (application,) = (await made.done("GetApplications", application_id=1))["result"]
    assert "rules" not in application


async def test_a_name_is_taken_once_unless_rewritten(made):
    assert await made.refused("AddScenario", scenario_name="s-1") == 133
    reply = await made.done("AddScenario", scenario_name="s-1", scenario_script="x", rewrite=True)
    assert reply["scenario_id"] == 1
    reply = await made.done("GetScenarios", scenario_id=1, with_script=True)
    assert reply["result"][0]["scenario_script"] == "x"


async def test_bind_unbind_and_reorder(made):
    await made.done("BindScenario", scenario_id=[2, 1], rule_id=2, application_id=2)
    await made.done("BindScenario", scenario_id=[2], rule_id=2, application_id=2)
    assert await scenarios_of(made, 2) == [2, 1]
    await made.done("ReorderScenarios", rule_id=2, scenario_id=[1, 2])
    assert await scenarios_of(made, 2) == [1, 2]
    assert await made.refused("ReorderScenarios", rule_id=2, scenario_id=[1]) == 132
    unbind = {"rule_name": "rule-1", "application_name": "app-2", "bind": False}
    await made.done("BindScenario", scenario_name=["s-1"], **unbind)
    assert await scenarios_of(made, 2) == [2]


async def test_change_and_delete(made):
    await made.done("SetScenarioInfo", required_scenario_name="s-1", scenario_name="t")
    assert await made.refused("SetScenarioInfo", scenario_id=1, scenario_name="s-2") == 133
    assert await made.refused("DelScenario", scenario_name=["s-1"]) == 168
    assert await made.refused("DelScenario", scenario_id=[2, 9]) == 132
    await made.done("DelScenario", scenario_id=[2])
    assert await scenarios_of(made) == [1]
    await made.done("DelScenario", scenario_id="all")
    assert await scenarios_of(made) == []


async def test_a_script_has_a_size(wire):
    async with wire.post(
        "/AddScenario", data={"scenario_name": "s", "scenario_script": "x" * (128 * 1024 + 1)}
    ) as reply:
        assert (await reply.json())["error"]["code"] == 130


async def test_sessions_cost_and_are_in_the_history(serve):
    wire = await serve(balance="0.02")
    first = await wire.done("StartScenarios", rule_id=2, script_custom_data="order 7")
    joined = await wire.done("StartConference", rule_id=2, conference_name="c")
    assert wire.emulator.state.account == {"balance": 0}
    assert await wire.refused("StartConference", rule_id=2, conference_name="c") == 127
    assert await wire.refused("StartScenarios", rule_id=9) == 147
    asked = {"call_session_history_custom_data": "order 7"}
    (row,) = (await wire.done("GetCallHistory", **asked))["result"]
    assert row["call_session_history_id"] == first["call_session_history_id"]
    assert (row["rule_name"], row["application_id"]) == ("rule-1", 2)
    assert joined["call_session_history_id"] == 2


async def test_a_conference_is_joined_by_its_name(wire):
    names = ["c", "d", "c"]
    started = [await wire.done("StartConference", rule_id=1, conference_name=n) for n in names]
    assert [reply["call_session_history_id"] for reply in started] == [1, 2, 1]
    paid = (await wire.done("GetTransactionHistory", transaction_type=["resource_charge"]))[
        "result"
    ]
    assert [row["amount"] for row in paid] == [-0.01] * 3


async def test_the_word_all(wire):
    assert await wire.refused("DelRule", rule_id="all", application_id=[9]) == 116
    await wire.done("DelRule", rule_id="all", application_id=[1])
    assert (await wire.done("GetRules"))["total_count"] == 2
    await wire.done("DelUser", user_id="ALL", application_id=1)
    assert (await wire.done("GetUsers"))["total_count"] == 6
    await wire.done("DelApplication", application_id="all")
    assert (await wire.done("GetApplications"))["total_count"] == 0
    assert (await wire.done("GetUsers"))["total_count"] == 0
    await wire.done("DelApplication", application_id="all")
