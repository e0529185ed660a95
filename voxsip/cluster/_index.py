"""The index of a part: where its rows stand in the user's file, as the store keeps it. Nothing of the rows is in it."""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable
from itertools import accumulate, pairwise

from voxsip._row_files.part import Spans

_COLUMNS = 4
_LEVEL = 6


def encode(places: array[int], spans: Spans) -> bytes:
    """Return an index as bytes: rising numbers by their steps, packed."""
    columns = (_steps(places), _steps(spans.lines), _steps(spans.starts), spans.sizes)
    numbers = array("q")
    for column in columns:
        numbers.extend(column)
    if sys.byteorder == "big":
        numbers.byteswap()
    return zlib.compress(numbers.tobytes(), _LEVEL)


def decode(data: bytes, head: int, count: int) -> tuple[array[int], Spans]:
    """Return the places of an index and where each row stands.

    Args:
        head: The number of bytes before the first row of the file.

    Raises:
        ValueError: It returned no such thing.
    """
    numbers = array("q")
    try:
        numbers.frombytes(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError(f"an index cannot be unpacked: {error}") from None
    if len(numbers) != _COLUMNS * count or (count and min(numbers) < 0):
        raise ValueError("an index is not that of its part")
    if sys.byteorder == "big":
        numbers.byteswap()
    rows = count
    places, lines, starts, sizes = (numbers[n * rows : (n + 1) * rows] for n in range(_COLUMNS))
    spans = Spans(lines=_sums(lines), starts=_sums(starts), sizes=sizes, head=head)
    return _sums(places), spans


def _steps(numbers: Iterable[int]) -> array[int]:
    return array("q", (after - before for before, after in pairwise([0, *numbers])))


def _sums(steps: Iterable[int]) -> array[int]:
    return array("q", accumulate(steps))
