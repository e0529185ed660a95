"""A look at a job in a store from outside, while it runs or after it has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, TypeVar

from voxsip._errors import ConfigurationError
from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import job_header, known_rows, refusing
from voxsip.bulk._journal.status import RATE_SECONDS, JournalStatus
from voxsip.bulk._journal.store import existing_job, split_address
from voxsip.bulk._journal.store_statements import HEADER
from voxsip.bulk._journal.values import INTENDED, STATUSES
from voxsip.shared._connection import LoopConnection

T = TypeVar("T")
_JOB = f"""
SELECT id, {", ".join(HEADER)}, rows_total, runs, stopped,
    coalesce(lease IS NOT NULL AND lease_until > extract(epoch FROM clock_timestamp()), false) AS running,
    extract(epoch FROM created)::float AS created, extract(epoch FROM started)::float AS started,
    extract(epoch FROM clock_timestamp())::float AS now
FROM voxsip.job WHERE name = $1
"""  # noqa: S608 - made of constants
_COUNTS = """
SELECT status, count(*) AS rows, min(place) AS first, max(place) AS last, max(at) AS latest,
    count(*) FILTER (WHERE at >= 1e3 * ($2::float - $3::float)) AS lately
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
    return run_apart(_read(address))


def run_apart(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, whatever runs here; blocks."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, main).result()


async def refuse_existing_job(address: str) -> None:
    """See that the store can be used, and has no job of this name.

    Args:
        address: `postgresql://host/database#name`.

    Raises:
        ConfigurationError: it has one, or it refuses us.
        NotSentError: no server answers.
    """
    store, name = split_address(address)
    async with aclosing(LoopConnection(store, lambda: None)) as connection:
        found = await connection.fetchrow("SELECT FROM voxsip.job WHERE name = $1", name)
    if found is not None:
        raise existing_job(f"{store}#{name}")


async def _read(address: str) -> JournalStatus:
    store, name = split_address(address)
    async with aclosing(LoopConnection(store, lambda: None)) as connection:
        job = await connection.fetchrow(_JOB, name)
        if job is None:
            missing = ConfigurationError(f"journal {store}#{name}: there is no job of that name")
            missing.missing = True
            raise missing
        rows = await connection.fetch(_COUNTS, job["id"], job["now"], RATE_SECONDS)
        errors = await connection.fetch(_ERRORS, job["id"])
    path = f"{store}#{name}"
    with refusing(path):
        return _status(path, job, rows, errors)


def _status(path: str, job: Any, rows: Any, errors: Any) -> JournalStatus:
    header = job_header(*(job[name] for name in HEADER))
    rows_total = values.count_or_none(job["rows_total"], "the number of rows")
    total = header.rows if rows_total is None else rows_total
    started = _seconds(job["started"], "the start of a run")
    counts = dict.fromkeys(("intended", *STATUSES), 0)
    latest = lately = 0
    for row in rows:
        counts[values.status_of(row["status"])] = row["rows"]
        known_rows(row["first"], row["last"], total)
        if row["status"] != INTENDED:
            latest = max(latest, values.moment(row["latest"], "the time of a row"))
            lately += row["lately"]
    seconds = max(1.0, min(RATE_SECONDS, job["now"] - started.timestamp()))
    return JournalStatus(
        path=path,
        kind=header.kind,
        running=job["running"],
        account_id=header.account_id,
        options=header.options,
        source=header.source,
        checksum=header.checksum,
        version=header.version,
        rows=total,
        counts=counts,
        errors={row["name"]: row["rows"] for row in errors},
        created=_seconds(job["created"], "the beginning of the job"),
        started=started,
        updated=datetime.fromtimestamp(latest / 1e3, UTC) if latest else None,
        runs=values.number(job["runs"], "the number of runs"),
        stopped=values.text_or_none(job["stopped"], "the reason of the stop"),
        complete=counts["done"] + counts["unchanged"] + counts["failed"] == total,
        rate=lately / seconds if job["running"] else 0.0,
    )


def _seconds(value: object, name: str) -> datetime:
    found = values.moment(int(1e3 * values.seconds(value, name)), name)
    return datetime.fromtimestamp(found / 1e3, UTC)
