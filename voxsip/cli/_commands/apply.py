"""`voxsip apply`: a plan applied, or a file planned, shown and applied."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from voxsip import Report, VoxsipError
from voxsip._printable import counted
from voxsip.cli._commands.plan import check_folder, make_plan, save_plan, show_plan
from voxsip.cli._display.base import Work
from voxsip.cli._display.choice import display
from voxsip.cli._display.events import ending_events, print_event, print_finished
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.desired_file import DesiredFile
from voxsip.cli._jobs.follow import VERBS, follow
from voxsip.cli._jobs.interrupts import run_interruptible
from voxsip.cli._jobs.notes import print_note
from voxsip.cli._jobs.options import NO_OPTIONS, CommonOptions, File, FileOptions, Yes
from voxsip.cli._jobs.plan_options import DEFAULT_PLANNING, PlanOptions
from voxsip.cli._jobs.summary import exit_code, print_report
from voxsip.cli._terminal import questions
from voxsip.plan import Plan, PlanNotAppliedError, StalePlanError, is_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voxsip import AsyncClient, Outcome
    from voxsip.bulk import BulkJob
    from voxsip.cli._jobs.interrupts import Interrupts

COLUMNS = ("number", "action", "sip_registration_id", "sip_username", "proxy", "takes")


def apply(
    file: File,
    /,
    *,
    yes: Yes = False,
    rows: Annotated[str | None, Parameter(metavar="FILE")] = None,
    plan: Annotated[str | None, Parameter(metavar="PLAN")] = None,
    planning: PlanOptions = DEFAULT_PLANNING,
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Apply a plan: exactly its changes, or none if the live state has changed since.

    Given a file of rows, plans it, shows the plan and asks. PLAN.journal is always kept. If the plan was
    interrupted, the same command resumes it. A plan that was applied completely is refused.

    Args:
        file: A plan saved by 'voxsip plan --out', or a file of rows.
        yes: Do not ask.
        rows: The file that the plan was made from, if passwords are in it and it was moved.
        plan: New file for the plan of a file of rows [default: FILE.plan].
    """
    if not is_plan(file):
        return _apply_rows(file, plan, planning, options, yes=yes)
    unfit = [name for name, given in (("--plan", plan), ("--scope", planning.scope)) if given]
    unfit += [
        f"--{name.replace('_', '-')}"
        for name in ("prune", "set_passwords", "replace", "delete_first")
        if getattr(planning, name)
    ]
    if unfit:
        raise CommandError(f"{', '.join(unfit)}: the plan is made already; plan the file again")
    options.output.check()
    made = Plan.load(file)
    if not made.changes:
        print_message("nothing to do: the plan is empty")
        if options.output.json:
            print_event("plan", file=file, exit_code=Exit.DONE, **made.to_dict())
            print_finished(Report(kind="apply"), Exit.DONE)
        return Exit.DONE
    with _input_of(made, rows, options.file_options) as given:

        async def main(signals: Interrupts) -> Exit:
            async with options.connection.client() as client:
                return await _run(client, signals, made, given, options, force=planning.force)

        return _interruptible(main, lambda: file)


def _apply_rows(
    file: str, kept: str | None, planning: PlanOptions, options: CommonOptions, *, yes: bool
) -> int:
    options.output.check()
    check_folder("--plan", kept)
    how = planning.values()
    options.for_client()  # what is wrong with the limits is said before anything is planned
    if kept is None and file == "-":
        raise CommandError("rows come from standard input: say with --plan where to keep the plan")
    saved: list[str] = []
    with DesiredFile(file, options.file_options.reading()) as rows:
        print_note(rows)
        rows.check()

        async def main(signals: Interrupts) -> Exit:
            async with options.connection.client() as client:
                made = await make_plan(client, rows, how)
                code = Exit.USAGE if made.refused else Exit.DONE
                show_plan(made, rows.name, as_json=options.output.json, code=code)
                if made.refused or not made.changes:
                    if options.output.json:
                        print_finished(Report(kind="apply"), code)
                    return code
                if made.thresholds.exceeded and not made.thresholds.forced:
                    raise CommandError(
                        "the plan is past a threshold; look through it, then pass --force",
                        Exit.STOPPED,
                    )
                if not yes:
                    if not questions.on_terminal():
                        raise CommandError(
                            "nothing was changed: pass --yes to apply without being asked"
                        )
                    questions.confirm(
                        f"Make {'this' if len(made.changes) == 1 else 'these'} {counted(len(made.changes), 'change')}?",
                        "nothing was changed",
                    )
                path = kept or _free_name(file)
                made = save_plan(made, path, rows)
                saved.append(path)
                print_message(f"the plan is {path}, its journal {path}.journal")
                return await _run(client, signals, made, rows, options, force=planning.force)

        return _interruptible(main, lambda: saved[0] if saved else None)


