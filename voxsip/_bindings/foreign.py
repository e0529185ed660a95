"""Values and tables of other libraries (numpy, pandas, polars) as Python's own; none of them is imported here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["Frame", "as_rows", "native"]

_NATIVE = frozenset({int, str, bool, type(None)})
_EXACT = 2**53  # a float beyond this is no certain id
_MISSING = frozenset({"NAType", "NaTType"})
_FRAMES = frozenset({"pandas", "polars"})
_UNNAMED = "Unnamed: "  # how pandas calls the columns of an index that it wrote itself


def native(value: Any) -> Any:
    """Return a value as int, str, bool or None if it is certainly one, else as it is.

    Integral floats and decimals are ints; NaN, NaT and NA are None; scalars of numpy are what they hold.
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
    """The rows of a data frame: mappings of those columns that have a value, as often as needed.

    Args:
        frame: A DataFrame of pandas or polars.
    """

    __slots__ = ("_frame", "_names")

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        # An index that was written to a file and read again is no column of the user's.
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
    """Return the rows of a DataFrame; anything else as it is."""
    kind = type(rows)
    if kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] in _FRAMES:
        return Frame(rows)
    return rows
