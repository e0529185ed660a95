"""What `voxsip demo` spends its time on: 10,000 binds against the emulator on the other core.

The emulator verifies tokens, keeps state and is a Python program: it, not the client, sets the pace.
`python -m benchmarks.demo ROWS [CORE OTHER_CORE]`
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import voxsip
from benchmarks.cores import pin
from benchmarks.stage import ROOT

APPLICATIONS = 3
USERS = 1_000


def binds(amount: int) -> Iterator[dict[str, Any]]:
    """Give every registration a user that may have another one already, as the demo does."""
    chance = random.Random(7)
    for number in chance.sample(range(1, amount + 1), amount):
        user = chance.randint(1, USERS)
        yield {
            "sip_registration_id": number,
            "application_id": (user - 1) % APPLICATIONS + 1,
            "user_id": user,
        }


async def measure(amount: int, url: str, credentials: Path, pid: int) -> dict[str, float | None]:
    """Bind all; return wall seconds, and the CPU seconds of both sides."""
    async with voxsip.AsyncClient(credentials, base_url=url) as client:
        await client.sip_registrations.list(count=1)
        wall, cpu, theirs = time.perf_counter(), time.process_time(), _cpu_of(pid)
        report = await client.bulk.bind(binds(amount), concurrency=64)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        assert report.done == amount
        after = _cpu_of(pid)
    emulator = after - theirs if after is not None and theirs is not None else None
    return {"rows": amount, "wall_s": wall, "client_cpu_s": cpu, "emulator_cpu_s": emulator}


def _cpu_of(pid: int) -> float | None:
    """Return another process's CPU seconds, where the system tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    rows, *cores = sys.argv[1:]
    pin(*cores[1:])  # the emulator inherits it
    with tempfile.TemporaryDirectory() as folder:
        size = ("--applications", str(APPLICATIONS), "--users", str(USERS), "--registrations", rows)
        emulator = subprocess.Popen(
            [sys.executable, "-m", "voxsip.emulator", "--dir", folder, *size],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        try:
            assert emulator.stdout is not None
            url = emulator.stdout.readline().strip()
            pin(*cores[:1])
            credentials = Path(folder) / "credentials.json"
            found = asyncio.run(measure(int(rows), url, credentials, emulator.pid))
        finally:
            emulator.terminate()
            emulator.wait()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
