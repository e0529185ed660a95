"""A look at a job in a store from outside, while it runs or after it has stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import datetime
from typing import Any, TypeVar

from voxsip.bulk._journal import values
from voxsip.bulk._journal.decoding import job_header, refusing
from voxsip.bulk._journal.job_status import JournalStatus, make_status, rate_since
from voxsip.bulk._journal.store import existing_job, missing_job, split_address
from voxsip.bulk._journal.store_statements import HEADER
from voxsip.shared._connection import LoopConnection

T = TypeVar("T")
_JOB = f"""
SELECT id, {", ".join(HEADER)}, rows_total, runs, stopped,
    coalesce(lease IS NOT NULL AND lease_until > extract(epoch FROM clock_timestamp()), false) AS running,
    extract(epoch FROM created)::float AS created, extract(epoch FROM started)::float AS started,
    extract(epoch FROM clock_timestamp())::float AS now
FROM voxsip.job WHERE name = $1
"""  # noqa: S608 - made of constants
_LINES = """
SELECT status, count(*), min(place), max(place), max(at), count(*) FILTER (WHERE at >= $2)
FROM voxsip.job_row WHERE job = $1 GROUP BY status
"""
_ERRORS = """
SELECT error_code, error_name, count(*) FROM voxsip.job_row
WHERE job = $1 AND (error_name IS NOT NULL OR error_code IS NOT NULL) GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""


def read_store_status(address: str) -> JournalStatus:
    """Read how a job stands, without disturbing it; blocks."""
    return run_apart(_read(address))


def run_apart(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop of its own, whatever runs here; blocks."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, main).result()


async def refuse_existing_job(address: str) -> None:
    """See that the store can be used, and has no job of this name.

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
    path = f"{store}#{name}"
    async with aclosing(LoopConnection(store, lambda: None)) as connection:
        job = await connection.fetchrow(_JOB, name)
        if job is None:
            raise missing_job(path)
        with refusing(path):
            started = _date(job["started"], "the start of a run")
        lines = await connection.fetch(_LINES, job["id"], rate_since(job["now"], started))
        errors = await connection.fetch(_ERRORS, job["id"])
    with refusing(path):
        return make_status(
            path,
            job_header(*(job[name] for name in HEADER)),
            rows_total=job["rows_total"],
            created=_date(job["created"], "the beginning of the job"),
            started=started,
            now=job["now"],
            runs=values.number(job["runs"], "the number of runs"),
            running=job["running"],
            stopped=job["stopped"],
            lines=lines,
            errors=errors,
        )


def _date(seconds: object, name: str) -> datetime:
    return values.date(int(1e3 * values.seconds(seconds, name)), name)
