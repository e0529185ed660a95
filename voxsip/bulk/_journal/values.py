"""Values as a journal holds them: what SQLite cannot take is written in another form, what nobody wrote is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import orjson

from voxsip.bulk._outcomes import Status

STATUSES: tuple[Status, ...] = ("done", "unchanged", "failed", "skipped", "unknown")
INTENDED = 0
_INT64 = range(-(1 << 63), 1 << 63)
_DIGITS = re.compile("-?[0-9]{1,4000}")
MAX_ROWS = 1 << 48
MAX_MS = 253_402_300_799_999
"""The last moment that a date can be made of: the end of the year 9999."""


def storable_number(number: int | None) -> int | bytes | None:
    """Return a whole number as it is stored: digits in a blob beyond 64 bits, which SQLite would round."""
    if number is None or number in _INT64:
        return number
    return str(number).encode("ascii")


def storable_text(text: str | None) -> str | None:
    """Return a text as it is stored: half characters, which are no UTF-8, as escapes."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def number(value: object, name: str) -> int:
    """Return a stored whole number; one of any size may be digits.

    Raises:
        ValueError: It is something else.
    """
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if type(value) is not int:
        raise ValueError(f"{name} is no whole number")
    return value


def number_or_none(value: object, name: str) -> int | None:
    """Return a stored whole number or None.

    Raises:
        ValueError: It is something else.
    """
    return None if value is None else number(value, name)


def count(value: object, name: str) -> int:
    """Return a stored number of rows or the like.

    Raises:
        ValueError: It is something else.
    """
    found = number(value, name)
    if not 0 <= found <= MAX_ROWS:
        raise ValueError(f"{name} is no number of rows")
    return found


def count_or_none(value: object, name: str) -> int | None:
    """Return a stored number of rows or None.

    Raises:
        ValueError: It is something else.
    """
    return None if value is None else count(value, name)


def seconds(value: object, name: str) -> float:
    """Return a stored number of seconds: of a span, or since 1970.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, float | int | Decimal) or not abs(float(value)) <= MAX_MS / 1e3:
        raise ValueError(f"{name} is no time")
    return float(value)


def digest(value: object) -> bytes:
    """Return the stored fingerprint of a row.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, bytes):
        raise ValueError("a row has no digest")  # noqa: TRY004 - wrong data, not a wrong call
    return value


def moment(value: object, name: str) -> int:
    """Return a stored moment, in milliseconds since 1970.

    Raises:
        ValueError: It is something else.
    """
    found = number(value, name)
    if not 0 <= found <= MAX_MS:
        raise ValueError(f"{name} is no moment of our time")
    return found


def text(value: object, name: str) -> str:
    """Return a stored text.

    Raises:
        ValueError: It is something else.
    """
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - wrong data, not a wrong call
    return value


def text_or_none(value: object, name: str) -> str | None:
    """Return a stored text or None.

    Raises:
        ValueError: It is something else.
    """
    return None if value is None else text(value, name)


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """Return a stored JSON object.

    Raises:
        ValueError: It is something else.
    """
    found = orjson.loads(text(value, name))
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no JSON object")  # noqa: TRY004 - wrong data, not a wrong call
    return found


def status_of(code: object) -> Status | Literal["intended"]:
    """Return the status of a row.

    Raises:
        ValueError: It is something else.
    """
    found = number(code, "the status of a row")
    if found == INTENDED:
        return "intended"
    if not 0 < found <= len(STATUSES):
        raise ValueError(f"a row has the unknown status {found}")
    return STATUSES[found - 1]
