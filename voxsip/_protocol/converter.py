"""Converts JSON values to those of models. Imported with the first reply: cattrs and decimal are slow to import.

A value is accepted if it can only mean one thing: 5, 5.0 and "5" are the id 5. Anything else is an error, never a
guess: 5.5, true, "5 " and "yes" are no numbers and no booleans. Python's own `int`, `bool` and `str` take them all.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from voxsip._printable import brief

LARGEST_EXPONENT = 30
"""The largest decimal exponent, positive or negative, of an amount of money."""
Hook = Callable[[Any, Any], Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER_EMPTY = frozenset({int, float, bool, Decimal, date, datetime})
_LARGEST_EXACT = 2**53
"""Above it, not every whole number has a float of its own."""
_WHOLE = re.compile("-?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_BOOLS = {"true": True, "1": True, "false": False, "0": False}


def make_converter() -> Converter:
    """Return a converter that ignores unknown members and stops at the first error."""
    converter = Converter(detailed_validation=False, forbid_extra_keys=False)
    converter.register_structure_hook(str, _text)
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook(bool, _bool)
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(datetime, _timestamp)
    converter.register_structure_hook(Decimal, _money)
    converter.register_structure_hook_factory(_is_optional_value, _value_or_none)
    converter.register_structure_hook_factory(_is_checked, _only_of_objects)
    converter.register_structure_hook_factory(_is_list, _list_only)
    return converter


def _misfit(expected: str, value: object) -> ValueError:
    return ValueError(f"expected {expected}, got {brief(value)}")


def _text(value: object, _: type) -> str:
    """Read text; a service may send a name of digits as a number."""
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    raise _misfit("text", value)


def _integer(value: object, _: type) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise _misfit("a whole number", value)


def _float(value: Any, _: type) -> float:
    if type(value) in {int, float} or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        number = float(value)
        if math.isfinite(number):
            return number
    raise _misfit("a number", value)


def _bool(value: object, _: type) -> bool:
    found = value if type(value) is bool else _BOOLS.get(str(value).lower())
    if found is None or isinstance(value, float | list | dict):
        raise _misfit("true or false", value)
    return found


def _date(value: str, _: type) -> date:
    return date.fromisoformat(value)


def _timestamp(value: Any, _: type) -> datetime:
    """Read seconds since 1970, or `YYYY-MM-DD HH:mm:ss` (UTC unless it names a zone)."""
    if type(value) in {int, float}:
        return _EPOCH + timedelta(seconds=value)  # `fromtimestamp` raises OSError on some systems
    moment = datetime.fromisoformat(value)  # raises TypeError for what is no text
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _money(value: float | str, _: type) -> Decimal:
    """Read an amount by way of its text: 0.1 in JSON means exactly a tenth.

    Raises:
        ValueError: The value is not a number, or one with so many digits that calculating with it would fail.
    """
    text = str(value)
    if not _NUMBER.fullmatch(text):
        raise _misfit("an amount of money", value)
    amount = Decimal(text)
    if abs(amount.adjusted()) > LARGEST_EXPONENT:
        raise _misfit("an amount of money", value)
    return amount


def _is_optional_value(kind: object) -> bool:
    return isinstance(kind, UnionType) and set(get_args(kind)) - {NoneType} <= _NEVER_EMPTY


def _value_or_none(kind: Any, converter: Converter) -> Hook:
    """Make a hook that reads an empty text as None: no number or date is empty."""
    [value_type] = set(get_args(kind)) - {NoneType}
    structure = converter.get_structure_hook(value_type)
    return lambda value, _: None if value is None or value == "" else structure(value, value_type)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _list_only(kind: Any, converter: Converter) -> Hook:
    """Make a hook that accepts only arrays: a text would become its characters."""
    [item_type, _] = get_args(kind)
    structure = converter.get_structure_hook(item_type)

    def structure_list(value: Any, _: Any) -> Any:
        if type(value) is not list:
            raise _misfit("a list", value)
        return tuple(structure(item, item_type) for item in value)

    return structure_list


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
