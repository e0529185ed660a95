"""Decoded JSON to models: one cattrs converter, its hooks looked up once per type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def structurer(model: type[T]) -> Callable[[Any], T]:
    """Return a function from decoded JSON to the model.

    Unknown fields are ignored, missing optional ones are None. The function raises ValueError, TypeError
    or KeyError where the JSON does not fit.
    """
    made: Callable[[Any], T] | None = _made.get(model)
    if made is None:
        hook = _converter().get_structure_hook(model)
        made = _made[model] = lambda data: hook(data, model)
    return made


def list_structurer(model: type[T]) -> Callable[[Any], list[T]]:
    """Return a function from a decoded JSON array to models; see `structurer`."""
    structure_one = structurer(model)

    def structure(data: Any) -> list[T]:
        if type(data) is not list:
            msg = f"expected a list, got {type(data).__name__}"
            raise TypeError(msg)
        return [structure_one(item) for item in data]

    return structure


_made: dict[type, Callable[[Any], Any]] = {}


@cache
def _converter() -> Converter:
    from decimal import Decimal  # noqa: PLC0415 - not before the first reply

    from cattrs import Converter  # noqa: PLC0415 - nor this

    def money(value: float | str, _: type) -> Decimal:
        """Go through text: a JSON 0.1 means a tenth, not its nearest binary fraction."""
        return Decimal(str(value))

    converter = Converter(detailed_validation=False, forbid_extra_keys=False)
    converter.register_structure_hook(date, _date)
    converter.register_structure_hook(datetime, _timestamp)
    converter.register_structure_hook(Decimal, money)
    converter.register_structure_hook(bool, _bool)
    return converter


def _date(value: str, _: type) -> date:
    return date.fromisoformat(value)


def _timestamp(value: str, _: type) -> datetime:
    """Read `YYYY-MM-DD HH:mm:ss`, which the API means as UTC; a zone in the text wins."""
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _bool(value: object, _: type) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in {"true", "1"}
    return bool(value)
