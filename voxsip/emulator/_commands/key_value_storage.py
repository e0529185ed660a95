"""Key-value storage: the texts of an application by key, each until it expires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.emulator._service.context import Context, Reply, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.bindings import find_application

if TYPE_CHECKING:
    from voxsip.emulator._state.table import Row

NOT_THERE = 496
TOO_LONG = 499

_LONGEST_KEY = 200
_LIFE = 30 * 24 * 3600
_LONGEST_LIFE = 90 * 24 * 3600
_MOST = 50


@command("SetKeyValueItem")
def set_(context: Context) -> Reply:
    """Make a key or replace its value; without a time to live it has thirty days."""
    values, now = context.values, int(context.account.clock.now())
    if len(values["key"]) > _LONGEST_KEY:
        raise RefusedError(TOO_LONG)
    expires = values.get("expires_at", now + values.get("ttl", _LIFE))
    if expires <= now:
        raise RefusedError(INVALID_ARGUMENTS, "The item would have expired already")
    if expires > now + _LONGEST_LIFE:
        raise RefusedError(INVALID_ARGUMENTS, "An item is kept for 90 days at most")
    items = _items(context)
    items[values["key"]] = {"key": values["key"], "value": values["value"], "expires_at": expires}
    return {"result": items[values["key"]]}


@command("DelKeyValueItem")
def delete(context: Context) -> Reply:
    """Delete a key; one that is not there counts as deleted."""
    _items(context).pop(context.values["key"], None)
    return {"result": 1}


@command("GetKeyValueItem")
def get(context: Context) -> Reply:
    """Return the value of a key."""
    found = _items(context).get(context.values["key"])
    if found is None:
        raise RefusedError(NOT_THERE, "There is no such key")
    return {"result": found}


@command("GetKeyValueItems")
def list_(context: Context) -> Reply:
    """List the keys that begin so, with their values; at most 50 at a time."""
    return {"result": _page(context)}


@command("GetKeyValueKeys")
def list_keys(context: Context) -> Reply:
    """List the keys that begin so; at most 50 at a time."""
    return {
        "result": [{"key": row["key"], "expires_at": row["expires_at"]} for row in _page(context)]
    }


def _page(context: Context) -> list[Row]:
    begin, end = context.bounds()
    prefix = context.values.get("key", "")
    rows = [row for key, row in sorted(_items(context).items()) if key.startswith(prefix)]
    return rows[begin : min(end, begin + _MOST)]


def _items(context: Context) -> dict[str, Row]:
    """Return what an application has, without what has expired."""
    account = context.account
    application = find_application(account, context.values)
    if application is None:
        raise RefusedError(REQUIRED, "An application_id or application_name is needed")
    now = account.clock.now()
    items: dict[str, Any] = account.key_values.setdefault(application.id, {})
    for key in [key for key, row in items.items() if row["expires_at"] <= now]:
        del items[key]
    return items
