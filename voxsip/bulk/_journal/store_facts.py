"""What a journal in PostgreSQL holds as it is opened."""

from __future__ import annotations

from typing import Any

import attrs

from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import job_header, known_rows, refusing, settled, total_rows
from voxsip.bulk._journal.interface import Facts
from voxsip.bulk._journal.store_statements import FACTS, HEADER, SETTLED, SURVEYED
from voxsip.bulk._journal.values import INTENDED, UNKNOWN
from voxsip.shared._connection import LoopConnection


def job_facts(path: str, row: Any) -> Facts:
    """Return what a line of the table of jobs says."""
    with refusing(path):
        header = job_header(*(row[name] for name in HEADER))
        return Facts(
            header=header,
            rows_total=total_rows(header, row["rows_total"])[0],
            runs=values.number(row["runs"], "the number of runs"),
        )


async def read_facts(connection: LoopConnection, path: str, row: Any) -> Facts:
    """Read what earlier runs of a job have written."""
    facts = job_facts(path, row)
    rows = await connection.fetchrow(FACTS, row["id"], [INTENDED, UNKNOWN])
    counts = await connection.fetch(SETTLED, row["id"])
    surveyed = await connection.fetch(SURVEYED, row["id"])
    with refusing(path):
        _, total = total_rows(facts.header, facts.rows_total)
        return attrs.evolve(
            facts,
            rows_known=known_rows(rows["first"], rows["last"], total),
            open_rows=rows["open"],
            settled=settled(facts.header.kind, counts),
            surveyed={one["account_id"] for one in surveyed},
            resumed=True,
            unclean=row["unclean"],
        )
