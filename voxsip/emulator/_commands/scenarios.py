"""Scenarios: add, delete, change, list, put into rules, start."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands.rules import describe_scenario, find_scenarios
from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import ALL, INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.bindings import find_application, find_target
from voxsip.emulator._state.ledger import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.model import Rule, Scenario
    from voxsip.emulator._state.table import Row

CALL_PRICE = Decimal("0.01")
"""Price of a session that is started, and of each task of a call list."""

SCRIPT_TOO_LONG = 130
INVALID_SCENARIO_ID = 132
NAME_TAKEN = 133
INVALID_SCENARIO_NAME = 168
INVALID_CONFERENCE_NAME = 269

_LONGEST_SCRIPT = 128 * 1024
_SUCCESS = {"result": 1}


@command("AddScenario")
def add(context: Context) -> dict[str, Any]:
    """Add a scenario; with rewrite=true, replace the text of the one of that name."""
    account, values = context.account, context.values
    name, script = values["scenario_name"], _script(values)
    rule = find_target(account, values).rule
    scenario = account.scenario_named(name)
    if scenario is None:
        scenario = account.add_scenario(_free_name(account, name), script)
    elif values.get("rewrite", False):
        scenario.script, scenario.modified = script, account.timestamp()
    else:
        raise RefusedError(NAME_TAKEN)
    if rule is not None:
        _put(rule, [scenario])
    return {"result": 1, "scenario_id": scenario.id}


@command("DelScenario")
def delete(context: Context) -> dict[str, Any]:
    """Delete scenarios, all of those named or, if one is missing, none."""
    account, values = context.account, context.values
    everything = values.get("scenario_id") == ALL
    doomed = list(account.scenarios.values()) if everything else find_scenarios(account, values)
    if not doomed and not everything:
        raise RefusedError(REQUIRED, "A scenario_id or scenario_name is needed")
    for scenario in doomed:
        account.remove_scenario(scenario)
    return _SUCCESS


@command("BindScenario")
def bind(context: Context) -> dict[str, Any]:
    """Add scenarios after those of a rule; with bind=false, remove them."""
    account, values = context.account, context.values
    rule, scenarios = find_target(account, values).rule, find_scenarios(account, values)
    if rule is None or not scenarios:
        raise RefusedError(REQUIRED, "A rule and a scenario are needed")
    if values.get("bind", True):
        _put(rule, scenarios)
    else:
        gone = {scenario.id for scenario in scenarios}
        rule.scenario_ids = [number for number in rule.scenario_ids if number not in gone]
    return _SUCCESS


@command("GetScenarios")
def list_(context: Context) -> dict[str, Any]:
    """List scenarios, of one application if asked to; a name is matched by part."""
    account, values = context.account, context.values
    application = find_application(account, values)
    wanted, part = values.get("scenario_id"), values.get("scenario_name", "").casefold()
    used = (
        None
        if application is None
        else {number for rule in account.rules_of(application.id) for number in rule.scenario_ids}
    )
    rows = [
        row
        for row in account.scenarios.values()
        if wanted in (None, row.id)
        and part in row.name.casefold()
        and (used is None or row.id in used)
    ]
    with_script = values.get("with_script", False)
    reply = context.listed(rows, lambda row: describe_scenario(row, with_script=with_script))
    if application is not None:
        reply |= {"application_id": application.id, "application_name": application.name}
    return reply


@command("SetScenarioInfo")
def set_(context: Context) -> dict[str, Any]:
    """Change the name or the text of a scenario."""
    account, values = context.account, context.values
    if "scenario_id" in values:
        scenario = account.scenarios.get(values["scenario_id"])
    elif "required_scenario_name" in values:
        scenario = account.scenario_named(values["required_scenario_name"])
    else:
        raise RefusedError(REQUIRED, "A scenario_id or required_scenario_name is needed")
    if scenario is None:
        raise RefusedError(
            INVALID_SCENARIO_ID if "scenario_id" in values else INVALID_SCENARIO_NAME
        )
    script = _script(values, scenario.script)
    name = values.get("scenario_name", scenario.name)
    if name != scenario.name:
        account.rename_scenario(scenario, _free_name(account, name))
    scenario.script, scenario.modified = script, account.timestamp()
    return _SUCCESS


@command("ReorderScenarios")
def reorder(context: Context) -> dict[str, Any]:
    """Run the scenarios of a rule, all of them named, in the order given."""
    account, values = context.account, context.values
    rule, wanted = find_target(account, values).rule, values.get("scenario_id")
    if rule is None or wanted is None:
        raise RefusedError(REQUIRED, "A rule and the ids of its scenarios are needed")
    if sorted(wanted) != sorted(rule.scenario_ids):
        raise RefusedError(INVALID_SCENARIO_ID)
    rule.scenario_ids = list(wanted)
    return _SUCCESS


@command("StartScenarios")
def start(context: Context) -> dict[str, Any]:
    """Start a session, which costs; that the rule has scenarios is not asked."""
    return _started(_session(context))


@command("StartConference")
def start_conference(context: Context) -> dict[str, Any]:
    """Start the session of a conference, or join the one of that name; both cost."""
    name = context.values["conference_name"]
    if len(name) > 50:
        raise RefusedError(INVALID_CONFERENCE_NAME)
    running = context.account.conferences.get(name)
    if running is None:
        running = context.account.conferences[name] = _session(context)
    else:
        find_target(context.account, context.values, user_alone=True)
        context.pay(CALL_PRICE, RESOURCE, "Joined a conference")
    return _started(running)


def _session(context: Context) -> Row:
    account, values = context.account, context.values
    target = find_target(account, values, user_alone=True)
    if target.rule is None or target.application is None:
        raise RefusedError(REQUIRED, "A rule_id is needed")
    number = context.pay(CALL_PRICE, RESOURCE, "Started a session")
    return account.sessions.add(
        rule_name=target.rule.name,
        application_id=target.application.id,
        application_name=target.application.name,
        user_id=None if target.user is None else target.user.id,
        custom_data=values.get("script_custom_data"),
        transaction_id=number,
    )


def _started(session: Row) -> dict[str, Any]:
    number = session["call_session_history_id"]
    return {
        "result": 1,
        "media_session_access_url": f"http://media.example.invalid/{number}",
        "media_session_access_secure_url": f"https://media.example.invalid/{number}",
        "call_session_history_id": number,
    }


def _put(rule: Rule, scenarios: list[Scenario]) -> None:
    for scenario in scenarios:
        if scenario.id not in rule.scenario_ids:
            rule.scenario_ids.append(scenario.id)


def _script(values: Mapping[str, Any], default: str = "") -> str:
    script: str = values.get("scenario_script", default)
    if len(script.encode()) > _LONGEST_SCRIPT:
        raise RefusedError(SCRIPT_TOO_LONG)
    return script


def _free_name(account: Account, name: str) -> str:
    if not name or ";" in name:
        raise RefusedError(INVALID_ARGUMENTS, "A scenario's name must not be empty or hold ';'")
    if account.scenario_named(name) is not None:
        raise RefusedError(NAME_TAKEN)
    return name
