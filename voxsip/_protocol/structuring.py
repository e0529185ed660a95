"""Makes models of decoded JSON with one cattrs converter, whose hooks are looked up once per type."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from voxsip._lazy import IMPORTS

if TYPE_CHECKING:
    from cattrs import Converter

T = TypeVar("T")


def structurer(model: type[T]) -> Callable[[Any], T]:
    """Return a function that makes the model of decoded JSON.

    Unknown fields are ignored. An optional number or date that is an empty text is None, as is an optional field that
    is missing. The function raises ValueError, TypeError or KeyError if the JSON does not fit.
    """
    made: Callable[[Any], T] | None = _made.get(model)
    if made is None:
        hook = _converter().get_structure_hook(model)
        made = _made[model] = lambda data: hook(data, model)
    return made


def list_structurer(model: type[T]) -> Callable[[Any], list[T]]:
    """Return a function that makes models of a decoded JSON array; see `structurer`."""
    structure_one = structurer(model)

    def structure(data: Any) -> list[T]:
        if type(data) is not list:
            raise TypeError(f"expected a list, got {type(data).__name__}")
        return [structure_one(item) for item in data]

    return structure


_made: dict[type, Callable[[Any], Any]] = {}


@cache
def _converter() -> Converter:
    with IMPORTS:
        from voxsip._protocol.converter import make_converter  # noqa: PLC0415 - not before the first reply

    return make_converter()
