"""Run a job on several machines: its engine, display, reports, figures, exit code."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from attrs import frozen
from cyclopts import Group, Parameter

from voxsip import ConfigurationError, Report
from voxsip.cli._display.base import Work
from voxsip.cli._display.choice import display
from voxsip.cli._display.events import count_in_events, ending_events
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.follow import INTERRUPTED, VERBS
from voxsip.cli._jobs.interrupts import run_interruptible
from voxsip.cli._jobs.summary import finish
from voxsip.cli._parameters import COUNT
from voxsip.cli._terminal.streams import unblock_output
from voxsip.shared import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from voxsip import AsyncClient
    from voxsip.cli._connection import Connection
    from voxsip.cli._jobs.interrupts import Interrupts
    from voxsip.cli._jobs.options import Output
    from voxsip.cluster import ClusterJob, JobProgress

_GROUP = Group("Cluster", sort_key=35)
STORE = "VOXSIP_STORE"


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class Engine:
    """Where a job is kept, and who works on it."""

    store: Annotated[str | None, Parameter(metavar="ADDRESS")] = None
    "The PostgreSQL database that keeps the job; else VOXSIP_STORE."
    scheduler: Annotated[str | None, Parameter(metavar="ADDRESS")] = None
    "Run it on this Dask cluster, such as tcp://host:8786."
    workers: Annotated[int | None, COUNT] = None
    "Run it on so many processes of this machine."

    def address(self) -> str:
        """Return the address of the store. Raises CommandError if nobody names one."""
        address = self.store or os.environ.get(STORE)
        if not address:
            raise CommandError(
                f"name the store: --store postgresql://user@host/database, or {STORE}"
            )
        return address

    @property
    def chosen(self) -> bool:
        """Whether anybody is to work on the job. Raises CommandError for two engines."""
        if self.scheduler is not None and self.workers is not None:
            raise CommandError("--scheduler and --workers: give one of the two")
        return self.scheduler is not None or self.workers is not None

    @contextlib.asynccontextmanager
    async def client(self, connection: Connection) -> AsyncIterator[Any]:
        """Give Dask's client."""
        from voxsip.cluster import connect, local_workers  # noqa: PLC0415 - only with an engine

        if self.scheduler is not None:
            async with connect(self.scheduler) as client:
                yield client
            return
        environment = {
            "VOXIMPLANT_CREDENTIALS": connection.credentials,
            "VOXIMPLANT_BASE_URL": connection.base_url,
            "SSL_CERT_FILE": connection.ca_file,
        }
        given = {name: value for name, value in environment.items() if value is not None}
        print_message(f"starting {self.workers} process{'' if self.workers == 1 else 'es'}")
        async with local_workers(
            self.workers or 1, store=self.address(), environment=given
        ) as client:
            yield client


NO_ENGINE = Engine()


def launch(
    find: Callable[[AsyncClient], Awaitable[ClusterJob]],
    *,
    engine: Engine,
    output: Output,
    connection: Connection,
    ask: Callable[[AsyncClient, ClusterJob], Awaitable[None]] | None = None,
    resumed: bool = False,
) -> Exit:
    """Make or find a job, run it if an engine is named, and return the exit code.

    Args:
        ask: Asks whether to begin; raises CommandError if not.
        resumed: Whether the job was begun before.
    """
    if connection.rate_store is not None:
        raise CommandError("--rate-store: a job on several machines keeps its rate in its --store")
    output.check()
    begin, job_id = engine.chosen, ""

    async def main(signals: Interrupts) -> Exit:
        nonlocal job_id
        async with connection.client() as client, await find(client) as job:
            count_in_events(Report(kind=job.kind))
            print_message(f"job {job.job_id}: {job.note}")
            again = resume_command(job.job_id, engine)
            if not begin:
                print_message(
                    f"run it by: {again} --scheduler ADDRESS, or --workers N, or run_part"
                )
                return Exit.DONE
            if ask is not None:
                await ask(client, job)
            job_id = job.job_id
            async with engine.client(connection) as dask:
                report = await follow(job, dask, signals, as_json=output.json)
            written = await _reports(job, report, output.report)
            signals.over = True
        return finish(report, job.rows, output, again=again, reports=written, resumed=resumed)

    def cut_off() -> str:
        return f"cut off; resume with: {resume_command(job_id, engine)}" if job_id else "cut off"

    with ending_events():
        return run_interruptible(main, cut_off)


async def follow(
    job: ClusterJob,
    dask: Any,
    signals: Interrupts,
    *,
    as_json: bool = False,
    on_progress: Callable[[JobProgress], None] | None = None,
) -> Report:
    """Run a job with a display; the first Ctrl-C stops it in order.

    Args:
        on_progress: Called as well, whenever a worker tells how far it is.
    """
    work = Work(
        verb=VERBS[job.kind],
        file=job.path,
        total=job.rows,
        before="waiting for workers",
        after="comparing with the live state" if job.options.get("verify") else "",
    )
    shown = display(work, json=as_json)
    stopping: set[asyncio.Task[None]] = set()

    def stop() -> None:
        shown.message("Interrupted: calls in flight end first. Ctrl-C again cuts them off.")
        stopping.add(asyncio.create_task(job.stop(INTERRUPTED)))

    last = -math.inf

    def tick(progress: JobProgress) -> None:
        nonlocal last
        count_in_events(progress.report)
        now = progress.report.seconds
        if now - last >= shown.interval:
            last = now
            shown.refresh(progress.report, progress.concurrency)
        if on_progress is not None:
            on_progress(progress)

    unblock_output(events=as_json)
    shown.started()
    try:
        signals.first = stop
        return await job.run(dask, on_progress=tick)
    finally:
        signals.first = None
        if stopping:
            await asyncio.wait(stopping)
        shown.ended()


async def _reports(job: ClusterJob, report: Report, directory: str | None) -> dict[str, Path]:
    if directory is None:
        return {}
    earlier = os.path.lexists(Path(directory) / "report.json")  # noqa: ASYNC240 - one look
    try:
        written = await job.write_reports(report, directory)
    except ConfigurationError as error:
        print_message(f"voxsip: {error}; the job is done without")
        return {}
    if earlier:
        print_message(f"{directory} held an earlier report; it is kept under names with a number")
    return written


def resume_command(job_id: str, engine: Engine) -> str:
    """Word the command that resumes a job."""
    command = ["voxsip", "cluster", "resume", job_id]
    if engine.store is not None:
        command += ["--store", shown(engine.store)]
    if engine.scheduler is not None:
        command += ["--scheduler", engine.scheduler]
    if engine.workers is not None:
        command += ["--workers", str(engine.workers)]
    return shlex.join(command)
