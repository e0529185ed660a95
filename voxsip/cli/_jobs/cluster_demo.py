"""`voxsip demo --workers N`: registrations bought and bound by several processes, of which one is killed each time."""

from __future__ import annotations

import csv
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import AsyncClient
from voxsip.cli._connection import run
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.cluster_run import follow
from voxsip.cli._jobs.demo_model import (
    Bound,
    make_rows,
    one_after_another,
    purchases,
    read_users,
)
from voxsip.cli._jobs.follow import INTERRUPTED
from voxsip.cli._jobs.interrupts import interrupts
from voxsip.cli._terminal.output import print_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voxsip import Report
    from voxsip.cluster import ClusterJob, JobProgress

TIMEOUT = 2.0
"""Seconds an attempt may take: a dead worker's part is taken over after its lease and this."""
RESTART_SECONDS = 60.0
"""For a worker that was killed to be there again: Dask starts another process."""
_SHOWN = 10


def start(url: str, credentials: Path, rows: int, workers: int, concurrency: int) -> Exit:
    """Start a PostgreSQL server, show what there is to show, and end it.

    Args:
        url: The URL of the emulator.
        credentials: The credentials of its account.
        rows: The number of registrations.
        workers: The number of processes.
        concurrency: Calls in flight at most, for each of them.

    Raises:
        ConfigurationError: PostgreSQL or Dask is not installed.
    """
    from voxsip.shared import LocalServer  # noqa: PLC0415 - only with the extra

    with LocalServer() as server:
        print_message("a PostgreSQL server was started for the jobs, in a temporary folder")
        return run(demonstrate(url, credentials, server.dsn(), rows, workers, concurrency))


async def demonstrate(
    url: str, credentials: Path, store: str, rows: int, workers: int, concurrency: int
) -> Exit:
    """Buy registrations and bind them on a local Dask cluster; compare what there is with what there should be.

    Args:
        url: The URL of the emulator.
        credentials: The credentials of its account.
        store: PostgreSQL that keeps the jobs.
        rows: The number of registrations.
        workers: The number of processes.
        concurrency: Calls in flight at most, for each of them.
    """
    from voxsip.cluster import local_workers  # noqa: PLC0415 - only with the extra

    environment = {"VOXIMPLANT_CREDENTIALS": str(credentials), "VOXIMPLANT_BASE_URL": url}
    folder = credentials.parent
    options: dict[str, Any] = {"store": store, "concurrency": concurrency}
    async with (
        AsyncClient(credentials, base_url=url, timeout=TIMEOUT) as client,
        local_workers(workers, store=store, environment=environment) as dask,
    ):
        buying = _write(folder / "purchases.csv", (row.params() for row in purchases(rows)))
        made = await _run(await client.cluster.create(buying, **options), dask)
        bought = [
            (item.sip_registration_id, item.sip_username)
            async for item in client.sip_registrations.list()
        ]
        plan = make_rows([number for number, _ in bought], await read_users(client))
        binds = _write(folder / "binds.csv", (row.request.params() for row in plan))
        with suppress(TimeoutError):  # the one that was killed is being started again
            await dask.wait_for_workers(workers, RESTART_SECONDS)
        bound = await _run(await client.cluster.bind(binds, **options), dask)
        found = {
            item.sip_registration_id: Bound(item.application_id, item.user_id)
            async for item in client.sip_registrations.list()
        }
    expected = one_after_another(
        [number for number, _ in bought],
        ((row.registration, row.application, row.user) for row in plan),
    )
    wrong = [one for one in expected.keys() | found.keys() if expected.get(one) != found.get(one)]
    twice = len(bought) - len({name for _, name in bought})
    for name, figure in (
        ("bought", f"{made.done:,} of {rows:,} in {made.seconds:.1f} seconds, one worker killed"),
        ("twice", f"{twice:,}"),
        ("bound", f"{bound.done:,} of {rows:,} in {bound.seconds:.1f} seconds, one worker killed"),
        ("failed", f"{made.failed + made.unknown + bound.failed + bound.unknown:,}"),
        ("mismatches", f"{len(wrong):,}"),
    ):
        print_text(f"{name:<12}{figure}")
    for one in sorted(wrong)[:_SHOWN]:
        print_message(f"registration {one}: expected {expected.get(one)}, found {found.get(one)}")
    fine = made.ok and bound.ok and len(bought) == rows and not twice and not wrong
    return Exit.DONE if fine else Exit.FAILED


async def _run(job: ClusterJob, dask: Any) -> Report:
    """Run a job; kill a worker in its midst."""
    print_message(f"job {job.job_id}: {job.note}")
    processes: Mapping[str, int] = await dask.run(os.getpid)
    victims = list(processes.values())[:1]

    def kill(progress: JobProgress) -> None:
        rows = progress.report.rows
        busy = progress.running >= len(processes) or rows >= job.rows / 2
        if victims and rows >= job.rows / 4 and busy:
            victim = victims.pop()
            print_message(f"kill -9 {victim}: one of {len(processes)} workers")
            os.kill(victim, signal.SIGKILL)

    async with job:
        with interrupts() as signals:
            report = await follow(job, dask, signals, on_progress=kill)
    if report.stopped == INTERRUPTED:
        raise CommandError("interrupted; the emulator and all it held are gone", Exit.INTERRUPTED)
    return report


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows to a CSV file; return its path."""
    kept = list(rows)
    columns = list(dict.fromkeys(name for row in kept[:2] for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(kept)
    return path
