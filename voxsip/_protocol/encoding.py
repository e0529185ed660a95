"""Encodes Python values as wire text, by the wire type that the spec names."""

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


LARGEST = 2**63
"""The first integer that a service cannot store."""
_MOST_DIGITS = len(str(LARGEST))
MOST_PLACES = 30
"""The most digits before the point; twice as many are allowed after it. An exponent could ask for a million."""


def _int(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if -LARGEST < value < LARGEST:
            return str(int(value))
        raise ValueError("expected an integer of at most 64 bits")
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return value if len(value) < _MOST_DIGITS else _int(int(value[:40]))
    raise TypeError("expected an integer")


def _str(value: object) -> str:
    if isinstance(value, str):
        try:
            return quote(value, safe="")
        except UnicodeEncodeError:
            raise ValueError("expected text that UTF-8 can carry") from None
    raise TypeError("expected text")


def _bool(value: object) -> str:
    if value is True or value == "true":
        return "true"
    if value is False or value == "false":
        return "false"
    raise TypeError("expected True or False")


def _decimal(value: object) -> str:
    from decimal import Decimal  # noqa: PLC0415 - few commands take money

    if isinstance(value, bool) or not isinstance(value, Decimal | int | float):
        raise TypeError("expected a Decimal")
    if not isinstance(value, int) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    if abs(value) < 10**MOST_PLACES:
        number = Decimal(str(value))
        if int(number.as_tuple().exponent) >= -2 * MOST_PLACES:
            return format(number, "f")
    raise ValueError(f"expected a number of at most {MOST_PLACES} digits before the point")


def _float(value: object) -> str:
    if isinstance(value, bool) or not _is_number(value):
        raise TypeError("expected a number")
    return _decimal(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) or _is_decimal(value)


def _date(value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError("expected a date")


def _timestamp(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError("expected a datetime")
    if value.tzinfo is None:
        raise ValueError("expected an aware datetime (with tzinfo)")
    try:
        moment = value.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("expected a moment of years 1 to 9999 UTC") from None
    return quote(moment.isoformat(" ", "seconds"), safe="")


def _unix(value: object) -> str:
    """Encode a moment as seconds since 1970; an integer is taken as such seconds."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return str(int(value.timestamp()))
    if isinstance(value, int) and not isinstance(value, bool):
        return _int(value)
    raise TypeError("expected an aware datetime (with tzinfo)")


def _json(value: object) -> str:
    import orjson  # noqa: PLC0415 - few commands take JSON text

    try:
        text = value if isinstance(value, str) else orjson.dumps(value).decode()
        orjson.loads(text)
        if text is not value and not _finite(value):
            raise ValueError  # noqa: TRY301 - orjson would write null
    except (TypeError, ValueError, RecursionError):  # orjson's own errors are the first two
        raise ValueError("expected lists and dicts, or valid JSON text") from None
    return _str(text)


def _finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    return not isinstance(value, list | tuple) or all(map(_finite, value))


def _file(value: object) -> str:
    """Check that a file can be read; its content is sent as a part of the form."""
    value = reveal(value)
    if not isinstance(value, bytes):
        from voxsip._protocol.multipart import check_file  # noqa: PLC0415 - few commands

        check_file(value)
    return ""


def not_empty(encode: Encoder) -> Encoder:
    """Make an encoder that refuses an empty text.

    The service reads an empty name as not given, and may then apply the command to every object.
    """

    def encode_text(value: object) -> str:
        if value == "":
            raise ValueError("expected a text that is not empty; leave it out if there is none")
        return encode(value)

    return encode_text


def within(encode: Encoder, least: float | None, most: float | None) -> Encoder:
    """Make an encoder that accepts only numbers from `least` to `most`."""

    def encode_within(value: object) -> str:
        text = encode(value)
        number = float(text)
        if least is not None and number < least:
            raise ValueError(f"expected at least {least:,}")
        if most is not None and number > most:
            raise ValueError(f"expected at most {most:,}")
        return text

    return encode_within


def one_of(encode: Encoder, words: Iterable[str]) -> Encoder:
    """Make an encoder that accepts only these words, in any case, alone or in a list."""
    words = tuple(words)
    known = {quote(word, safe="").lower() for word in words}

    def encode_word(value: object) -> str:
        text = encode(value)
        if any(word.lower() not in known for word in text.split("%3B")):
            raise ValueError(f"expected {'one of ' if len(words) > 1 else ''}{', '.join(words)}")
        return text

    return encode_word


_NOT_ALL = "the text 'all' would mean every one; pass voxsip.ALL if that is meant"


def _or_all(encode: Encoder) -> Encoder:
    """Make an encoder that also accepts `voxsip.ALL`, but not the text `all`."""

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
    if isinstance(value, str) and (not value or ";" in value):
        msg = "an item holds the list separator ';'"
        if not value:
            msg = "expected items that are not empty; leave the list out for no filter"
        raise ValueError(msg)
    return _str(value)


def _joined(items: object, encode: Encoder, what: str) -> str:
    if isinstance(items, Mapping | bytes) or not isinstance(items, Iterable):
        raise TypeError(f"expected a list of {what}")
    text = "%3B".join(map(encode, items))
    if not text:  # the server would read an empty filter as "everything"
        raise ValueError("expected at least one item; leave it out for no filter")
    return text


def _any(value: object) -> str:
    """Encode by the value's type, for commands and parameters that the spec lacks."""
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
    decimal = sys.modules.get("decimal")  # before it is imported there can be no Decimal
    return decimal is not None and isinstance(value, decimal.Decimal)


LIST_KINDS = frozenset({"ints", "strs", "ints_or_all", "strs_or_all"})
"""Wire types that may name several objects."""

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