async def _run(
    client: AsyncClient,
    signals: Interrupts,
    made: Plan,
    rows: Iterable[dict[str, object]] | None,
    options: CommonOptions,
    *,
    force: bool,
) -> Exit:
    """Apply a plan, show it, and say what to do next."""
    path, total, output = made.path or "", len(made.changes), options.output
    job = client.desired.apply(made, rows=rows, force=force, **options.for_client())
    work = Work(verb=VERBS["apply"], file=path, total=total, before="reading the live state")
    try:
        with _reports(output.report, made, job, resumed=_is_begun(path)) as record:
            # Line 1 of a plan is its head: a change is on the line after its number.
            lines = range(2, total + 2)
            report = await follow(
                job, display(work, json=output.json), signals, lines=lines, record=record
            )
            signals.over = True
    except PlanNotAppliedError as error:
        raise CommandError(_not_applied(error), Exit.STOPPED) from None
    code = exit_code(report)
    print_report(report, total, code, as_json=output.json)
    if report.stopped is not None:
        print_message(f"resume with: {_again(path)}")
    elif report.failed or report.unknown or report.skipped:
        print_message("plan again to see what is left, and correct what failed")
    return code


@contextlib.contextmanager
def _reports(
    directory: str | None, made: Plan, job: BulkJob[Any], *, resumed: bool
) -> Iterator[Callable[[Outcome[Any], int | None], None] | None]:
    """Yield what takes every outcome; write the reports, also of a job cut off."""
    if directory is None:
        yield None
        return
    from voxsip.report import ReportWriter  # noqa: PLC0415 - only for those who want a report

    path = made.path or ""
    source, account = str(Path(path).absolute()), made.account_id
    with ReportWriter(directory, "apply", source, columns=COLUMNS, account_id=account) as writer:
        journal = f"{path}.journal" if resumed else None
        try:
            yield writer.add
        except (asyncio.CancelledError, VoxsipError):  # cut off, or its journal failed
            if job.report.rows:
                writer.finish(job.report, journal=journal)
            raise
        writer.finish(job.report, journal=journal)


def _interruptible(main: Callable[[Interrupts], Any], path: Callable[[], str | None]) -> int:
    """Run a job; a second Ctrl-C cuts it off."""

    def cut_off() -> str:
        begun = path()
        if begun is not None and _is_begun(begun):
            return f"cut off; resume with: {_again(begun)}"
        return "cut off before the first change"

    with ending_events("apply"):
        return run_interruptible(main, cut_off)


@contextlib.contextmanager
def _input_of(
    made: Plan, rows: str | None, file_options: FileOptions
) -> Iterator[DesiredFile | None]:
    """Open the file that a plan was made of, if passwords have to be read from it."""
    if not any(change.password == "row" for change in made.changes):  # noqa: S105 - not in the plan
        yield None
        return
    path = rows or made.source
    if path is None:
        raise CommandError("passwords are in the file that the plan was made of: name it by --rows")
    if rows is None and not Path(path).exists():
        raise CommandError(f"{path}, which has the passwords, is gone: name the file by --rows")
    with DesiredFile(path, file_options.reading()) as given:
        given.check()
        yield given


def _not_applied(error: PlanNotAppliedError) -> str:
    if not isinstance(error, StalePlanError) or not error.differences:
        return str(error)
    lines = list(error.differences)
    if more := error.count - len(lines):
        lines.append(f"and {more:,} more")
    return "\n  ".join([str(error), *lines])


def _again(path: str) -> str:
    return shlex.join(["voxsip", "apply", path])


def _is_begun(path: str) -> bool:
    return Path(f"{path}.journal").exists()


def _free_name(file: str) -> str:
    """Return a name for the plan of a file that is not taken."""
    names = (f"{file}.plan", *(f"{file}.{number}.plan" for number in range(2, 10_000)))
    for name in names:
        if not Path(name).exists() and not Path(f"{name}.journal").exists():
            return name
    raise CommandError("say with --plan where to keep the plan")
