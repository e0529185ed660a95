"""`voxsip cluster`: a file of rows, run on several machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from attrs import frozen
from cyclopts import Parameter

from voxsip._bindings.rows import REQUESTS, RowKind
from voxsip._printable import counted
from voxsip._row_files import RowFile
from voxsip._row_files.row_file import READ_IN_PLACE, OnConflict
from voxsip.cli._connection import DEFAULT, Connection, Switch, run
from voxsip.cli._exit_codes import CommandError, Exit
from voxsip.cli._jobs.cluster_run import NO_ENGINE, Engine, launch
from voxsip.cli._jobs.dry_run import print_checked, print_mixed_users
from voxsip.cli._jobs.options import (
    NO_OPTIONS,
    NO_OUTPUT,
    CommonOptions,
    DryRun,
    File,
    Flag,
    Output,
    Yes,
)
from voxsip.cli._jobs.price import confirm
from voxsip.cli._terminal import questions
from voxsip.cli._terminal.output import print_figures, print_json

if TYPE_CHECKING:
    from voxsip import AsyncClient
    from voxsip.cluster import ClusterJob, JobStatus


@Parameter(name="*")
@frozen(kw_only=True)
class Division:
    """The job's name, and into how many parts its file is divided."""

    name: Annotated[str | None, Parameter(metavar="JOB")] = None
    "Name of the job [default: a generated one]."
    partitions: Annotated[str, Parameter(metavar="N")] = "auto"
    "Number of parts to divide the rows into."

    def parts(self) -> int | Literal["auto"]:
        """Return the number of parts. Raises CommandError."""
        text = self.partitions
        if text == "auto":
            return "auto"
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise CommandError(f"--partitions: give a number from 1, or auto, not {text!r}")
        return int(text)


_UNDIVIDED = Division()


