"""`voxsip demo`: ten thousand registrations, bound in bulk and checked, without an account."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import AsyncClient
from voxsip._printable import counted
from voxsip.cli._connection import run
from voxsip.cli._display.base import Work
from voxsip.cli._display.choice import display
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs import cluster_demo, desired_demo
from voxsip.cli._jobs.demo_model import (
    Bound,
    make_rows,
    one_after_another,
    purchases,
    read_users,
)
from voxsip.cli._jobs.emulator_process import emulator_process
from voxsip.cli._jobs.follow import INTERRUPTED, follow
from voxsip.cli._jobs.interrupts import interrupts, stop_signals
from voxsip.cli._jobs.options import Flag
from voxsip.cli._terminal.output import print_text
from voxsip.cli._terminal.streams import tolerate_lost_output

if TYPE_CHECKING:
    from voxsip import Report
    from voxsip.bulk import BulkJob

_APPLICATIONS = 3
_USERS = 1_000
_SHOWN = 10


def demo(
    *,
    rows: int | None = None,
    concurrency: int = 64,
    desired: Flag = False,
    workers: int | None = None,
) -> int:
    """Start an emulator, make registrations, bind them all in bulk, and check every one.

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
    if workers is not None and (desired or workers < 2):
        raise CommandError("--workers: give a number from 2, and not with --desired")
    if rows is None:
        rows = 1_000 if desired else 10_000
    if rows < 1:
        raise CommandError("--rows: give a number from 1")
    # However we are told to end, the emulator ends too.
    for number in stop_signals():
        signal.signal(number, signal.default_int_handler)
    tolerate_lost_output()
    with tempfile.TemporaryDirectory(prefix="voxsip-demo-") as folder:
        options = {
            "--dir": folder,
            "--applications": _APPLICATIONS,
            "--users": rows if desired else _USERS,
            "--registrations": rows if desired else 0,
            "--balance": rows,
            "--price": 1,
        }
        with emulator_process(*(str(word) for pair in options.items() for word in pair)) as url:
            users = rows if desired else _USERS
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
        found = {
            item.sip_registration_id: Bound(item.application_id, item.user_id)
            async for item in client.sip_registrations.list()
        }
        reading = time.monotonic() - started
    expected = one_after_another(
        registrations, ((row.registration, row.application, row.user) for row in plan)
    )
    wrong = [one for one in expected.keys() | found.keys() if expected.get(one) != found.get(one)]
    _print(made, report, len(found), reading, len(wrong))
    for one in sorted(wrong)[:_SHOWN]:
        print_message(f"registration {one}: expected {expected.get(one)}, found {found.get(one)}")
    fine = made.ok and report.ok and len(found) == rows and not wrong
    return Exit.DONE if fine else Exit.FAILED


async def _follow(job: BulkJob[Any], verb: str, rows: int) -> Report:
    with interrupts() as signals:
        report = await follow(job, display(Work(verb=verb, total=rows)), signals)
    if report.stopped == INTERRUPTED:
        raise CommandError("interrupted; the emulator and all it held are gone", Exit.INTERRUPTED)
    return report


def _print(made: Report, bound: Report, found: int, reading: float, mismatches: int) -> None:
    rate = bound.calls / bound.seconds if bound.seconds else 0.0
    for name, figure in (
        ("created", f"{counted(made.done, 'registration')} in {made.seconds:.1f} seconds"),
        ("rows", f"{bound.rows:,}"),
        ("done", f"{bound.done:,}"),
        ("failed", f"{bound.failed + bound.unknown:,}"),
        ("seconds", f"{bound.seconds:.1f}"),
        ("calls", f"{bound.calls:,} ({rate:,.0f} per second)"),
        ("retries", f"{bound.retries:,}"),
        ("read back", f"{counted(found, 'registration')} in {reading:.1f} seconds"),
        ("mismatches", f"{mismatches:,}"),
    ):
        print_text(f"{name:<12}{figure}")
