"""What a journal in PostgreSQL says as it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import ids, job_header, known_rows, refusing, settled
from voxsip.bulk._journal.interface import JobHeader
from voxsip.bulk._journal.schema import UNKNOWN
from voxsip.bulk._journal.store_statements import FACTS, HEADER, SETTLED, SURVEYED
from voxsip.bulk._journal.values import INTENDED
from voxsip.shared._connection import LoopConnection


@attrs.frozen(kw_only=True)
class Facts:
    """What is known of a job.

    Attributes:
        header: The description of the job.
        rows_total: The number of input rows, once it was told.
        runs: The number of times it was started.
        known: Ids of the registrations there were before, or None.
        rows_known: The number of rows that have an entry; this and the rest as in the interface of journals.
    """

    header: JobHeader
    rows_total: int | None
    runs: int
    known: list[int] | None
    rows_known: int = 0
    open_rows: int = 0
    settled: Mapping[int | None, int] = attrs.field(factory=dict)
    surveyed: dict[int, list[int] | None] = attrs.field(factory=dict)


def job_facts(path: str, row: Any) -> Facts:
    """Return what a line of the table of jobs says.

    Raises:
        ConfigurationError: Some of it is not such as voxsip writes.
    """
    with refusing(path):
        return Facts(
            header=job_header(*(row[name] for name in HEADER)),
            rows_total=values.count_or_none(row["rows_total"], "the number of rows"),
            runs=values.number(row["runs"], "the number of runs"),
            known=_ids_or_none(row["known"]),
        )


async def read_facts(connection: LoopConnection, path: str, row: Any) -> Facts:
    """Read what earlier runs of a job have written.

    Raises:
        ConfigurationError: Some of it is not such as voxsip writes, or the store cannot be used.
    """
    facts = job_facts(path, row)
    rows = await connection.fetchrow(FACTS, row["id"], [INTENDED, UNKNOWN])
    counts = await connection.fetch(SETTLED, row["id"])
    surveyed = await connection.fetch(SURVEYED, row["id"])
    total = facts.header.rows if facts.rows_total is None else facts.rows_total
    with refusing(path):
        return attrs.evolve(
            facts,
            rows_known=known_rows(rows["first"], rows["last"], total),
            open_rows=rows["open"],
            settled=settled(facts.header.kind, counts),
            surveyed={one["account_id"]: _ids_or_none(one["known"]) for one in surveyed},
        )


def _ids_or_none(found: list[object] | None) -> list[int] | None:
    return None if found is None else ids(found)
