"""Networks from which SIP calls are let in: add, delete, change, list."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError

if TYPE_CHECKING:
    from voxsip.emulator._state.model import WhiteListItem

__all__: list[str] = []

INVALID_ID = 169
INVALID_NETWORK = 170


@command("AddSipWhiteListItem")
def add(context: Context) -> dict[str, Any]:
    """Let one more network in."""
    item = context.account.add_white_list_item(
        _network(context.values["sip_whitelist_network"]), context.values.get("description")
    )
    return {"result": 1, "sip_whitelist_id": item.id}


@command("DelSipWhiteListItem")
def delete(context: Context) -> dict[str, Any]:
    """Take a network off the list."""
    del context.account.white_list[_find(context).id]
    return {"result": 1}


@command("SetSipWhiteListItem")
def set_(context: Context) -> dict[str, Any]:
    """Change a network or its description."""
    item = _find(context)
    item.network = _network(context.values["sip_whitelist_network"])
    item.description = context.values.get("description", item.description)
    return {"result": 1}


@command("GetSipWhiteList")
def list_(context: Context) -> dict[str, Any]:
    """List the networks."""
    wanted = context.values.get("sip_whitelist_id")
    rows = [row for row in context.account.white_list.values() if wanted in (None, row.id)]
    return context.listed(rows, _describe)


def _describe(item: WhiteListItem) -> dict[str, Any]:
    row: dict[str, Any] = {"sip_whitelist_id": item.id, "sip_whitelist_network": item.network}
    if item.description is not None:
        row["description"] = item.description
    return row


def _find(context: Context) -> WhiteListItem:
    found = context.account.white_list.get(context.values["sip_whitelist_id"])
    if found is None:
        raise RefusedError(INVALID_ID)
    return found


def _network(text: str) -> str:
    try:
        ip_network(text, strict=False)
    except ValueError:
        raise RefusedError(INVALID_NETWORK) from None
    return text
