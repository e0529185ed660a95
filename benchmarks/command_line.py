"""What a row costs through the command line, beside the same row through the library: `python -m benchmarks.command_line`.

Every job is a process of its own, run with few rows and then with many: the difference is the rows' alone, without what it
takes to start, to connect and to end. CPU of the whole process, all threads. A purchase takes many times as much as a bind:
each has a connection of its own. `python -m benchmarks.command_line ROUNDS`
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

import voxsip
from benchmarks.cores import pin
from benchmarks.loops import new_uvloop
from benchmarks.scene import APPLICATION, Scene
from benchmarks.stage import ROOT, Stage, staged

SIZES = {"bind": (1_000, 5_000), "create": (100, 600)}
"""Rows of the two jobs whose difference counts, by kind."""


def bind_rows(amount: int) -> Iterator[dict[str, Any]]:
    """Generate binds whose end is what the responder lists."""
    for number in range(1, amount + 1):
        yield {
            "sip_registration_id": number,
            "application_id": APPLICATION,
            "user_id": 2_000_000 + number,
        }


def create_rows(amount: int) -> Iterator[dict[str, Any]]:
    """Generate purchases."""
    for number in range(1, amount + 1):
        yield {
            "sip_username": f"new-{number}",
            "proxy": "sip.example.com",
            "password": f"secret-{number}",
        }


ROWS = {"bind": bind_rows, "create": create_rows}


@attrs.frozen(kw_only=True)
class Way:
    """One way to run a job.

    Attributes:
        kind: the kind of its rows.
        options: the options of the command line; None for the library, which reads no file and writes none.
    """

    kind: str
    options: tuple[str, ...] | None = None

    def command(self, scene: Path, rows: int, directory: Path) -> list[str]:
        """Return the arguments of a process that runs so many rows, its file written."""
        if self.options is None:
            return ["-m", "benchmarks.command_line", "job", str(scene), self.kind, str(rows)]
        told = Scene.load(scene)
        file = directory / "rows.csv"
        with file.open("w", newline="") as out:
            given = list(ROWS[self.kind](rows))
            writer = csv.DictWriter(out, given[0])
            writer.writeheader()
            writer.writerows(given)
        where = {
            "--credentials": told.credentials,
            "--base-url": told.base_url,
            "--ca-file": told.trust,
            "--concurrency": str(told.concurrency),
            "--journal": str(directory / "journal.sqlite"),
            "--report": str(directory / "report"),
        }
        named = [part for pair in where.items() for part in pair]
        return ["-m", "voxsip", "bulk", self.kind, str(file), *named, *self.options]


WAYS: Mapping[str, Way] = {
    "bind": Way(kind="bind"),
    "bind_command": Way(kind="bind", options=("--verify",)),
    "create": Way(kind="create"),
    "create_command": Way(kind="create", options=("--yes",)),
}


def cpu_of(command: Sequence[str]) -> float:
    """Run a Python process to its end; return its CPU seconds."""
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    with process.stderr as told:
        said = told.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said!r}")
    return usage.ru_utime + usage.ru_stime


def per_row(stage: Stage, way: Way, sizes: tuple[int, int]) -> float:
    """Return the CPU seconds of a row of a job."""
    taken = []
    for rows in sizes:
        stage.responder.ask({"registrations": rows})
        with tempfile.TemporaryDirectory() as directory:
            taken.append(cpu_of(way.command(stage.path, rows, Path(directory))))
    return (taken[1] - taken[0]) / (sizes[1] - sizes[0])


def measure(
    stage: Stage, rounds: int, sizes: Mapping[str, tuple[int, int]] = SIZES
) -> dict[str, float]:
    """Return microseconds a row for each way, and how many times as much the command line takes."""
    found = [
        {name: per_row(stage, way, sizes[way.kind]) * 1e6 for name, way in WAYS.items()}
        for _ in range(rounds)
    ]
    middle = {f"{name}_us": statistics.median(one[name] for one in found) for name in WAYS}
    ratios = {
        f"{kind}_ratio": statistics.median(one[f"{kind}_command"] / one[kind] for one in found)
        for kind in ROWS
    }
    return middle | ratios


async def run_job(scene: Scene, kind: str, rows: int) -> None:
    """Run a job by the library, every outcome read."""
    async with voxsip.AsyncClient(
        scene.credentials, base_url=scene.base_url, ssl=scene.trust
    ) as client:
        start = getattr(client.bulk, kind)
        good = 0
        async for outcome in start(ROWS[kind](rows), concurrency=scene.concurrency):
            good += outcome.status == "done"
    if good != rows:
        raise RuntimeError(f"{good} of {rows} rows are done")


def main() -> None:
    if sys.argv[1:2] == ["job"]:
        _, _, scene, kind, rows = sys.argv
        with asyncio.Runner(loop_factory=new_uvloop) as runner:
            runner.run(run_job(Scene.load(Path(scene)), kind, int(rows)))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with staged(concurrency=64) as stage:
        pin(stage.core)
        print(json.dumps(measure(stage, rounds), indent=1))


if __name__ == "__main__":
    main()
