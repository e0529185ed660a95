"""Applications: add, delete, change, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands import rules
from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import ALL, REQUIRED
from voxsip.emulator._state.bindings import find_application

if TYPE_CHECKING:
    from voxsip.emulator._state.model import Application

INVALID_APPLICATION_NAME = 107
NAME_TAKEN = 129


@command("AddApplication")
def add(context: Context) -> dict[str, Any]:
    """Add an application under a name that is free."""
    name = _free_name(context, context.values["application_name"])
    application = context.account.add_application(
        name, secure_record_storage=context.values.get("secure_record_storage", False)
    )
    return {
        "result": 1,
        "application_id": application.id,
        "application_name": application.name,
        "secure_record_storage": application.secure_record_storage,
    }


@command("DelApplication")
def delete(context: Context) -> dict[str, Any]:
    """Delete applications, all of them or, if one does not exist, none."""
    account, values = context.account, context.values
    if values.get("application_id") == ALL:
        doomed = list(account.applications.values())
    else:
        doomed = [
            found
            for key in ("application_id", "application_name")
            for wanted in values.get(key, ())
            if (found := find_application(account, {key: wanted})) is not None
        ]
        if not doomed:
            raise RefusedError(REQUIRED, "An application_id or application_name is needed")
    for application in {item.id: item for item in doomed}.values():
        context.account.remove_application(application)
    return {"result": 1}


@command("SetApplicationInfo")
def set_(context: Context) -> dict[str, Any]:
    """Rename an application or change its settings."""
    account, values = context.account, context.values
    named = {
        "application_id": values.get("application_id"),
        "application_name": values.get("required_application_name"),
    }
    application = find_application(account, {k: v for k, v in named.items() if v is not None})
    if application is None:
        raise RefusedError(REQUIRED, "An application_id or required_application_name is needed")
    name = values.get("application_name", application.name)
    if name != application.name:
        account.rename_application(application, _free_name(context, name))
    application.secure_record_storage = values.get(
        "secure_record_storage", application.secure_record_storage
    )
    application.modified = account.timestamp()
    return {
        "result": 1,
        "application_name": application.name,
        "secure_record_storage": application.secure_record_storage,
    }


@command("GetApplications")
def list_(context: Context) -> dict[str, Any]:
    """List applications, with rules and scenarios on request; match names by part."""
    account, values = context.account, context.values
    wanted, part = values.get("application_id"), values.get("application_name", "").casefold()
    rows = [
        row
        for row in account.applications.values()
        if wanted in (None, row.id) and part in row.name.casefold()
    ]
    with_scenarios = values.get("with_scenarios", False)
    with_rules = with_scenarios or values.get("with_rules", False)

    def show(application: Application) -> dict[str, Any]:
        row = describe(application)
        if with_rules:
            row["rules"] = [
                rules.describe(account, rule, with_scenarios=with_scenarios)
                for rule in account.rules_of(application.id)
            ]
        return row

    return context.listed(rows, show)


def describe(application: Application) -> dict[str, Any]:
    """Return an application as the wire has it."""
    return {
        "application_id": application.id,
        "application_name": application.name,
        "modified": application.modified,
        "secure_record_storage": application.secure_record_storage,
    }


def _free_name(context: Context, name: str) -> str:
    if not name or any(letter.isspace() or letter == ";" for letter in name):
        raise RefusedError(INVALID_APPLICATION_NAME)
    if context.account.application_named(name) is not None:
        raise RefusedError(NAME_TAKEN)
    return name
