"""Read JSONL: one JSON object on each line, its keys the columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from voxsip._row_files.header import Finder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Cells, Columns, Record
    from voxsip._row_files.problems import Problems
    from voxsip._row_files.source import Source


def jsonl_records(source: Source, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Yield the records of a JSONL file; those with problems are only reported."""
    any_line = False
    for number, line in source.lines():
        text = line.strip()
        if not text:
            continue
        any_line = True
        source.record_start = source.line_start
        before = problems.count
        finder = Finder(columns, problems, number)
        cells: Cells = []
        try:
            pairs = _DECODER.decode(text)
        except (ValueError, RecursionError) as error:
            # Only the place: the text around it may hold a password.
            at = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            remedy = "Write each row as one JSON object on one line."
            if text.startswith("["):
                remedy = "Write one object on each line, not a list of them."
            finder.fault(f"this is not JSON{at}", remedy=remedy)
            continue
        if not isinstance(pairs, _Pairs):
            remedy = 'Write each row as {"column": value, …} on a line of its own.'
            finder.fault("this is not a JSON object", remedy=remedy)
            continue
        for key, value in pairs:
            column = finder.find(key)
            if column is not None:
                cells.append((key, column, value))
        finder.finish(columns.constants, "row")
        if problems.count == before:
            yield number, [*cells, *columns.constants]
    if not any_line:
        problems.add("the file is empty", remedy=f"'{columns.example}' shows the columns.")


class _Pairs(list[tuple[str, object]]):
    """An object as its pairs, so that a key that stands twice is seen."""


# NaN and infinities are Python's own and mean nothing in a row: they come as text.
_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=str)
