"""The line of a row in a journal: its columns, and what remains of an earlier line of the same row."""

from __future__ import annotations

from typing import Any

from voxsip.bulk._journal.values import INTENDED, UNKNOWN

Line = tuple[Any, ...]
"""The values of `COLUMNS`."""

COLUMNS = {
    "place": "bigint",
    "digest": "bytea",
    "key": "text",
    "status": "smallint",
    "intended_at": "bigint",
    "at": "bigint",
    "attempts": "integer",
    "elapsed": "bigint",
    "error_code": "text",
    "error_name": "text",
    "error_text": "text",
    "result_id": "text",
    "account_id": "bigint",
}
"""Names, with their types in PostgreSQL."""
NAMES = ", ".join(COLUMNS)
PLACE, STATUS, INTENDED_AT, ACCOUNT = map(
    list(COLUMNS).index, ("place", "status", "intended_at", "account_id")
)


def replacing(table: str) -> str:
    """Return the end of an upsert: a line replaces an earlier one of its row.

    While the outcome of a row is not known, the time of its first intent stays.

    Args:
        table: The statement's name of the table of rows.
    """
    replaced = COLUMNS.keys() - {"place", "intended_at"}
    return f"""
    DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in sorted(replaced))},
        intended_at = CASE
            WHEN excluded.intended_at IS NULL THEN {table}.intended_at
            WHEN {table}.status IN ({INTENDED}, {UNKNOWN}) THEN coalesce({table}.intended_at, excluded.intended_at)
            ELSE excluded.intended_at
        END
    """


def last_lines(batch: list[Line]) -> list[Line]:
    """Return the last line of each row: a statement may not write a row twice.

    The time of a first intent stays, as with `replacing`.
    """
    lines: dict[int, Line] = {}
    for line in batch:
        before = lines.pop(line[PLACE], None)
        if before is not None and before[INTENDED_AT] is not None:
            is_open = before[STATUS] in {INTENDED, UNKNOWN} or line[INTENDED_AT] is None
            since = before[INTENDED_AT] if is_open else line[INTENDED_AT]
            line = (*line[:INTENDED_AT], since, *line[INTENDED_AT + 1 :])  # noqa: PLW2901
        lines[line[PLACE]] = line
    return list(lines.values())
