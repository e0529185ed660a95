"""A set of ids in eight bytes each: what a job of a million purchases remembers."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

_LIMIT = 1 << 64


class IdSet:
    """Holds whole numbers; adding those that mostly rise is cheap.

    Args:
        ids: First members, in any order.
    """

    __slots__ = ("_large", "_sorted")

    def __init__(self, ids: Iterable[int] = ()) -> None:
        known = set(ids)
        self._large = {number for number in known if not 0 <= number < _LIMIT}
        self._sorted = array("Q", sorted(known - self._large))

    def __contains__(self, number: object) -> bool:
        if not isinstance(number, int):
            return False
        place = bisect_left(self._sorted, number)
        here = place < len(self._sorted) and self._sorted[place] == number
        return here or number in self._large

    def __len__(self) -> int:
        return len(self._sorted) + len(self._large)

    def __iter__(self) -> Iterator[int]:
        """Give every member, small ones in rising order."""
        yield from self._sorted
        yield from self._large

    def add(self, number: int) -> None:
        """Put a number in, unless it is there."""
        if number in self:
            return
        if 0 <= number < _LIMIT:
            self._sorted.insert(bisect_left(self._sorted, number), number)
        else:
            self._large.add(number)
