"""Things of one kind as the wire has them, by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = dict[str, Any]


class Table:
    """Keep rows in id order: ids only grow, and no removed row returns.

    Args:
        key: the member that holds the id.
        ids: source of new ids.
    """

    __slots__ = ("_ids", "key", "rows")

    def __init__(self, key: str, ids: Iterator[int]) -> None:
        self.key: str = key
        self.rows: dict[int, Row] = {}
        self._ids = ids

    def add(self, **members: Any) -> Row:
        """Add a row under the next id; what is None is left out."""
        row: Row = {self.key: next(self._ids)}
        row |= {name: value for name, value in members.items() if value is not None}
        self.rows[row[self.key]] = row
        return row

    def remove(self, row: Row) -> None:
        """Take a row out."""
        del self.rows[row[self.key]]

    def where(self, **members: Any) -> Row | None:
        """Return the first row with these members."""
        for row in self.rows.values():
            if all(row.get(name) == value for name, value in members.items()):
                return row
        return None
