"""One account, four processes: three bulk jobs and a service at one rate, apart and through a shared one.

    python -m benchmarks.shared_rate [--rate 300] [--rows 3000]

Every part is real: an emulator that refuses what comes too fast, PostgreSQL, and a process for each program.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any

import voxsip
from voxsip.shared import SharedRate
from voxsip.shared._local_server import LocalServer

Program = subprocess.Popen[str]
JOBS = 3
CALLS_PER_SECOND = 20


async def job(arguments: argparse.Namespace) -> None:
    shared = None if arguments.apart else SharedRate(arguments.store, rate=arguments.rate)
    async with client(arguments, shared) as api:
        first = 1 + arguments.job * arguments.rows
        rows = [
            {"sip_registration_id": n, "application_id": 1}
            for n in range(first, first + arguments.rows)
        ]
        sys.stdin.readline()
        report = await api.bulk.bind(rows)
        print(json.dumps({"ended": time.time(), "done": report.done, "calls": report.calls}))


async def service(arguments: argparse.Namespace) -> None:
    shared = None if arguments.apart else SharedRate(arguments.store, urgent=True)
    async with client(arguments, shared) as api:
        await api.applications.list()
        sys.stdin.readline()
        loop = asyncio.get_running_loop()
        ready, waits = loop.run_in_executor(None, sys.stdin.readline), []
        while not ready.done():
            started = time.perf_counter()
            await api.applications.list()
            waits.append(time.perf_counter() - started)
            await asyncio.sleep(max(0.0, 1 / CALLS_PER_SECOND - waits[-1]))
        print(json.dumps({"p95": statistics.quantiles(waits, n=20)[-1], "calls": len(waits)}))


def client(arguments: argparse.Namespace, shared: SharedRate | None) -> voxsip.AsyncClient:
    return voxsip.AsyncClient(arguments.credentials, base_url=arguments.base_url, rate_limit=shared)


def start(name: str, arguments: argparse.Namespace, number: int = 0) -> Program:
    command = [sys.executable, "-m", "benchmarks.shared_rate", "--run", name]
    command += ["--job", str(number), "--rows", str(arguments.rows), "--rate", str(arguments.rate)]
    command += ["--base-url", arguments.base_url, "--credentials", arguments.credentials]
    command += ["--store", arguments.store, *(["--apart"] if arguments.apart else [])]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(process: Program) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def answer(process: Program) -> dict[str, Any]:
    line = process.stdout.readline()
    process.communicate()
    return json.loads(line)


def counters(arguments: argparse.Namespace) -> dict[str, Any]:
    with urllib.request.urlopen(f"{arguments.base_url.rsplit('/', 1)[0]}/_emulator/state") as reply:  # noqa: S310 - our own emulator
        return json.load(reply)["counters"]


def serve(arguments: argparse.Namespace) -> Program:
    """Start an emulator; its first line is its address."""
    folder = f"{arguments.folder}/{time.monotonic_ns()}"
    command = [
        sys.executable,
        "-c",
        "import voxsip.cli; voxsip.cli.main()",
        "emulator",
        "--applications",
        "1",
        "--users",
        "1",
    ]
    command += ["--registrations", str(JOBS * arguments.rows), "--dir", folder]
    command += ["--latency", "0.03", "--rate-limit", str(arguments.rate)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    arguments.base_url = process.stdout.readline().split()[-1]
    arguments.credentials = f"{folder}/credentials.json"
    return process


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    emulator = serve(arguments)
    try:
        programs = [start("job", arguments, number) for number in range(JOBS)]
        serving = start("service", arguments)
        time.sleep(4.0)  # all have imported what they need
        go(serving)
        time.sleep(2.0)
        started = time.time()
        for program in programs:
            go(program)
        ended = [answer(program) for program in programs]
        go(serving)
        seen = answer(serving)
        found = counters(arguments)
    finally:
        emulator.terminate()
        emulator.communicate()
    times = [result["ended"] - started for result in ended]
    binds = found["BindSipRegistration"]
    executed = sum(count["executed"] for count in found.values())
    refused = sum(count["received"] - count["executed"] for count in found.values())
    return {
        "rows a second": sum(result["done"] for result in ended) / max(times),
        "refused": refused,
        "jobs end after": [round(seconds, 2) for seconds in times],
        "service p95 ms": round(1e3 * seen["p95"], 1),
        "use of the rate": round(
            (binds["executed"] / max(times) + CALLS_PER_SECOND * 0.9) / arguments.rate, 3
        ),
        "executed": executed,
    }


def alone(arguments: argparse.Namespace) -> float:
    emulator = serve(arguments)
    try:
        serving = start("service", arguments)
        time.sleep(2.0)
        go(serving)
        time.sleep(4.0)
        go(serving)
        return round(1e3 * answer(serving)["p95"], 1)
    finally:
        emulator.terminate()
        emulator.communicate()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run")
    parser.add_argument("--job", type=int, default=0)
    parser.add_argument("--rows", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=300)
    parser.add_argument("--apart", action="store_true")
    for name in ("--base-url", "--credentials", "--store"):
        parser.add_argument(name, default="")
    arguments = parser.parse_args()
    if arguments.run:
        asyncio.run({"job": job, "service": service}[arguments.run](arguments))
        return
    with LocalServer() as server, tempfile.TemporaryDirectory() as folder:
        arguments.store, arguments.folder = server.dsn(), folder
        print("service alone, p95 ms:", alone(arguments))
        for apart in (True, False):
            arguments.apart = apart
            print("apart:" if apart else "shared:", json.dumps(measure(arguments)), flush=True)


if __name__ == "__main__":
    main()
