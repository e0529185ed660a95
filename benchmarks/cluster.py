"""Jobs on several machines, measured: what a row costs, how much of a rate is used, how soon a dead worker's part continues.

    python -m benchmarks.cluster [cost] [rate] [takeover] [binds] [--rows 3000]

Every part is real: an emulator, PostgreSQL, Dask workers. The store's own server does not wait for its disk here.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg

import voxsip
from voxsip.cluster import ClusterJob, JobProgress, local_workers, run_part
from voxsip.shared import LocalServer

RATES = (50, 300, 3000)
SECONDS = 20
"""How long a job at a rate lasts at least."""


class Scene:
    """An emulator and a store; what is written for workers lies in its folder."""

    def __init__(self, folder: Path, server: LocalServer, emulator: subprocess.Popen[str]) -> None:
        self.folder = folder
        self.store = server.dsn()
        self.emulator = emulator
        assert emulator.stdout is not None
        self.base_url = emulator.stdout.readline().strip()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "VOXIMPLANT_CREDENTIALS": str(self.folder / "credentials.json"),
            "VOXIMPLANT_BASE_URL": self.base_url,
        }

    def client(self, **options: Any) -> voxsip.AsyncClient:
        credentials = self.folder / "credentials.json"
        return voxsip.AsyncClient(credentials, base_url=self.base_url, **options)

    def write(self, rows: list[dict[str, Any]]) -> str:
        path = self.folder / f"{time.time_ns()}.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def state(self) -> dict[str, Any]:
        url = self.base_url.replace("/platform_api", "/_emulator/state")
        with urllib.request.urlopen(url) as reply:  # noqa: S310 - the emulator
            state: dict[str, Any] = json.load(reply)
        return state


@contextmanager
def scene(*options: object) -> Iterator[Scene]:
    with LocalServer() as server, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "voxsip.emulator", "--dir", folder, *map(str, options)]
        emulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            yield Scene(Path(folder), server, emulator)
        finally:
            emulator.terminate()
            emulator.communicate()


def rows_of(kind: str, count: int) -> list[dict[str, Any]]:
    if kind == "bind":
        return [{"sip_registration_id": n + 1, "application_id": 1} for n in range(count)]
    unique = time.time_ns()
    return [{"sip_username": f"{unique}-{n}", "proxy": "sip.example.com"} for n in range(count)]


async def cost(rows: int) -> None:
    """CPU time of a row: with a journal in a file, and as parts of a job, one after another in one process."""
    with scene("--applications", 1, "--registrations", rows, "--balance", 10**8) as stage:
        for kind in ("bind", "create"):
            async with stage.client() as client:
                given = rows_of(kind, rows)
                await client.applications.list()
                started = time.process_time()
                journal = stage.folder / f"{kind}.sqlite"
                await getattr(client.bulk, kind)(given, journal=journal)
                file = (time.process_time() - started) / rows
                path = stage.write(rows_of(kind, rows))
                async with await getattr(client.cluster, kind)(path, store=stage.store) as job:
                    started = time.process_time()
                    for part in range(job.parts):
                        await run_part(stage.store, job.job_id, part, client=client)
                    parts = (time.process_time() - started) / rows
                    assert (await job.report()).done == rows
            print(
                f"{kind:7} file {1e6 * file:6.0f} us, {job.parts} parts {1e6 * parts:6.0f} us of CPU a row: "
                f"{parts / file:.2f} times",
                flush=True,
            )


async def use_of_rate(workers: int) -> None:
    """How much of an account's rate a job of several workers uses, and what is refused."""
    for rate in RATES:
        rows = rate * SECONDS
        options = ("--applications", 1, "--registrations", rows, "--rate-limit", rate)
        with scene(*options) as stage:
            path = stage.write(rows_of("bind", rows))
            async with (
                stage.client() as client,
                local_workers(workers, store=stage.store, environment=stage.environment) as dask,
                await client.cluster.bind(
                    path,
                    store=stage.store,
                    partitions=4 * workers,
                    rate_limit=voxsip.RateLimit(rate),
                ) as job,
            ):
                report = await job.run(dask)
            first, last = await moments(stage.store, 0.2, 0.9)
            lately = 0.7 * rows / (last - first)
            print(
                f"{rate:5} a second: {lately:6.0f} rows a second in its midst, {lately / rate:4.0%} used, "
                f"{report.retries} refused; {report.done / report.seconds:.0f} with beginning and end",
                flush=True,
            )


