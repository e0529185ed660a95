"""What the engine works with: a row in the window, and what it asks of limits and of earlier runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import attrs

from voxsip._bindings.rows import Row
from voxsip._errors import VoxsipError
from voxsip._protocol.model import Model
from voxsip.bulk._outcomes import Outcome

RowOutcome = Outcome[Any]


@attrs.define(eq=False, repr=False)
class Item:
    """A row in the window.

    Attributes:
        index: place in the input.
        row: the request.
        intended: the time at which an earlier run was about to send the row, if it left no outcome; else None.
    """

    index: int
    row: Row
    intended: datetime | None


Send: TypeAlias = Callable[[Item], Awaitable[Model]]
"""Sends a row; returns its reply, or raises VoxsipError."""
Holds: TypeAlias = Callable[[int, Any], Model | bool]
"""Returns whether a row needs not be sent: true, or the reply that it had if it were; false if it has to be sent."""


class SkipRow(Exception):  # noqa: N818 - no failure: the row is left alone
    """Raised by a sender for a row that must not be sent: it is "skipped".

    Attributes:
        reason: why, for its outcome.
    """

    def __init__(self, reason: VoxsipError) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Keys(Protocol):
    """Which rows conflict; `ConflictKeys` is one."""

    def keys(self, row: Any) -> tuple[Hashable, ...] | None:
        """Return a row's keys, each once; None if `learn` must be awaited first."""
        ...

    async def learn(self, row: Any) -> None:
        """Make `keys` able to answer for this row."""
        ...


class Limits(Protocol):
    """How many rows may be in flight; `AdaptiveLimits` is one."""

    @property
    def limit(self) -> int:
        """Rows that may be in flight."""
        ...

    def on_success(self, now: float, in_flight: int) -> None:
        """Record a row that the server answered."""
        ...

    def on_failure(self, now: float, error: VoxsipError) -> None:
        """Record a failed attempt."""
        ...


class Accounts(Protocol):
    """The accounts that are ready for rows."""

    def __contains__(self, number: int | None) -> bool:
        """Returns whether rows of an account may be sent; None is the client's own."""
        ...

    async def open(self, number: int | None) -> None:
        """Get ready for rows of a child account."""
        ...


class PreviousRuns(Protocol):
    """What earlier runs of the job did."""

    async def restore(self, index: int, row: Row) -> RowOutcome | datetime | None:
        """Return a row's outcome, or when it was about to be sent, or None.

        Raises:
            InvalidArgumentError: the row is not the one that the earlier run had there.
        """
        ...
