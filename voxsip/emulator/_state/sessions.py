"""Past calls: seeded ones, which are computed as they are read, and those started since."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import frozen

from voxsip.emulator._state.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voxsip.emulator._service.clock import Clock
    from voxsip.emulator._state.table import Row

KEY = "call_session_history_id"
EVERY = 60
"""Seconds from one seeded call to the next; the last of them began so long before the seed."""
_NUMBERS = 97  # remote numbers, one after the other
_SHORTEST, _LONGEST = 10, 590


@frozen
class Place:
    """Where a call was answered: an application and its rule."""

    application_id: int
    application_name: str
    rule_name: str


class Sessions:
    """Keeps the sessions of an account in the order of their ids and beginnings.

    Seeded ones take no memory: each is computed from its number.

    Args:
        account_id: the account of the sessions.
        clock: tells when a session begins.
        ids: source of ids.
    """

    def __init__(self, account_id: int, clock: Clock, ids: Iterator[int]) -> None:
        self._account_id = account_id
        self._clock = clock
        self._ids = ids
        self._seeded = 0
        self._first_id = 1
        self._base = 0
        self._places: Sequence[Place] = ()
        self._data = ""
        self._started = Table(KEY, ids)

    def __len__(self) -> int:
        return self._seeded + len(self._started.rows)

    def seed(self, number: int, places: Sequence[Place], data: str = "") -> None:
        """Add so many past calls with these custom data, at each place in turn."""
        if not number:
            return
        self._first_id = next(self._ids)
        for _ in range(number - 1):
            next(self._ids)
        self._seeded = number
        self._base = int(self._clock.now()) - number * EVERY
        self._places = places
        self._data = data

    def add(self, **members: Any) -> Row:
        """Begin a session now."""
        return self._started.add(
            account_id=self._account_id, start_date=int(self._clock.now()), duration=0, **members
        )

    def find(self, number: int) -> Row | None:
        """Return the session of an id."""
        if 0 <= number - self._first_id < self._seeded:
            return self._made(number - self._first_id)
        return self._started.rows.get(number)

    def rows(
        self, begin: int | None, end: int | None, *, limit: int, descending: bool
    ) -> Iterator[Row]:
        """Give the sessions that began from one moment to another, in seconds since 1970.

        Args:
            begin: the first moment; None for no bound.
            end: the last moment; None for no bound.
            limit: leave out those that began after the first so many.
            descending: the latest first.
        """
        places = range(*self._range(begin, end))
        started = [
            row
            for row in islice(self._started.rows.values(), limit - self._seeded)
            if (begin is None or row["start_date"] >= begin)
            and (end is None or row["start_date"] <= end)
        ]
        if descending:
            yield from reversed(started)
            yield from map(self._made, reversed(places))
        else:
            yield from map(self._made, places)
            yield from started

    def _range(self, begin: int | None, end: int | None) -> tuple[int, int]:
        """Return which of the seeded sessions began within the time."""
        first = 0 if begin is None else -(-(begin - self._base) // EVERY)
        after = self._seeded if end is None else (end - self._base) // EVERY + 1
        return min(max(first, 0), self._seeded), min(max(after, 0), self._seeded)

    def _made(self, index: int) -> Row:
        place = self._places[index % len(self._places)] if self._places else None
        row: Row = {
            KEY: self._first_id + index,
            "account_id": self._account_id,
            "start_date": self._base + index * EVERY,
            "duration": _SHORTEST + index * 7 % (_LONGEST - _SHORTEST),
            "remote_number": str(15550100 + index % _NUMBERS),
            "local_number": "15550199",
        }
        if self._data:
            row["custom_data"] = self._data
        if place is not None:
            row["application_id"] = place.application_id
            row["application_name"] = place.application_name
            row["rule_name"] = place.rule_name
        return row
