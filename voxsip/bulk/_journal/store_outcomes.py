"""The outcomes of a job in a store, for reports made elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from itertools import islice
from typing import Any

from voxsip._bindings.rows import Row
from voxsip._errors import OutcomeUnknownError
from voxsip.bulk._journal.decoding import restored_rows
from voxsip.bulk._journal.interface import RestoredRow
from voxsip.bulk._journal.previous_runs import check_digest, restore_outcome
from voxsip.bulk._journal.store_statements import ROWS
from voxsip.bulk._outcomes import Outcome

BATCH = 2_000


async def read_outcomes(
    fetch: Callable[..., Awaitable[Any]], journal: int | None, name: str, rows: Iterable[Row]
) -> AsyncGenerator[tuple[Outcome[Any], RestoredRow | None], None]:
    """Give the outcome of every row of a job, and what the store says of it.

    A row that the store says nothing of was not sent. One that was about to be sent when its process ended is unknown.

    Args:
        fetch: Runs a statement and returns its rows.
        journal: The job's number in the store; None if it has not begun.
        name: The name of the journal, for people.
        rows: All of its rows, in their order.

    Raises:
        ConfigurationError: The store holds what voxsip does not write.
        InvalidArgumentError: A row is not the one that the job had in its place.
    """
    source = enumerate(rows)
    while batch := list(islice(source, BATCH)):
        known: dict[int, RestoredRow] = {}
        if journal is not None:
            lines = await fetch(ROWS, journal, batch[0][0], batch[-1][0] + 1)
            known = restored_rows(name, lines)
        for index, row in batch:
            yield _outcome(index, row, known.get(index)), known.get(index)


def _outcome(index: int, row: Row, known: RestoredRow | None) -> Outcome[Any]:
    if known is None:
        return Outcome(index=index, row=row, status="skipped")
    check_digest(known, row)
    if known.status == "intended":
        lost = OutcomeUnknownError(f"{row.label}: the process that was about to send it has ended")
        return Outcome(index=index, row=row, status="unknown", error=lost, restored=True)
    return restore_outcome(index, row, known, known.status)
