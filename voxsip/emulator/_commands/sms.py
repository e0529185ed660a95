"""Messages: send, switch on and off, and the history of what was sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands.filters import Filter, chosen, one_of, wire
from voxsip.emulator._commands.phone_numbers import owned
from voxsip.emulator._service.context import Context, Reply, command, money
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import csv_file
from voxsip.emulator._service.values import INVALID_ARGUMENTS
from voxsip.emulator._service.zones import Zone
from voxsip.emulator._state.ledger import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.table import Row

SMS_PRICE = Decimal("0.01")
"""Price of each fragment of a message."""

UNSUPPORTED_FORMAT = 105
INVALID_PHONE_NUMBER = 121
SMS_DISABLED = 386
INVALID_SOURCE = 422
INVALID_DESTINATION = 423
INVALID_DIRECTION = 470
INVALID_SRC_NUMBER = 507
EXCEEDED = 512

SMS, A2P = "message_id", "a2p_message_id"
_MOST_AT_ONCE = 100
_LONGEST = 20
_SENT = "1"
_COLUMNS = ("message_id", "source_number", "destination_number", "fragments", "cost", "status_id")


@command("SendSmsMessage")
def send(context: Context) -> Reply:
    """Send a message from any number: to nobody, but it costs and is in the history."""
    account, values = context.account, context.values
    source, destination = _digits(values["source"]), _digits(values["destination"])
    if source is None:
        raise RefusedError(INVALID_SOURCE)
    if destination is None:
        raise RefusedError(INVALID_DESTINATION)
    row = owned(account, values["source"])
    if row is not None and not row.get("is_sms_enabled", True):
        raise RefusedError(SMS_DISABLED)
    fragments = _fragments(values["sms_body"])
    context.afford(SMS_PRICE * fragments)
    sent = _sent(account, SMS, source, destination, values["sms_body"], values)
    return {"result": 1, "message_id": sent[SMS], "fragments_count": fragments}


@command("A2PSendSms")
def send_a2p(context: Context) -> Reply:
    """Send a message to several numbers; the reply lists apart what is no number."""
    account, values = context.account, context.values
    source, text = _digits(values["src_number"]), values["text"]
    if source is None:
        raise RefusedError(INVALID_SRC_NUMBER)
    if len(values["dst_numbers"]) > _MOST_AT_ONCE:
        raise RefusedError(EXCEEDED)
    found = [(number, _digits(number)) for number in values["dst_numbers"]]
    fragments = _fragments(text)
    context.afford(SMS_PRICE * fragments * sum(digits is not None for _, digits in found))
    sent = [
        _sent(account, A2P, source, digits, text, values)
        for _, digits in found
        if digits is not None
    ]
    return {
        "result": [
            {"message_id": row[A2P], "destination_number": str(row["destination_number"])}
            for row in sent
        ],
        "failed": [
            {
                "destination_number": number,
                "error_description": "Invalid destination",
                "error_code": INVALID_DESTINATION,
            }
            for number, digits in found
            if digits is None
        ],
        "fragments_count": fragments * len(sent),
    }


@command("ControlSms")
def control(context: Context) -> Reply:
    """Switch messages of one of the account's numbers on or off."""
    values = context.values
    row = owned(context.account, values["phone_number"])
    if row is None:
        raise RefusedError(INVALID_PHONE_NUMBER)
    if values["command"] not in {"enable", "disable"}:
        raise RefusedError(INVALID_ARGUMENTS, "The command is enable or disable")
    row["is_sms_enabled"] = values["command"] == "enable"
    return {"result": 1}


@command("GetSmsHistory")
def list_(context: Context) -> Reply:
    """List the messages sent; none is ever received."""
    values = context.values
    direction = values.get("direction", "").upper()
    if direction not in {"", "IN", "OUT"}:
        raise RefusedError(INVALID_DIRECTION)
    rows = context.account.table(SMS).rows.values() if direction != "IN" else ()
    zone = Zone(values, bounds=False)
    shown = [
        _described(row, SMS) | {"direction": "OUT", "processed_date": zone.told(row["_time"])[:10]}
        for row in chosen(rows, values, _filters(SMS))
    ]
    return _listed(context, shown)


@command("A2PGetSmsHistory")
def list_a2p(context: Context) -> Reply:
    """List the messages sent to several numbers."""
    values = context.values
    rows = chosen(context.account.table(A2P).rows.values(), values, _filters(A2P))
    if values.get("delivery_status") not in (None, int(_SENT)):
        rows = []
    return _listed(
        context,
        [
            _described(row, A2P) | {"processing_date": row["_time"][:10], "delivery_status": _SENT}
            for row in rows
        ],
    )


def _listed(context: Context, rows: list[Row]) -> Reply:
    page = context.page(rows)
    output = context.values.get("output", "json").lower()
    if output == "csv":
        lines = [";".join(str(row[column]) for column in _COLUMNS) for row in page]
        return csv_file(";".join(_COLUMNS), lambda: lines)
    if output != "json":
        raise RefusedError(UNSUPPORTED_FORMAT)
    return {"result": page, "total_count": len(rows)}


def _sent(
    account: Account, key: str, source: int, destination: int, text: str, values: Mapping[str, Any]
) -> Row:
    fragments = _fragments(text)
    cost = SMS_PRICE * fragments
    return account.table(key).add(
        source_number=source,
        destination_number=destination,
        fragments=fragments,
        cost=money(cost),
        text=text if values.get("store_body", False) else None,
        transaction_id=account.pay(cost, RESOURCE, "Message"),
        _time=account.timestamp(),
    )


def _described(row: Row, key: str) -> Row:
    shown = {name: value for name, value in row.items() if not name.startswith("_")}
    return {"message_id": shown.pop(key), "status_id": _SENT, **shown}


def _filters(key: str) -> dict[str, Filter]:
    return {
        "message_id": one_of(key),
        "source_number": lambda row, text: row["source_number"] == _digits(text),
        "destination_number": lambda row, text: row["destination_number"] == _digits(text),
        "from_date": lambda row, time: row["_time"] >= wire(time),
        "to_date": lambda row, time: row["_time"] <= wire(time),
    }


def _fragments(text: str) -> int:
    """Return a message's fragments: of 160 letters, or 70 if one is not ASCII."""
    size = 160 if text.isascii() else 70
    return max(1, -(-len(text) // size))


def _digits(text: str) -> int | None:
    """Return a phone number as the history has it; None if the text is no number."""
    digits = text.strip().removeprefix("+")
    if digits.isascii() and digits.isdigit() and len(digits) < _LONGEST:
        return int(digits)
    return None
