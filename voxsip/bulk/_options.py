"""What a job may be told: as its caller writes it, and as it is checked, before it starts, and kept in its journal."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, Self, TypedDict

import attrs

from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._config import LOOKUP_DELAY, RateLimit
from voxsip._errors import InvalidArgumentError
from voxsip._printable import brief, nearest

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


class RunOptions(TypedDict, total=False):
    """How a run goes, and what ends it.

    Attributes:
        concurrency: Rows in flight at most, 1 to 256; fewer while the server throttles (64).
        max_failures: Failed rows at most; one more stops the job. None: any number (None).
        max_failure_ratio: Share of failed rows, 0 to 1; a greater share stops the job (None).
        min_rows_for_ratio: Rows that must end before the share is checked (100).
        deadline: Seconds after which no further row is sent (None).
    """

    concurrency: int
    max_failures: int | None
    max_failure_ratio: float | None
    min_rows_for_ratio: int
    deadline: float | None


class PacedOptions(RunOptions, total=False):
    """How fast a run goes, too.

    Attributes:
        rate_limit: Requests per second at most, including retries, lowered while the server throttles; or a `Limiter`,
            whose rate you may change while the job runs; or a `SharedRate`, which several processes share (None).
    """

    rate_limit: RateLimit | RateLimiter | LimiterSource | None


class JobOptions(PacedOptions, total=False):
    """Options of every job that is started.

    Attributes:
        journal: Path of a new SQLite file to resume the job from; or `postgresql://host/database#name`, so that another
            machine can resume it (None).
        skip_unchanged: Read the live state first, and send nothing for rows that change nothing: a bind that is in
            effect, a purchase whose SIP user name and proxy exist, a deletion of what is gone. `bind` reads the input
            first, too (False).
        source: Name of the input, kept in the journal for people to read (None).
        checksum: Checksum of the input, kept in the journal; resuming with another input is refused (None).
    """

    journal: str | os.PathLike[str] | None
    skip_unchanged: bool
    source: str | None
    checksum: str | None


class BindOptions(JobOptions, total=False):
    """Options of a job that binds.

    Attributes:
        verify: Read the live state at the end and report how it differs from what the rows ask for (False).
    """

    verify: bool


class CreateOptions(JobOptions, total=False):
    """Options of a job that buys.

    Attributes:
        check_funds: Compare the price of all rows with the balance first, and buy nothing if the money does not
            suffice. If the length of the input is unknown, the price of one row is compared (True).
    """

    check_funds: bool


class ResumeOptions(PacedOptions, total=False):
    """Options of a job that is resumed; those not given stay as they were.

    Failures of earlier runs do not count.

    Attributes:
        skip_unchanged: Read the live state first, and send nothing for rows that change nothing; see `JobOptions`.
        verify: Compare the live state with what the rows of a bind ask for at the end; see `BindOptions`.
        check_funds: Compare the price of a purchase with the balance first; see `CreateOptions`.
        recovery_delay: Seconds to wait for the last requests of a killed or cancelled run to be executed, before
            anything is looked for or sent (3).
        checksum: Checksum of the input; compared with the one in the journal.
    """

    skip_unchanged: bool
    verify: bool
    check_funds: bool
    recovery_delay: float
    checksum: str | None


def check_names(command: str, given: Mapping[str, object], known: type) -> None:
    """Refuse options that a command does not have, as Python would.

    Args:
        command: the method that was called.
        given: the options by name.
        known: the TypedDict that lists them.

    Raises:
        TypeError: naming the option and the one that was probably meant.
    """
    names: frozenset[str] = known.__optional_keys__  # type: ignore[attr-defined]
    for name in given:
        if name not in names:
            meant = nearest(name, names, 0.6)
            hint = f"; did you mean {meant!r}?" if meant else ""
            raise TypeError(f"{command}() got an unexpected keyword argument {name!r}{hint}")


@attrs.frozen(kw_only=True)
class Options:
    """The checked options of one job, with their defaults.

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
        for name in ("skip_unchanged", "verify", "check_funds"):
            if not isinstance(getattr(self, name), bool):
                raise _wrong(name, "True or False", brief(getattr(self, name)))
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
        """Make options of those in a journal and those that are given again."""
        values = {name: kept[name] for name in _KEPT if name in kept}
        if kept.get("rate") is not None:
            values["rate_limit"] = RateLimit(kept["rate"], burst=kept.get("burst", 1))
        values.update({name: value for name, value in overrides.items() if value is not None})
        return cls(**values)


def _whole(name: str, value: object, least: int, most: int | None = None) -> None:
    if type(value) is not int or value < least or (most is not None and value > most):
        until = "" if most is None else f" to {most}"
        raise _wrong(name, f"a whole number from {least}{until}", brief(value))


def _number(name: str, value: object, most: float) -> None:
    fine = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
    if not fine:
        until = "" if most == math.inf else f" to {most:g}"
        raise _wrong(name, f"a number from 0{until}", brief(value))


def _wrong(name: str, expected: str, got: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"{name}: expected {expected}, got {got}", field=name)
