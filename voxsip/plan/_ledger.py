"""What is known of the rows while they are planned: which are refused, and what each claims for itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from voxsip.plan._model import Refusal
from voxsip.plan._rows import Fault

_PENDING, _UNCHANGED, _REFUSED = 0, 1, 2


@attrs.define(eq=False)
class Ledger:
    """The state of every row: a byte each, and a claim for what it wants alone.

    Args:
        place: Names a row by its index, for messages: "line 12".

    Attributes:
        refusals: Why rows are refused, in the order in which that was found.
        registrations: The row that wants a registration, by its id.
        users: The row that wants a user, by the user's id.
        logins: The row that creates or renames to a login, by its key.
    """

    _place: Callable[[int], str]
    _states: bytearray = attrs.field(factory=bytearray, init=False)
    refusals: list[Refusal] = attrs.field(factory=list, init=False)
    registrations: dict[int, int] = attrs.field(factory=dict, init=False)
    users: dict[int, int] = attrs.field(factory=dict, init=False)
    logins: dict[str, int] = attrs.field(factory=dict, init=False)

    @property
    def rows(self) -> int:
        """The number of rows so far."""
        return len(self._states)

    @property
    def unchanged(self) -> int:
        """The number of rows that need nothing."""
        return self._states.count(_UNCHANGED)

    @property
    def refused(self) -> int:
        """The number of refused rows, and of refusals of the input as a whole."""
        whole = sum(refusal.index is None for refusal in self.refusals)
        return self._states.count(_REFUSED) + whole

    def add(self) -> int:
        """Take another row; return its index."""
        self._states.append(_PENDING)
        return len(self._states) - 1

    def leave(self, index: int) -> None:
        """Note that a row needs nothing."""
        if self._states[index] == _PENDING:
            self._states[index] = _UNCHANGED

    def is_refused(self, index: int) -> bool:
        """Return whether a row is refused."""
        return self._states[index] == _REFUSED

    def refuse(self, index: int | None, fault: Fault) -> None:
        """Refuse a row, or with None the input as a whole."""
        if index is not None:
            self._states[index] = _REFUSED
        self.refusals.append(
            Refusal(index=index, message=fault.message, remedy=fault.remedy, column=fault.column)
        )

    def claim(self, claims: dict[Any, int], key: object, index: int, kind: str) -> None:
        """Note that a row wants what only one row may want.

        Raises:
            Fault: An earlier row wants it; that row is refused as well.
        """
        first = claims.setdefault(key, index)
        if first == index:
            return
        shown = str(key).replace("\0", "@")
        remedy = "remove one of the two rows"
        self.refuse(first, Fault(f"{self._place(index)} wants {kind} {shown} too", remedy))
        raise Fault(f"{self._place(first)} wants {kind} {shown} too", remedy)
