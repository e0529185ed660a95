"""From the text of a request to typed values, as the spec asks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from voxsip.emulator._service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voxsip.emulator._service.spec import CommandSpec

INVALID_ARGUMENTS = 101
REQUIRED = 134
ONLY_ONE = 458

ALL = "all"
"""The value of a parameter that asks for every one, if the API documents the word."""

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_LARGEST = 10**15
_LONGEST_NUMBER = 40
_MOST_DIGITS = 18  # a 64-bit id; also keeps int() from being fed megabytes


def typed_values(
    spec: CommandSpec,
    raw: Mapping[str, str],
    empty: Mapping[str, int],
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> dict[str, Any]:
    """Check and convert the parameters of one request.

    Names that the spec does not know are ignored, as the service does with its clients' extras.
    An empty value is an empty text for a text parameter and no value at all for any other kind.

    Args:
        spec: the command.
        raw: names and values as they came.
        empty: error numbers for required texts that are there but empty, if it is not 134.
        files: content of the parts of a form that are files, by name; a file may come as plain text as well.

    Raises:
        RefusedError: 101 for a value of the wrong type, 134 for a missing one, 458 for two of a pair.
    """
    values: dict[str, Any] = {}
    for parameter in spec.parameters:
        name = parameter.name
        if parameter.kind == "file" and name in files:
            values[name] = files[name]
            continue
        text = raw.get(name)
        if text is None and name in files:
            text = files[name].decode("utf-8", "replace")
        if text is None or (text == "" and parameter.kind != "str"):
            if parameter.required:
                raise RefusedError(REQUIRED, f"The required parameter '{name}' is empty")
            continue
        if text == "" and parameter.required:
            raise RefusedError(
                empty.get(name, REQUIRED), f"The required parameter '{name}' is empty"
            )
        if parameter.all and text.strip().lower() == ALL:
            values[name] = ALL
            continue
        if parameter.kind == "str":
            values[name] = text
            continue
        try:
            values[name] = _CONVERT[parameter.kind](text)
        except (ValueError, InvalidOperation):
            # The value stays out of the message: it may be a secret put in the wrong place.
            raise RefusedError(
                INVALID_ARGUMENTS, f"The parameter '{name}' is not of type {parameter.kind}"
            ) from None
    for pair in spec.exclusive:
        if sum(name in values for name in pair) > 1:
            raise RefusedError(ONLY_ONE, "Only one of the parameters: " + ", ".join(pair))
    return values


def _integer(text: str) -> int:
    body = text.strip()
    if len(body) > _MOST_DIGITS or not body.isascii() or not body.removeprefix("-").isdigit():
        raise ValueError
    return int(body)


def _boolean(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise ValueError


def _decimal(text: str) -> Decimal:
    value = Decimal(text.strip())
    if not value.is_finite() or abs(value) >= _LARGEST or len(text) > _LONGEST_NUMBER:
        raise ValueError
    return value


def _timestamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _integers(text: str) -> tuple[int, ...]:
    return tuple(_integer(item) for item in text.split(";"))


def _date(text: str) -> date:
    if len(text) != len("2026-01-31"):
        raise ValueError
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()


def _json(text: str) -> Any:
    return orjson.loads(text)


def _strings(text: str) -> tuple[str, ...]:
    return tuple(text.split(";"))


_CONVERT: dict[str, Callable[[str], Any]] = {
    "int": _integer,
    "bool": _boolean,
    "decimal": _decimal,
    "date": _date,
    "json": _json,
    "file": str.encode,
    "timestamp": _timestamp,
    "ints": _integers,
    "strs": _strings,
}
