"""The text of an argument to the value that its parameter takes, by the parameter's entry in the spec."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import ALL

if TYPE_CHECKING:
    from collections.abc import Callable


class WrongValueError(Exception):
    """A text that is no value of its parameter's type; says what is expected."""


def read_value(parameter: dict[str, Any], text: str) -> Any:
    """Return what a text means.

    Raises:
        WrongValueError: It means nothing.
    """
    schema = parameter["schema"]
    if parameter.get("x-all") and text == "all":
        return ALL
    if schema["type"] == "array":
        kind = schema["items"]["type"]
        return [
            _read(kind, item, ", joined by ';' if there are several") for item in text.split(";")
        ]
    if schema.get("format") == "binary":
        return Path(text.removeprefix("@"))
    if "contentMediaType" in schema and text.startswith("@"):  # no JSON begins so
        return _content(text[1:])
    if parameter.get("x-secret") and text.startswith("@"):
        return _content(text[1:]).rstrip("\r\n")
    return _read(schema.get("format") or schema["type"], text)


def _read(kind: str, text: str, hint: str = "") -> Any:
    expected, read = _READERS.get(kind, ("text", str))
    try:
        return read(text)
    except (ValueError, InvalidOperation):
        raise WrongValueError(f"expected {expected}{hint}") from None


def _content(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise WrongValueError(f"cannot read {path}: {reason}") from None


def _whole(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise ValueError(text)
    return int(text)


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_MOMENT = ("a moment such as 2026-01-31T12:00:00, in UTC unless it says otherwise", _moment)
_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "integer": ("a whole number", _whole),
    "number": ("a number", Decimal),
    "decimal": ("an amount of money such as 12.50", Decimal),
    "boolean": ("true or false", _boolean),
    "date": ("a day such as 2026-01-31", date.fromisoformat),
    "timestamp": _MOMENT,
    "unix": _MOMENT,
}
