"""Converts values and tables of numpy, pandas and polars to Python's own; none of them is imported here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

_NATIVE = frozenset({int, str, bool, type(None)})
_EXACT = 2**53  # a larger float may not be the exact id
_MISSING = frozenset({"NAType", "NaTType"})
_FRAMES = frozenset({"pandas", "polars"})
_UNNAMED = "Unnamed: "  # start of the names that pandas gives to columns of a written index


def native(value: Any) -> Any:
    """Return a value as int, str, bool or None if that is exact, else as it is.

    Integral floats and decimals become ints, NaN, NaT and NA become None, and scalars of numpy the value they hold.
    """
    kind = type(value)
    if kind in _NATIVE:
        return value
    if kind.__name__ in _MISSING and kind.__module__.partition(".")[0] == "pandas":
        return None
    if kind.__module__ == "numpy" and hasattr(value, "item"):
        return native(value.item())
    if kind is float or kind is Decimal:
        if value != value:  # noqa: PLR0124 - not a number
            return None
        if abs(value) < _EXACT and value == int(value):
            return int(value)
    return value


class Frame:
    """The rows of a data frame as mappings without empty columns; iterable repeatedly.

    Args:
        frame: The DataFrame, of pandas or polars.
    """

    __slots__ = ("_frame", "_names")

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        # An index that was written to a file and read back is not a column of the user's.
        self._names = [
            (place, str(name))
            for place, name in enumerate(frame.columns)
            if not (isinstance(name, str) and name.startswith(_UNNAMED))
        ]

    def __len__(self) -> int:
        return len(self._frame)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        pandas = hasattr(self._frame, "itertuples")
        rows = self._frame.itertuples(index=False, name=None) if pandas else self._frame.iter_rows()
        for row in rows:
            yield {
                name: value
                for place, name in self._names
                if (value := native(row[place])) is not None
            }


def as_rows(rows: Any) -> Any:
    """Return a DataFrame as a `Frame`, and any other value as it is."""
    kind = type(rows)
    if kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] in _FRAMES:
        return Frame(rows)
    return rows
