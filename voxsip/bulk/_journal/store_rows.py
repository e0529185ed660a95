"""Lines of a journal in PostgreSQL: as it takes them, and as it gives them back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from voxsip._errors import error_class
from voxsip._redaction.values import reveal
from voxsip.bulk._journal.interface import RestoredRow
from voxsip.bulk._journal.schema import STATUS_CODES, UNKNOWN
from voxsip.bulk._journal.values import INTENDED, STATUSES
from voxsip.bulk._outcomes import Kind, stop_reason

STATUS, ACCOUNT = 3, 12
"""Where a line has its status, and its account."""


def text(text: str | None) -> str | None:
    """Return a text as PostgreSQL takes it: half characters and zero bytes as escapes."""
    if text is None:
        return None
    return reveal(text).encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def last_words(batch: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return one line for each row: a statement may not write one twice. The first intent's time stays."""
    lines: dict[int, tuple[Any, ...]] = {}
    for line in batch:
        before = lines.pop(line[0], None)
        if before is not None and before[4] is not None:
            still_open = before[3] in {INTENDED, UNKNOWN} or line[4] is None
            line = (*line[:4], before[4] if still_open else line[4], *line[5:])  # noqa: PLW2901
        lines[line[0]] = line
    return list(lines.values())


def number(text: str | None) -> int | None:
    return None if text is None else int(text)


def restored_row(row: Any) -> RestoredRow:
    status = row["status"]
    return RestoredRow(
        index=row["place"],
        digest=row["digest"],
        status=STATUSES[status - 1] if status != INTENDED else "intended",
        at=time(row["at"]),
        attempts=row["attempts"],
        elapsed=row["elapsed"] / 1e6,
        error_code=number(row["error_code"]),
        error_name=row["error_name"],
        error_text=row["error_text"],
        result_id=number(row["result_id"]),
        intended_at=None if row["intended_at"] is None else time(row["intended_at"]),
        account_id=row["account_id"],
    )


def time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1e3, UTC)


def count_settled(kind: Kind, counts: Iterable[Any]) -> Mapping[int | None, int]:
    """Count the rows that a run to come has no need to pay for, by account.

    Args:
        kind: what the rows are for.
        counts: rows by status, error and account.
    """
    failed, skipped = STATUS_CODES["failed"], STATUS_CODES["skipped"]
    found: Counter[int | None] = Counter()
    for row in counts:
        status, code = row["status"], row["error_code"]
        if status == skipped or (status == failed and stop_reason(kind, error_class(number(code)))):
            continue
        found[row["account_id"]] += row["n"]
    return found
