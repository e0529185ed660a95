"""Converts JSON values to those of models. Imported with the first reply: cattrs and decimal are slow to import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

LARGEST_EXPONENT = 30
"""The largest decimal exponent, positive or negative, of an amount of money."""
Hook = Callable[[Any, Any], Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_EMPTY = frozenset({int, float, Decimal, date, datetime})


def make_converter() -> Converter:
    """Return a converter that ignores unknown members and stops at the first error."""
    converter = Converter(detailed_validation=False, forbid_extra_keys=False)
    converter.register_structure_hook(bool, _bool)
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(datetime, _timestamp)
    converter.register_structure_hook(Decimal, _money)
    converter.register_structure_hook_factory(_is_optional_value, _value_or_none)
    converter.register_structure_hook_factory(_is_checked, _only_of_objects)
    return converter


def _bool(value: object, _: type) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in {"true", "1"}
    return bool(value)


def _date(value: str, _: type) -> date:
    return date.fromisoformat(value)


def _timestamp(value: float | str, _: type) -> datetime:
    """Read seconds since 1970, or `YYYY-MM-DD HH:mm:ss` (UTC unless it names a zone)."""
    if isinstance(value, int | float):
        return _EPOCH + timedelta(seconds=value)  # `fromtimestamp` raises OSError on some systems
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _money(value: float | str, _: type) -> Decimal:
    """Read an amount by way of its text: 0.1 in JSON means exactly a tenth.

    Raises:
        ValueError: The number is not finite, or has so many digits that calculating with it would fail.
        ArithmeticError: The value is not a number.
    """
    amount = Decimal(str(value))
    if not amount.is_finite() or abs(amount.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"expected an amount of money, got {str(value)[:40]}")
    return amount


def _is_optional_value(kind: object) -> bool:
    return isinstance(kind, UnionType) and set(get_args(kind)) - {NoneType} <= _NEVER_EMPTY


def _value_or_none(kind: Any, converter: Converter) -> Hook:
    """Make a hook that reads an empty text as None: no number or date is empty."""
    [value_type] = set(get_args(kind)) - {NoneType}
    structure = converter.get_structure_hook(value_type)
    return lambda value, _: None if value is None or value == "" else structure(value, value_type)


def _is_checked(kind: Any) -> bool:
    """Returns whether a model has notes on its members, or can be made of nothing."""
    return attrs.has(kind) and (
        any(member.metadata for member in attrs.fields(kind))
        or all(member.default is None for member in attrs.fields(kind))
    )


def _only_of_objects(kind: Any, converter: Converter) -> Hook:
    """Make a hook that accepts only objects, and heeds the notes on a model's members.

    It renames members and unwraps those sent as an array of one. A model whose members are all optional would
    otherwise be made of a list or a text as well.
    """
    members = attrs.fields(kind)
    names = {
        member.name: override(rename=member.metadata["wire"])
        for member in members
        if "wire" in member.metadata
    }
    either = [member.name for member in members if member.metadata.get("either")]
    structure = make_dict_structure_fn(kind, converter, **names)  # type: ignore[arg-type]

    def structure_object(value: Any, _: Any) -> Any:
        if type(value) is not dict:
            raise TypeError(f"expected an object, got {type(value).__name__}")
        for name in either:
            inner = value.get(name)
            if type(inner) is list and len(inner) == 1:
                value = {**value, name: inner[0]}
        return structure(value, kind)

    return structure_object
