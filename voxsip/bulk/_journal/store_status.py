"""A look at a job in a store from outside, while it runs or after it has stopped."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal.status import RATE_SECONDS, JournalStatus
from voxsip.bulk._journal.store import existing_job, split_address
from voxsip.bulk._journal.values import INTENDED, STATUSES
from voxsip.shared._connection import LoopConnection

_JOB = """
SELECT *, lease IS NOT NULL AND lease_until > extract(epoch FROM clock_timestamp()) AS running,
    extract(epoch FROM now() - started) AS seconds
FROM voxsip.job WHERE name = $1
"""
_COUNTS = """
SELECT status, count(*) AS rows, to_timestamp(max(at) / 1e3) AS last,
    count(*) FILTER (WHERE at >= 1e3 * (extract(epoch FROM now()) - $2::float)) AS lately
FROM voxsip.job_row WHERE job = $1 GROUP BY status
"""
_ERRORS = """
SELECT concat_ws(' ', error_code, coalesce(error_name, 'unknown')) AS name, count(*) AS rows
FROM voxsip.job_row WHERE job = $1 AND (error_name IS NOT NULL OR error_code IS NOT NULL)
GROUP BY 1 ORDER BY 2 DESC, 1
"""


def read_store_status(address: str) -> JournalStatus:
    """Read how a job stands, without disturbing it; blocks.

    Args:
        address: `postgresql://host/database#name`.

    Raises:
        ConfigurationError: no such job, or the store cannot be used.
    """
    with ThreadPoolExecutor(1) as threads:  # a loop of its own, whatever runs here
        return threads.submit(asyncio.run, _read(address)).result()


async def refuse_existing_job(address: str) -> None:
    """See that the store can be used, and has no job of this name.

    Args:
        address: `postgresql://host/database#name`.

    Raises:
        ConfigurationError: it has one, or it refuses us.
        NotSentError: no server answers.
    """
    store, name = split_address(address)
    connection = LoopConnection(store, lambda: None)
    try:
        found = await connection.fetchrow("SELECT FROM voxsip.job WHERE name = $1", name)
    finally:
        await connection.aclose()
    if found is not None:
        raise existing_job(f"{store}#{name}")


async def _read(address: str) -> JournalStatus:
    store, name = split_address(address)
    connection = LoopConnection(store, lambda: None)
    try:
        job = await connection.fetchrow(_JOB, name)
        if job is None:
            missing = ConfigurationError(f"journal {store}#{name}: there is no job of that name")
            missing.missing = True
            raise missing
        rows = await connection.fetch(_COUNTS, job["id"], RATE_SECONDS)
        errors = await connection.fetch(_ERRORS, job["id"])
    finally:
        await connection.aclose()
    return _status(f"{store}#{name}", job, rows, errors)


def _status(path: str, job: Any, rows: Any, errors: Any) -> JournalStatus:
    counts = dict.fromkeys(("intended", *STATUSES), 0)
    for row in rows:
        counts["intended" if row["status"] == INTENDED else STATUSES[row["status"] - 1]] = row[
            "rows"
        ]
    ended = [row for row in rows if row["status"] != INTENDED]
    total = job["rows"] if job["rows_total"] is None else job["rows_total"]
    seconds = max(1.0, min(RATE_SECONDS, float(job["seconds"])))
    return JournalStatus(
        path=path,
        kind=job["kind"],
        running=job["running"],
        account_id=job["account_id"],
        options=orjson.loads(job["options"]),
        source=job["source"],
        checksum=job["checksum"],
        version=job["version"],
        rows=total,
        counts=counts,
        errors={row["name"]: row["rows"] for row in errors},
        created=job["created"],
        started=job["started"],
        updated=max((row["last"] for row in ended), default=None),
        runs=job["runs"],
        stopped=job["stopped"],
        complete=counts["done"] + counts["unchanged"] + counts["failed"] == total,
        rate=sum(row["lately"] for row in ended) / seconds if job["running"] else 0.0,
    )
