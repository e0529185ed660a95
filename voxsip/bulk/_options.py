"""What a job may be told, checked before it starts and kept in its journal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self

import attrs

from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._config import LOOKUP_DELAY, RateLimit
from voxsip._errors import InvalidArgumentError

MAX_CONCURRENCY = 256
DEFAULT_CONCURRENCY = 64
_KEPT = (
    "concurrency",
    "skip_unchanged",
    "verify",
    "check_funds",
    "max_failures",
    "max_failure_ratio",
    "min_rows_for_ratio",
)


@attrs.frozen(kw_only=True)
class Options:
    """The options of one job.

    Args:
        concurrency: rows in flight at most, from 1 to 256.
        rate_limit: requests per second, or a limiter of one's own, or None.
        skip_unchanged: read the live state first and leave out rows that change nothing.
        verify: read the live state at the end and compare.
        max_failures: rows that may fail before the job stops; None: any number.
        max_failure_ratio: their share of the rows so far, from 0 to 1, that may not be passed.
        min_rows_for_ratio: rows that must end before the share is checked.
        deadline: seconds after which no further row is sent.
        check_funds: compare the price of all rows with the balance before the first purchase.
        recovery_delay: seconds that requests of a killed or cancelled run are given to arrive, before anything
            is looked for or sent.

    Raises:
        InvalidArgumentError: naming the option.
    """

    concurrency: int = DEFAULT_CONCURRENCY
    rate_limit: RateLimit | RateLimiter | LimiterSource | None = None
    skip_unchanged: bool = False
    verify: bool = False
    max_failures: int | None = None
    max_failure_ratio: float | None = None
    min_rows_for_ratio: int = 100
    deadline: float | None = None
    check_funds: bool = True
    recovery_delay: float = LOOKUP_DELAY

    def __attrs_post_init__(self) -> None:
        """Check every option."""
        _whole("concurrency", self.concurrency, 1, MAX_CONCURRENCY)
        _whole("min_rows_for_ratio", self.min_rows_for_ratio, 1)
        if self.max_failures is not None:
            _whole("max_failures", self.max_failures, 0)
        if self.max_failure_ratio is not None:
            _number("max_failure_ratio", self.max_failure_ratio, 1.0)
        if self.deadline is not None:
            _number("deadline", self.deadline, math.inf)
        _number("recovery_delay", self.recovery_delay, math.inf)
        limit: object = self.rate_limit
        if not isinstance(limit, RateLimit | RateLimiter | LimiterSource | None):
            raise _wrong(
                "rate_limit", "a RateLimit, a Limiter or a SharedRate", type(limit).__name__
            )

    def to_json(self) -> dict[str, Any]:
        """Return what a resumed job should take over."""
        kept: dict[str, Any] = {name: getattr(self, name) for name in _KEPT}
        if isinstance(self.rate_limit, RateLimit):
            kept["rate"], kept["burst"] = self.rate_limit.rate, self.rate_limit.burst
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], overrides: Mapping[str, Any]) -> Self:
        """Make options of what a journal kept, except where a value is given again (is not None)."""
        values = {name: kept[name] for name in _KEPT if name in kept}
        if kept.get("rate") is not None:
            values["rate_limit"] = RateLimit(kept["rate"], burst=kept.get("burst", 1))
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)


def _whole(name: str, value: object, least: int, most: int | None = None) -> None:
    if type(value) is not int or value < least or (most is not None and value > most):
        until = "" if most is None else f" to {most}"
        raise _wrong(name, f"a whole number from {least}{until}", repr(value))


def _number(name: str, value: object, most: float) -> None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
    if not fine:
        until = "" if most == math.inf else f" to {most:g}"
        raise _wrong(name, f"a number from 0{until}", repr(value))


def _wrong(name: str, expected: str, got: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{name}: expected {expected}, got {got}", field=name)
