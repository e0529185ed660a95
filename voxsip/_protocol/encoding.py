"""Python values to wire text, by the wire type the spec names."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from urllib.parse import quote

from voxsip._protocol.arguments import ALL
from voxsip._redaction.values import Hidden, reveal

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


def _float(value: object) -> str:
    if isinstance(value, bool) or not _is_number(value):
        msg = "expected a number"
        raise TypeError(msg)
    return _decimal(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or _is_decimal(value)


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


def _unix(value: object) -> str:
    """Encode a moment as seconds since 1970; who has the number already may give that."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(int(value.timestamp()))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    msg = "expected an aware datetime (with tzinfo)"
    raise TypeError(msg)


def _json(value: object) -> str:
    import orjson  # noqa: PLC0415 - few commands take JSON text

    try:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        orjson.loads(text)
    except (TypeError, ValueError):  # orjson's own errors are both
        msg = "expected lists and dicts, or valid JSON text"
        raise ValueError(msg) from None
    return _str(text)


def _file(value: object) -> str:
    """Check a file early; its content goes as a part of its own, not as text."""
    value = reveal(value)
    if not isinstance(value, bytes):
        from voxsip._protocol.multipart import check_file  # noqa: PLC0415 - few commands

        check_file(value)
    return ""


_NOT_ALL = "the text 'all' would mean every one; pass voxsip.ALL if that is meant"


def _or_all(encode: Encoder) -> Encoder:
    """Also take `voxsip.ALL`, and nothing else that the service would read as that."""

    def encode_or_all(value: object) -> str:
        if value is ALL:
            return "all"
        items = value if isinstance(value, list | tuple) else (value,)
        if any(isinstance(item, str) and item.lower() == "all" for item in items):
            raise ValueError(_NOT_ALL)
        text = encode(value)
        if "all" in text.lower().split("%3b"):
            raise ValueError(_NOT_ALL)
        return text

    return encode_or_all


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
        msg = "expected at least one item; leave it out for no filter"
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


LIST_KINDS = frozenset({"ints", "strs", "ints_or_all", "strs_or_all"})
"""Kinds that may name more than one thing."""

ENCODERS: Mapping[str, Encoder] = {
    "int": _int,
    "str": _str,
    "bool": _bool,
    "decimal": _decimal,
    "date": _date,
    "timestamp": _timestamp,
    "ints": _ints,
    "strs": _strs,
    "float": _float,
    "unix": _unix,
    "json": _json,
    "file": _file,
    "ints_or_all": _or_all(_ints),
    "strs_or_all": _or_all(_strs),
    "str_or_all": _or_all(_str),
    "any": _any,
}
