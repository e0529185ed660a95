"""Validators of options, for callers without a type checker."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from voxsip._errors import ConfigurationError


def above(minimum: float) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator: a finite number above the minimum."""
    return _number(lambda value: value > minimum, f"a number above {minimum:g}")


def at_least(minimum: float) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator: a finite number from the minimum up."""
    return _number(lambda value: value >= minimum, f"a number from {minimum:g} up")


def whole(minimum: int) -> Callable[[object, Any, Any], None]:
    """Return an attrs validator: a whole number from the minimum up."""
    return _number(
        lambda value: isinstance(value, int) and value >= minimum,
        f"a whole number from {minimum} up",
    )


def _number(fits: Callable[[float], bool], wanted: str) -> Callable[[object, Any, Any], None]:
    def check(_: object, attribute: Any, value: Any) -> None:
        number = (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        )
        if not number or not fits(value):
            raise ConfigurationError(f"{attribute.name}: expected {wanted}, got {value!r}")

    return check