def bind(
    file: File,
    /,
    *,
    division: Division = _UNDIVIDED,
    dry_run: DryRun = False,
    skip_unchanged: Flag = False,
    verify: Flag = False,
    on_conflict: OnConflict = "error",
    engine: Engine = NO_ENGINE,
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Bind and unbind the registrations named in a file, on several machines.

    Rows run concurrently; the final state is as if they had run in the order of the file. Without --scheduler and
    --workers the job is created and not run.

    Args:
        file: CSV or JSONL that every worker reads by this path.
        dry_run: Check the file and create nothing.
        skip_unchanged: Read the live state first; send nothing for rows that are already applied.
        verify: Read the live state at the end; report what differs.
        on_conflict: How to treat rows that name a user or a registration twice: refuse them, or run them in
            the order of the file.
    """
    job = {"on_conflict": on_conflict, "skip_unchanged": skip_unchanged, "verify": verify}
    return _make("bind", file, job, division, engine, options, dry_run=dry_run)


def create(
    file: File,
    /,
    *,
    division: Division = _UNDIVIDED,
    dry_run: DryRun = False,
    yes: Yes = False,
    skip_unchanged: Flag = False,
    on_conflict: OnConflict = "error",
    engine: Engine = NO_ENGINE,
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Buy the registrations named in a file, on several machines.

    Price and balance are shown before the first purchase. Whatever is killed, nothing is bought twice. Without
    --scheduler and --workers the job is created and not run.

    Args:
        file: CSV or JSONL that every worker reads by this path. Passwords stay in it.
        dry_run: Check the file and create nothing.
        yes: Do not ask before buying.
        skip_unchanged: Do not buy registrations that exist: the same user name at the same proxy.
        on_conflict: How to treat rows that buy the same twice, or name a user twice: refuse them, or run
            them in the order of the file.
    """

    async def ask(client: AsyncClient, job: ClusterJob) -> None:
        rows = await job.accounts()
        await confirm(client, rows, yes=yes, as_json=options.output.json, at_most=skip_unchanged)

    job = {"on_conflict": on_conflict, "skip_unchanged": skip_unchanged}
    return _make("create", file, job, division, engine, options, ask, dry_run=dry_run)


def delete(
    file: File,
    /,
    *,
    division: Division = _UNDIVIDED,
    dry_run: DryRun = False,
    yes: Yes = False,
    skip_unchanged: Flag = False,
    on_conflict: OnConflict = "error",
    engine: Engine = NO_ENGINE,
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Delete the registrations of a file, on several machines. It cannot be undone.

    Without --scheduler and --workers the job is created and not run.

    Args:
        file: CSV or JSONL with a column sip_registration_id that every worker reads by this path.
        dry_run: Check the file and create nothing.
        yes: Do not ask; on a terminal only.
        skip_unchanged: Read the live state first; send nothing for registrations that are already gone.
        on_conflict: How to treat rows that name a registration twice: refuse them, or run them in the
            order of the file.
    """

    async def ask(_: AsyncClient, job: ClusterJob) -> None:
        if job.rows and not yes and questions.on_terminal():
            questions.confirm(f"Delete {counted(job.rows, 'registration')}?", "nothing was deleted")

    job = {"on_conflict": on_conflict, "skip_unchanged": skip_unchanged}
    return _make("delete", file, job, division, engine, options, ask, dry_run=dry_run)


def resume(
    job: str,
    /,
    *,
    engine: Engine = NO_ENGINE,
    output: Output = NO_OUTPUT,
    connection: Connection = DEFAULT,
) -> int:
    """Resume a job, from any machine that reads its file.

    Rows that ended are not sent again. A purchase whose outcome is unknown is looked for first.

    Args:
        job: Its name.
    """
    if not engine.chosen:
        raise CommandError("say who works on it: --scheduler ADDRESS, or --workers N")
    store = engine.address()

    async def find(client: AsyncClient) -> ClusterJob:
        return await client.cluster.open(job, store=store)

    return launch(find, engine=engine, output=output, connection=connection, resumed=True)


def status(
    job: str,
    /,
    *,
    json: Switch = False,
    engine: Engine = NO_ENGINE,
) -> int:
    """Show a running or stopped job without disturbing it.

    Args:
        job: Its name.
        json: Write one JSON object.
    """
    from voxsip.cluster import read_status  # noqa: PLC0415 - only for those who have jobs

    state = run(read_status(engine.address(), job))
    if json:
        print_json(state.to_dict())
    else:
        _print_status(state)
    return Exit.DONE


def _print_status(state: JobStatus) -> None:
    progress, report = state.progress, state.progress.report
    counts = ("done", "unchanged", "failed", "skipped", "unknown")
    standing = "running" if progress.running else "stopped"
    if progress.ended == progress.parts:
        standing = "complete"
    elif progress.stopped is not None and not progress.running:
        standing = f"stopped: {progress.stopped}"
    figures = [
        ("job", f"{state.job_id}: {state.kind}, {standing}"),
        ("file", state.path),
        ("rows", f"{report.rows:,} of {progress.rows:,}"),
        *((name, f"{count:,}") for name in counts if (count := getattr(report, name))),
        ("parts", f"{progress.ended:,} of {progress.parts:,} done, {progress.running:,} running"),
    ]
    figures += [("", f"{count:,} x {name}") for name, count in report.errors.items()]
    figures += [(f"part {part}", trouble) for part, trouble in state.troubles.items()]
    print_figures(figures)


def _make(
    kind: RowKind,
    file: str,
    job: dict[str, Any],
    division: Division,
    engine: Engine,
    options: CommonOptions,
    ask: Any = None,
    *,
    dry_run: bool,
) -> Exit:
    reading = options.file_options.reading()
    if reading.encoding is not None or reading.sheet is not None:
        raise CommandError(f"--file-encoding, --sheet: {READ_IN_PLACE}")
    job |= {
        **options.limits.values(),
        "name": division.name,
        "partitions": division.parts(),
        "map": reading.names,
        "set": reading.constants,
        "ignore_extra_columns": reading.ignore_extra,
    }
    if file == "-":
        raise CommandError(
            "rows of standard input are nowhere that a worker could read: name a file"
        )
    if dry_run:
        with RowFile(file, REQUESTS[kind], reading) as source:
            if source.converted:
                raise CommandError(f"{source.name}: {READ_IN_PLACE}")
            rows = source.check(on_conflict=job["on_conflict"])
            print_mixed_users(kind, source, rows)
            return print_checked(source, rows, as_json=options.output.json)
    store = engine.address()

    async def find(client: AsyncClient) -> ClusterJob:
        made: ClusterJob = await getattr(client.cluster, kind)(file, store=store, **job)
        return made

    return launch(
        find, engine=engine, output=options.output, connection=options.connection, ask=ask
    )
