"""What a row costs with a journal in PostgreSQL, against one in a file: CPU time of the client alone.

python -m benchmarks.store_journal [--rows 3000]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time

import voxsip
from voxsip.shared._local_server import LocalServer


async def run(kind: str, rows: int, journal: str | None, folder: str, base_url: str) -> None:
    async with voxsip.AsyncClient(f"{folder}/credentials.json", base_url=base_url) as client:
        await client.applications.list()
        started = time.process_time()
        if kind == "bind":
            given = [{"sip_registration_id": n + 1, "application_id": 1} for n in range(rows)]
            report = await client.bulk.bind(given, journal=journal)
        else:
            given = [
                {"sip_username": f"{time.time_ns()}-{n}", "proxy": "sip.example.com"}
                for n in range(rows)
            ]
            report = await client.bulk.create(given, journal=journal, check_funds=False)
        spent = time.process_time() - started
        where = "no journal" if journal is None else journal.partition(":")[0].rpartition("/")[2]
        print(f"{kind:7} {where:12} {1e6 * spent / report.done:6.0f} us of CPU a row", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=3000)
    rows = parser.parse_args().rows
    with LocalServer() as server, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "voxsip.emulator", "--dir", folder, "--applications", "1"]
        command += ["--registrations", str(rows), "--balance", "100000000"]
        emulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            base_url = emulator.stdout.readline().strip()
            for kind in ("bind", "create"):
                for journal in (None, f"{folder}/{kind}.sqlite", f"{server.dsn()}#{kind}"):
                    asyncio.run(run(kind, rows, journal, folder, base_url))
        finally:
            emulator.terminate()
            emulator.communicate()


if __name__ == "__main__":
    main()
