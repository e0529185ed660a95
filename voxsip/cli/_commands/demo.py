"""`voxsip demo`: ten thousand registrations, bound in bulk and checked, without an account."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from voxsip import AsyncClient
from voxsip._printable import counted
from voxsip.cli._connection import run
from voxsip.cli._display.base import Work
from voxsip.cli._display.choice import display
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs import cluster_demo, desired_demo
from voxsip.cli._jobs.demo_model import (
    find_mismatches,
    make_rows,
    print_mismatches,
    purchases,
    read_users,
    uninterrupted,
)
from voxsip.cli._jobs.emulator_process import emulator_process
from voxsip.cli._jobs.follow import follow
from voxsip.cli._jobs.interrupts import interrupts, stop_signals
from voxsip.cli._jobs.options import Flag
from voxsip.cli._parameters import CONCURRENCY, COUNT, WORKERS
from voxsip.cli._terminal.output import print_figures
from voxsip.cli._terminal.streams import tolerate_lost_output

if TYPE_CHECKING:
    from voxsip import Report
    from voxsip.bulk import BulkJob

_APPLICATIONS = 3
_USERS = 1_000


def demo(
    *,
    rows: Annotated[int | None, COUNT] = None,
    concurrency: Annotated[int, CONCURRENCY] = 64,
    desired: Flag = False,
    workers: Annotated[int | None, WORKERS] = None,
) -> int:
    """Start an emulator, make registrations, bind them in bulk, and check each one.

    Rows outnumber users, so most rows take a user from another: the order of the rows decides who
    keeps whom. What the emulator holds at the end is compared, registration by registration, with
    what running the rows one after another would give.

    With --desired, users change places instead: the live state is exported, its users are shuffled, the
    plan is shown and applied, and a second plan finds nothing left to do.

    With --workers, that many processes of a Dask cluster buy and bind the registrations, with a PostgreSQL server
    that is started for the demo. During each job one process is killed; nothing is bought twice.

    Args:
        rows: Number of registrations [default: 10,000, and 1,000 with --desired].
        concurrency: Calls in flight at most; with --workers, for each of them.
        desired: Demonstrate plan and apply.
        workers: Number of processes to run the jobs on.
    """
    if workers is not None and desired:
        raise CommandError("--workers and --desired: give one of the two")
    if rows is None:
        rows = 1_000 if desired else 10_000
    # However we are told to end, the emulator ends too.
    for number in stop_signals():
        signal.signal(number, signal.default_int_handler)
    tolerate_lost_output()
    users = rows if desired else _USERS
    with tempfile.TemporaryDirectory(prefix="voxsip-demo-") as folder:
        options = {
            "--dir": folder,
            "--applications": _APPLICATIONS,
            "--users": users,
            "--registrations": rows if desired else 0,
            "--balance": rows,
            "--price": 1,
        }
        with emulator_process(*(str(word) for pair in options.items() for word in pair)) as url:
            print_message(
                f"an emulator serves {url}: {_APPLICATIONS} applications, {counted(users, 'user')}"
            )
            credentials = Path(folder) / "credentials.json"
            if workers is not None:
                return cluster_demo.start(url, credentials, rows, workers, concurrency)
            if desired:
                return run(desired_demo.demonstrate(url, credentials, rows, concurrency, _follow))
            return run(_demonstrate(url, credentials, rows, concurrency))


async def _demonstrate(url: str, credentials: Path, rows: int, concurrency: int) -> Exit:
    async with AsyncClient(credentials, base_url=url, proxy="") as client:
        made = await _follow(
            client.bulk.create(purchases(rows), concurrency=concurrency), "creating", rows
        )
        users = await read_users(client)
        registrations = [item.sip_registration_id async for item in client.sip_registrations.list()]
        plan = make_rows(registrations, users)
        report = await _follow(
            client.bulk.bind([row.request for row in plan], concurrency=concurrency),
            "binding",
            rows,
        )
        started = time.monotonic()
        found, mismatches = await find_mismatches(client, registrations, plan)
        reading = time.monotonic() - started
    rate = report.calls / report.seconds if report.seconds else 0.0
    figures = [
        ("created", f"{counted(made.done, 'registration')} in {made.seconds:.1f} seconds"),
        ("rows", f"{report.rows:,}"),
        ("done", f"{report.done:,}"),
        ("failed", f"{report.failed + report.unknown:,}"),
        ("seconds", f"{report.seconds:.1f}"),
        ("calls", f"{report.calls:,} ({rate:,.0f} per second)"),
        ("retries", f"{report.retries:,}"),
        ("read back", f"{counted(found, 'registration')} in {reading:.1f} seconds"),
        ("mismatches", f"{len(mismatches):,}"),
    ]
    print_figures(figures, 12)
    print_mismatches(mismatches)
    fine = made.ok and report.ok and found == rows and not mismatches
    return Exit.DONE if fine else Exit.FAILED


async def _follow(job: BulkJob[Any], verb: str, rows: int) -> Report:
    with interrupts() as signals:
        work = Work(verb=verb, total=rows)
        return uninterrupted(await follow(job, display(work), signals))
