"""A set of ids that takes eight bytes for each: a job of a million purchases remembers as many."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

_LIMIT = 1 << 64


class IdSet:
    """A set of whole numbers; adding numbers in mostly rising order is cheap.

    Args:
        ids: The first members, in any order.
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
        """Yield every member: those of 64 bits in rising order, then larger ones."""
        yield from self._sorted
        yield from self._large

    def add(self, number: int) -> None:
        """Add a number."""
        if number in self:
            return
        if 0 <= number < _LIMIT:
            self._sorted.insert(bisect_left(self._sorted, number), number)
        else:
            self._large.add(number)
