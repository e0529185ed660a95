"""Python values to wire text, by the wire type the spec names."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from urllib.parse import quote

from voxsip._redaction.values import Hidden

Encoder = Callable[[object], str]
"""Turns a value into percent-encoded text; raises TypeError or ValueError saying what it expects."""


def _int(value: object) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    msg = "expected an integer"
    raise TypeError(msg)


def _str(value: object) -> str:
    if isinstance(value, str):
        try:
            return quote(value, safe="")
        except UnicodeEncodeError:
            msg = "expected text that UTF-8 can carry"
            raise ValueError(msg) from None
    msg = "expected text"
    raise TypeError(msg)


def _bool(value: object) -> str:
    if value is True or value == "true":
        return "true"
    if value is False or value == "false":
        return "false"
    msg = "expected True or False"
    raise TypeError(msg)


def _decimal(value: object) -> str:
    from decimal import Decimal  # noqa: PLC0415 - few commands take money

    if isinstance(value, bool) or not isinstance(value, Decimal | int | float):
        msg = "expected a Decimal"
        raise TypeError(msg)
    if not math.isfinite(value):
        msg = "expected a finite amount"
        raise ValueError(msg)
    return format(Decimal(str(value)), "f")


def _date(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    msg = "expected a date"
    raise TypeError(msg)


def _timestamp(value: object) -> str:
    if not isinstance(value, datetime):
        msg = "expected a datetime"
        raise TypeError(msg)
    if value.tzinfo is None:
        msg = "expected an aware datetime (with tzinfo)"
        raise ValueError(msg)
    try:
        moment = value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        msg = "expected a moment of years 1 to 9999 UTC"
        raise ValueError(msg) from None
    return quote(moment.isoformat(" ", "seconds"), safe="")


def _ints(value: object) -> str:
    return _joined((value,) if isinstance(value, int | str) else value, _int, "integers")


def _strs(value: object) -> str:
    items = (value,) if isinstance(value, str) else value
    return _joined(items, _list_item, "texts")


def _list_item(value: object) -> str:
    if isinstance(value, str) and ";" in value:
        msg = "an item holds the list separator ';'"
        raise ValueError(msg)
    return _str(value)


def _joined(items: object, encode: Encoder, what: str) -> str:
    if isinstance(items, Mapping | bytes) or not isinstance(items, Iterable):
        msg = f"expected a list of {what}"
        raise TypeError(msg)
    text = "%3B".join(map(encode, items))
    if not text:  # an empty filter would mean "everything" to the server
        msg = f"expected at least one of {what}; leave it out for no filter"
        raise ValueError(msg)
    return text


def _any(value: object) -> str:
    """Encode by the value's own type: for commands and parameters the spec does not know."""
    match value:
        case bool():
            return _bool(value)
        case int():
            return _int(value)
        case str():
            return _str(value)
        case float():
            return _decimal(value)
        case datetime():
            return _timestamp(value)
        case date():
            return _date(value)
        case Hidden():
            return _any(value.reveal())
    if _is_decimal(value):
        return _decimal(value)
    return _joined(value, _any, "values")


def _is_decimal(value: object) -> bool:
    decimal = sys.modules.get("decimal")  # where nobody has loaded it, nothing can be one
    return decimal is not None and isinstance(value, decimal.Decimal)


ENCODERS: Mapping[str, Encoder] = {
    "int": _int,
    "str": _str,
    "bool": _bool,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "ints": _ints,
    "strs": _strs,
    "any": _any,
}
