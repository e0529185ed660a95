"""Lines of a journal in PostgreSQL, as it takes them."""

from __future__ import annotations

from typing import Any

from voxsip._redaction.values import reveal
from voxsip.bulk._journal.schema import UNKNOWN
from voxsip.bulk._journal.values import INTENDED

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
