"""Rules: add, delete, change, list, reorder."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import ALL, INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.bindings import INVALID_RULE_ID, INVALID_RULE_NAME, find_application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.model import Rule, Scenario

INVALID_SCENARIO_ID = 132
INVALID_PATTERN = 148
INVALID_PATTERN_EXCLUDE = 149
INVALID_SCENARIO_NAME = 168
NAME_TAKEN = 175

_LONGEST_PATTERN = 1000


@command("AddRule")
def add(context: Context) -> dict[str, Any]:
    """Add a rule behind the others of its application."""
    account, values = context.account, context.values
    application = find_application(account, values)
    if application is None:
        raise RefusedError(REQUIRED, "An application_id or application_name is needed")
    _check(values)
    scenarios = find_scenarios(account, values)
    rule = account.add_rule(
        application.id,
        _free_name(account, application.id, values["rule_name"]),
        values["rule_pattern"],
        pattern_exclude=values.get("rule_pattern_exclude"),
        video_conference=values.get("video_conference", False),
    )
    rule.scenario_ids = [scenario.id for scenario in scenarios]
    return {"result": 1, "rule_id": rule.id}


@command("DelRule")
def delete(context: Context) -> dict[str, Any]:
    """Delete rules, all of those named or, if one does not exist, none."""
    account, values = context.account, context.values
    scope = (
        set(account.applications)
        if values.get("application_id") == ALL
        else {
            application.id
            for key in ("application_id", "application_name")
            for wanted in values.get(key, ())
            if (application := find_application(account, {key: wanted})) is not None
        }
    )
    if values.get("rule_id") == ALL:
        doomed = [
            rule for rule in account.rules.values() if not scope or rule.application_id in scope
        ]
    else:
        doomed = _named(account, values, scope)
        if not doomed:
            raise RefusedError(REQUIRED, "A rule_id or rule_name is needed")
    for rule in {item.id: item for item in doomed}.values():
        account.remove_rule(rule)
    return {"result": 1}


@command("SetRuleInfo")
def set_(context: Context) -> dict[str, Any]:
    """Change a rule."""
    account, values = context.account, context.values
    rule = account.rules.get(values["rule_id"])
    if rule is None:
        raise RefusedError(INVALID_RULE_ID)
    _check(values)
    name = values.get("rule_name", rule.name)
    if name != rule.name:
        account.rename_rule(rule, _free_name(account, rule.application_id, name))
    rule.pattern = values.get("rule_pattern", rule.pattern)
    rule.pattern_exclude = values.get("rule_pattern_exclude", rule.pattern_exclude)
    rule.video_conference = values.get("video_conference", rule.video_conference)
    rule.modified = account.timestamp()
    return {"result": 1}


@command("GetRules")
def list_(context: Context) -> dict[str, Any]:
    """List rules, in id order; a name and a template are matched by part."""
    account, values = context.account, context.values
    application = find_application(account, values)
    wanted, part = values.get("rule_id"), values.get("rule_name", "").casefold()
    video, template = values.get("video_conference"), values.get("template", "")
    rows = [
        row
        for row in account.rules.values()
        if (application is None or row.application_id == application.id)
        and wanted in (None, row.id)
        and part in row.name.casefold()
        and video in (None, row.video_conference)
        and template in row.pattern
    ]
    with_scenarios = values.get("with_scenarios", False)
    return context.listed(rows, lambda row: describe(account, row, with_scenarios=with_scenarios))


@command("ReorderRules")
def reorder(context: Context) -> dict[str, Any]:
    """Exchange the positions of an application's rules."""
    account, wanted = context.account, context.values["rule_id"]
    rules = [account.rules.get(rule_id) for rule_id in wanted]
    found = [rule for rule in rules if rule is not None]
    if len(found) != len(rules) or len({rule.application_id for rule in found}) != 1:
        raise RefusedError(INVALID_RULE_ID)
    if len(set(wanted)) != len(wanted):
        raise RefusedError(INVALID_ARGUMENTS, "A rule is named twice")
    places = sorted(rule.position for rule in found)
    for rule, place in zip(found, places, strict=True):
        rule.position = place
    return {"result": 1}


def _named(account: Account, values: Mapping[str, Any], scope: set[int]) -> list[Rule]:
    named: list[Rule] = []
    for rule_id in values.get("rule_id", ()):
        rule = account.rules.get(rule_id)
        if rule is None or (scope and rule.application_id not in scope):
            raise RefusedError(INVALID_RULE_ID)
        named.append(rule)
    for name in values.get("rule_name", ()):
        if not scope:
            raise RefusedError(REQUIRED, "A rule name needs application_id or application_name")
        found = [rule for place in scope if (rule := account.rule_named(place, name)) is not None]
        if not found:
            raise RefusedError(INVALID_RULE_NAME)
        named.extend(found)
    return named


def describe(account: Account, rule: Rule, *, with_scenarios: bool) -> dict[str, Any]:
    """Return a rule in wire form, with its scenarios on request."""
    row: dict[str, Any] = {
        "rule_id": rule.id,
        "application_id": rule.application_id,
        "rule_name": rule.name,
        "rule_pattern": rule.pattern,
        "video_conference": rule.video_conference,
        "modified": rule.modified,
    }
    if with_scenarios or not rule.scenario_ids:
        row["scenarios"] = [
            describe_scenario(account.scenarios[number]) for number in rule.scenario_ids
        ]
    if rule.pattern_exclude is not None:
        row["rule_pattern_exclude"] = rule.pattern_exclude
    return row


def describe_scenario(scenario: Scenario, *, with_script: bool = False) -> dict[str, Any]:
    """Return a scenario as the wire has it."""
    row: dict[str, Any] = {
        "scenario_id": scenario.id,
        "scenario_name": scenario.name,
        "modified": scenario.modified,
        "parent": False,
    }
    return row | ({"scenario_script": scenario.script} if with_script else {})


def find_scenarios(account: Account, values: Mapping[str, Any]) -> list[Scenario]:
    """Find the scenarios that a list of ids or of names stands for, each once.

    Raises:
        RefusedError: 132 or 168 if one is not there.
    """
    found: dict[int, Scenario] = {}
    for number in values.get("scenario_id", ()):
        if number not in account.scenarios:
            raise RefusedError(INVALID_SCENARIO_ID)
        found[number] = account.scenarios[number]
    for name in values.get("scenario_name", ()):
        scenario = account.scenario_named(name)
        if scenario is None:
            raise RefusedError(INVALID_SCENARIO_NAME)
        found[scenario.id] = scenario
    return list(found.values())


def _check(values: Mapping[str, Any]) -> None:
    for key, code in (
        ("rule_pattern", INVALID_PATTERN),
        ("rule_pattern_exclude", INVALID_PATTERN_EXCLUDE),
    ):
        if key in values:
            if len(values[key]) > _LONGEST_PATTERN:
                raise RefusedError(code)
            try:
                with warnings.catch_warnings(
                    action="ignore"
                ):  # they are about the style of a pattern
                    re.compile(values[key])
            except (re.error, OverflowError, RecursionError):
                raise RefusedError(code) from None


def _free_name(account: Account, application_id: int, name: str) -> str:
    if not name or ";" in name:
        raise RefusedError(INVALID_RULE_NAME)
    if account.rule_named(application_id, name) is not None:
        raise RefusedError(NAME_TAKEN)
    return name