async def moments(store: str, *shares: float) -> list[float]:
    """Return when these shares of all rows had ended, by the workers' clocks."""
    connection = await asyncpg.connect(store)
    query = "SELECT percentile_disc($1::float8[]) WITHIN GROUP (ORDER BY at) FROM voxsip.job_row"
    try:
        return [at / 1e3 for at in await connection.fetchval(query, list(shares))]
    finally:
        await connection.close()


async def takeover(rows: int) -> None:
    """Seconds from the death of a worker to the end of the job, which waits for its part."""
    with scene("--balance", 10**6) as stage:
        path = stage.write(rows_of("create", rows))
        async with (
            stage.client(timeout=5) as client,
            local_workers(2, store=stage.store, environment=stage.environment) as dask,
            await client.cluster.create(
                path, store=stage.store, partitions=2, rate_limit=voxsip.RateLimit(rows / 6)
            ) as job,
        ):
            victim = next(iter((await dask.run(os.getpid)).values()))
            killed: list[float] = []

            def kill(progress: JobProgress) -> None:
                if not killed and progress.report.rows >= rows / 4 and progress.running == 2:
                    killed.append(time.monotonic())
                    os.kill(victim, signal.SIGKILL)

            report = await job.run(dask, on_progress=kill)
            passed = time.monotonic() - killed[0]
        executed = stage.state()["counters"]["CreateSipRegistration"]["executed"]
    print(
        f"a worker killed: the job ended {passed:.1f} s later (lease 15 s, attempt 5 s); "
        f"{report.done} of {rows} done, {executed} bought",
        flush=True,
    )


async def binds(rows: int, workers: int) -> None:
    """Binds in 12 parts against one after another: the final state of every registration."""
    with scene("--applications", 3, "--users", rows, "--registrations", rows) as stage:
        chance = random.Random(7)
        expected: dict[int, tuple[int | None, int | None]] = dict.fromkeys(
            range(1, rows + 1), (None, None)
        )
        holder: dict[int, int] = {}
        given = []
        for _ in range(rows):
            registration, user = chance.randint(1, rows), chance.randint(1, rows)
            application = (user - 1) % 3 + 1
            given.append(
                {
                    "sip_registration_id": registration,
                    "application_id": application,
                    "user_id": user,
                }
            )
            before = expected[registration]
            if before[1] is not None:
                holder.pop(before[1], None)
            if user in holder:
                loser = holder[user]
                expected[loser] = (expected[loser][0], None)
            expected[registration] = (application, user)
            holder[user] = registration
        path = stage.write(given)
        del given
        async with (
            stage.client() as client,
            local_workers(workers, store=stage.store, environment=stage.environment) as dask,
        ):
            before = peak_memory()
            started = time.monotonic()
            job: ClusterJob = await client.cluster.bind(path, store=stage.store, partitions=12)
            print(
                f"planned in {time.monotonic() - started:.1f} s, {peak_memory() - before:.0f} MB more: {job.note}",
                flush=True,
            )
            async with job:
                report = await job.run(dask)
            print(f"memory of this process: {before:.0f} MB before, {peak_memory():.0f} MB at most")
        found = {
            row["sip_registration_id"]: (row["application_id"], row["user_id"])
            for row in stage.state()["registrations"]
        }
        wrong = sum(found[number] != expected[number] for number in expected)
        print(
            f"{report.done:,} of {rows:,} binds in {job.parts} parts by {workers} workers in {report.seconds:.0f} s: "
            f"{wrong} registrations differ from one after another",
            flush=True,
        )


def peak_memory() -> float:
    """MB that this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["cost", "rate", "takeover", "binds"])
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    if "cost" in arguments.what:
        asyncio.run(cost(arguments.rows))
    if "rate" in arguments.what:
        asyncio.run(use_of_rate(arguments.workers))
    if "takeover" in arguments.what:
        asyncio.run(takeover(min(arguments.rows, 600)))
    if "binds" in arguments.what:
        asyncio.run(binds(arguments.rows, arguments.workers))


if __name__ == "__main__":
    main()
