"""Read JSONL: one JSON object on each line, its keys the columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from voxsip._row_files.header import unknown
from voxsip._row_files.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Cells, Column, Columns, Record
    from voxsip._row_files.problems import Problems
    from voxsip._row_files.source import Source


def jsonl_records(source: Source, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Yield the records of a JSONL file; what is wrong with one goes to `problems` instead."""
    any_line = False
    for number, line in source.lines():
        if not line.strip():
            continue
        any_line = True
        source.record_start = source.line_start
        try:
            pairs = _DECODER.decode(line.strip())
        except (ValueError, RecursionError) as error:
            problems.add(_broken(source, number, line, error))
            continue
        if not isinstance(pairs, _Pairs):
            problems.add(
                Problem(
                    file=source.name,
                    line=number,
                    message="this is not a JSON object",
                    remedy='Write each row as {"column": value, …} on a line of its own.',
                )
            )
            continue
        record = _record(source, number, pairs, columns, problems)
        if record is not None:
            yield number, record
    if not any_line:
        problems.add(Problem(file=source.name, message="the file is empty"))


class _Pairs(list[tuple[str, object]]):
    """An object as its pairs, so that a key that stands twice is seen."""


# NaN and infinities are Python's own and mean nothing in a row: they come as text.
_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs, parse_constant=str)


def _record(
    source: Source, line: int, pairs: _Pairs, columns: Columns, problems: Problems
) -> Cells | None:
    found: dict[str, tuple[str, Column, object]] = {}
    whole = True

    def fault(message: str, column: str | None, remedy: str) -> None:
        nonlocal whole
        whole = False
        problems.add(
            Problem(file=source.name, line=line, column=column, message=message, remedy=remedy)
        )

    for key, value in pairs:
        column = columns.find(key)
        if column is None:
            if not columns.is_skipped(key):
                fault(*unknown(key, columns))
        elif column.name in found:
            also = found[column.name][0]
            what = "stands twice" if also == key else f"means the same as {also}"
            fault(what, key, "Remove one of the two.")
        else:
            found[column.name] = (key, column, value)
    for option, column, value in columns.constants:
        if column.name in found:
            fault(
                f"stands in the row, and {option} gives it for all rows", found[column.name][0], ""
            )
        found[column.name] = (option, column, value)
    for column in columns.all:
        if column.required and column.name not in found:
            fault("this column is missing", column.name, "Every row needs it.")
    return list(found.values()) if whole else None


def _broken(source: Source, number: int, line: str, error: Exception) -> Problem:
    if line.lstrip().startswith("["):
        remedy = "Write one object on each line, not a list of them."
    else:
        remedy = "Write each row as one JSON object on one line."
    # Only the place: the text around it may hold a password.
    at = f" at character {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
    return Problem(file=source.name, line=number, message=f"this is not JSON{at}", remedy=remedy)
