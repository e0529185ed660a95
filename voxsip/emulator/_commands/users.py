"""Users: add, delete, change, list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands import applications
from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import ALL, INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.bindings import find_application, find_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.model import User

TOO_MANY = 109
NAME_TAKEN = 118
NAME_RESTRICTIONS = 122

_ORDERS = {"user_id": "id", "user_name": "name", "user_display_name": "display_name"}


@command("AddUser")
def add(context: Context) -> dict[str, Any]:
    """Add a user to an application, or to none."""
    account, values = context.account, context.values
    application = find_application(account, values)
    application_id = application.id if application else None
    name = _free_name(account, application_id, values["user_name"])
    if len(account.users) >= context.max_users:
        raise RefusedError(TOO_MANY)
    user = account.add_user(
        application_id,
        name,
        values["user_display_name"],
        active=values.get("user_active", True),
        parent_accounting=values.get("parent_accounting", False),
        custom_data=values.get("user_custom_data"),
    )
    return {"result": 1, "user_id": user.id}


@command("DelUser")
def delete(context: Context) -> dict[str, Any]:
    """Delete users, all of them or, if one does not exist, none."""
    account, values = context.account, context.values
    scope = {key: values[key] for key in ("application_id", "application_name") if key in values}
    if values.get("user_id") == ALL:
        application = find_application(account, scope)
        doomed = [
            user
            for user in account.users.values()
            if application is None or user.application_id == application.id
        ]
    else:
        doomed = [
            _find(account, {**scope, key: wanted})
            for key in ("user_id", "user_name")
            for wanted in values.get(key, ())
        ]
        if not doomed:
            raise RefusedError(REQUIRED, "A user_id or user_name is needed")
    for user in {item.id: item for item in doomed}.values():
        account.remove_user(user)
    return {"result": 1}


@command("SetUserInfo")
def set_(context: Context) -> dict[str, Any]:
    """Change a user that is named by id, or by name within an application."""
    account, values = context.account, context.values
    user = _find(account, values)
    name = values.get("new_user_name", user.name)
    if name != user.name:
        account.rename_user(user, _free_name(account, user.application_id, name))
    user.display_name = values.get("user_display_name", user.display_name)
    user.active = values.get("user_active", user.active)
    user.parent_accounting = values.get("parent_accounting", user.parent_accounting)
    user.custom_data = values.get("user_custom_data", user.custom_data)
    user.modified = account.timestamp()
    return {"result": 1}


@command("GetUsers")
def list_(context: Context) -> dict[str, Any]:
    """List users without skills and queues; match names by part."""
    account, values = context.account, context.values
    application = find_application(account, values)
    wanted = values.get("user_id")
    part = values.get("user_name", "").casefold()
    display_part = values.get("user_display_name", "").casefold()
    active = values.get("user_active")
    rows = [
        row
        for row in account.users.values()
        if (application is None or row.application_id == application.id)
        and wanted in (None, row.id)
        and part in row.name.casefold()
        and display_part in row.display_name.casefold()
        and active in (None, row.active)
    ]
    if values.get("order_by"):
        attribute = _ORDERS.get(values["order_by"])
        if attribute is None:
            raise RefusedError(INVALID_ARGUMENTS, "Users cannot be ordered by that")
        rows.sort(key=lambda row: getattr(row, attribute))
    return context.listed(rows, lambda row: _describe(account, row))


def _describe(account: Account, user: User) -> dict[str, Any]:
    row: dict[str, Any] = {
        "user_id": user.id,
        "user_name": user.name,
        "user_display_name": user.display_name,
        "user_active": user.active,
        "parent_accounting": user.parent_accounting,
        "live_balance": 0,
        "balance": 0,
        "fixed_balance": 0,
        "applications": [],
        "acd_status": "OFFLINE",
        "acd_status_change_time": user.created,
        "created": user.created,
        "modified": user.modified,
    }
    if user.custom_data is not None:
        row["user_custom_data"] = user.custom_data
    if user.application_id is not None:
        application = account.applications[user.application_id]
        row["applications"].append(applications.describe(application))
    return row


def _find(account: Account, values: Mapping[str, Any]) -> User:
    target = find_target(account, values, user_alone=True)
    if target.user is None:
        raise RefusedError(REQUIRED, "A user_id or user_name is needed")
    return target.user


def _free_name(account: Account, application_id: int | None, name: str) -> str:
    if not name or any(letter.isspace() or letter == ";" for letter in name):
        raise RefusedError(NAME_RESTRICTIONS)
    if account.user_named(application_id, name) is not None:
        raise RefusedError(NAME_TAKEN)
    return name
