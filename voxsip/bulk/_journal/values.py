"""Values as a journal holds them: how they are written, and how they are read back.

What reads a value takes it and what it is, for the message, and raises `ValueError` if voxsip does not write such a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

import orjson

from voxsip._clock import Clock
from voxsip.bulk._outcomes import Status

T = TypeVar("T")
STATUSES: tuple[Status, ...] = ("done", "unchanged", "failed", "skipped", "unknown")
INTENDED = 0
"""Stored as the status of a row with an intent and no outcome."""
STATUS_CODES: dict[Status, int] = {status: code for code, status in enumerate(STATUSES, 1)}
UNKNOWN = STATUS_CODES["unknown"]
MAX_ROWS = 1 << 48
MAX_MS = 253_402_300_799_999
"""The last moment that a date can be made of: the end of the year 9999."""
_INT64 = range(-(1 << 63), 1 << 63)
_DIGITS = re.compile("-?[0-9]{1,4000}")


def now_ms(clock: Clock) -> int:
    """Return the time as a journal stores it."""
    return int(clock.wall() * 1e3)


def storable_number(number: int | None) -> int | bytes | None:
    """Return a whole number as SQLite stores it; over 64 bits in a blob."""
    if number is None or number in _INT64:
        return number
    return str(number).encode("ascii")


def storable_text(text: str | None) -> str | None:
    """Return a text as SQLite stores it; lone surrogates as escapes."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def optional(read: Callable[[object, str], T], value: object, name: str) -> T | None:
    """Return a value read by one of the functions below, or None if none is stored."""
    return None if value is None else read(value, name)


def number(value: object, name: str) -> int:
    """Return a whole number; one of any size may be stored as digits."""
    if isinstance(value, bytes):
        value = value.decode("ascii")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if type(value) is not int:
        raise ValueError(f"{name} is no whole number")
    return value


def count(value: object, name: str) -> int:
    """Return a number of rows or the like."""
    found = number(value, name)
    if not 0 <= found <= MAX_ROWS:
        raise ValueError(f"{name} is no number of rows")
    return found


def seconds(value: object, name: str) -> float:
    """Return a number of seconds: of a span, or since 1970."""
    if not isinstance(value, float | int | Decimal) or not abs(float(value)) <= MAX_MS / 1e3:
        raise ValueError(f"{name} is no time")
    return float(value)


def moment(value: object, name: str) -> int:
    """Return a moment, in milliseconds since 1970."""
    found = number(value, name)
    if not 0 <= found <= MAX_MS:
        raise ValueError(f"{name} is no moment of our time")
    return found


def date(value: object, name: str) -> datetime:
    """Return a moment that is stored in milliseconds since 1970 as a date in UTC."""
    return datetime.fromtimestamp(moment(value, name) / 1e3, UTC)


def digest(value: object) -> bytes:
    """Return the fingerprint of a row."""
    if not isinstance(value, bytes):
        raise ValueError("a row has no digest")  # noqa: TRY004 - wrong data, not a wrong call
    return value


def text(value: object, name: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")  # noqa: TRY004 - wrong data, not a wrong call
    return value


def mapping(value: object, name: str) -> Mapping[str, Any]:
    """Return a JSON object."""
    found = orjson.loads(text(value, name))
    if not isinstance(found, dict):
        raise ValueError(f"{name} is no JSON object")  # noqa: TRY004 - wrong data, not a wrong call
    return found


def status_of(code: object) -> Status | Literal["intended"]:
    """Return the status of a row."""
    found = number(code, "the status of a row")
    if found == INTENDED:
        return "intended"
    if not 0 < found <= len(STATUSES):
        raise ValueError(f"a row has the unknown status {found}")
    return STATUSES[found - 1]
