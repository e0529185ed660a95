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
from voxsip.cli._exit_codes import Exit, print_message
from voxsip.cli._jobs.cluster_run import follow
from voxsip.cli._jobs.demo_model import (
    find_mismatches,
    make_rows,
    print_mismatches,
    purchases,
    read_users,
    uninterrupted,
)
from voxsip.cli._jobs.interrupts import interrupts
from voxsip.cli._terminal.output import print_figures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voxsip import Report
    from voxsip.cluster import ClusterJob, JobProgress

TIMEOUT = 2.0
"""Seconds an attempt may take: a dead worker's part is taken over after its lease and this."""
RESTART_SECONDS = 60.0
"""For a worker that was killed to be there again: Dask starts another process."""


def start(url: str, credentials: Path, rows: int, workers: int, concurrency: int) -> Exit:
    """Run the demo with a PostgreSQL server of its own. Raises ConfigurationError."""
    from voxsip.shared import LocalServer  # noqa: PLC0415 - only with the extra

    with LocalServer() as server:
        print_message("a PostgreSQL server was started for the jobs, in a temporary folder")
        return run(_demonstrate(url, credentials, server.dsn(), rows, workers, concurrency))


async def _demonstrate(
    url: str, credentials: Path, store: str, rows: int, workers: int, concurrency: int
) -> Exit:
    """Buy and bind registrations on a local Dask cluster, and check every one."""
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
        _, mismatches = await find_mismatches(client, (number for number, _ in bought), plan)
    twice = len(bought) - len({name for _, name in bought})
    figures = [
        ("bought", f"{made.done:,} of {rows:,} in {made.seconds:.1f} seconds, one worker killed"),
        ("twice", f"{twice:,}"),
        ("bound", f"{bound.done:,} of {rows:,} in {bound.seconds:.1f} seconds, one worker killed"),
        ("failed", f"{made.failed + made.unknown + bound.failed + bound.unknown:,}"),
        ("mismatches", f"{len(mismatches):,}"),
    ]
    print_figures(figures, 12)
    print_mismatches(mismatches)
    fine = made.ok and bound.ok and len(bought) == rows and not twice and not mismatches
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
            return uninterrupted(await follow(job, dask, signals, on_progress=kill))


def _write(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write rows to a CSV file; return its path."""
    kept = list(rows)
    columns = list(dict.fromkeys(name for row in kept[:2] for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(kept)
    return path
