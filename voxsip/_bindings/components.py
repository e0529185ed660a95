"""Divides rows into groups that share nothing with each other: the connected components of conflicting rows.

Rows that conflict (see `conflicts`) are in one group, also by a chain of others. Groups may run on different machines
at the same time; within a group, rows that conflict keep their order.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable


class Components:
    """A disjoint-set forest over rows; it takes 8 bytes per row and 150 per key."""

    __slots__ = ("_all_one", "_first", "_parents")

    def __init__(self) -> None:
        self._parents = array("q")
        self._first: dict[Hashable, int] = {}
        self._all_one = False

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._parents)

    def add(self, keys: Iterable[Hashable]) -> None:
        """Add the next row, with what it shares with others."""
        row = len(self._parents)
        self._parents.append(row)
        for key in keys:
            first = self._first.setdefault(key, row)
            if first != row:
                self._join(first, row)

    def make_one(self) -> None:
        """Put all rows into one group, because one of them conflicts with every other."""
        self._all_one = True

    def roots(self) -> array[int]:
        """Return for each row the first row of its group."""
        if self._all_one:
            return array("q", [0]) * len(self._parents)
        return array("q", map(self._find, range(len(self._parents))))

    def root(self, key: Hashable) -> int | None:
        """Return the first row of the group that has a key; None if no row has it."""
        first = self._first.get(key)
        return None if first is None else self._find(first)

    def _find(self, row: int) -> int:
        parents = self._parents
        while (parent := parents[row]) != row:
            parents[row] = row = parents[parent]  # halve the path for the next search
        return row

    def _join(self, one: int, other: int) -> None:
        one, other = self._find(one), self._find(other)
        # The earlier row becomes the root, so that a group's root is its first row.
        if one < other:
            self._parents[other] = one
        else:
            self._parents[one] = other
