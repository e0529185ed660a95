"""`voxsip plan`: what a file of desired state would change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Parameter

from voxsip.cli._connection import DEFAULT, Connection
from voxsip.cli._display.events import print_event
from voxsip.cli._display.plan_text import print_plan
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.desired_file import DesiredFile
from voxsip.cli._jobs.notes import print_note
from voxsip.cli._jobs.options import NO_FILE_OPTIONS, File, FileOptions, Flag
from voxsip.cli._jobs.plan_options import DEFAULT_PLANNING, PlanOptions

if TYPE_CHECKING:
    from voxsip import AsyncClient
    from voxsip.plan import Plan


def plan(
    file: File,
    /,
    *,
    out: Annotated[str | None, Parameter(metavar="PLAN")] = None,
    json: Flag = False,
    detailed_exitcode: Flag = False,
    file_options: FileOptions = NO_FILE_OPTIONS,
    planning: PlanOptions = DEFAULT_PLANNING,
    connection: Connection = DEFAULT,
) -> int:
    """Show the changes to reach a file's desired state. Changes nothing.

    An empty cell leaves the live value alone, - removes it, and any other value sets it. 'voxsip export'
    prints such a file.

    Args:
        file: CSV or JSONL, - for standard input.
        out: Save the plan here, for 'voxsip apply PLAN'.
        json: Write the whole plan to standard output as one line of JSON.
        detailed_exitcode: Exit with 5 if there are changes.
    """
    options = planning.values()
    check_folder("--out", out)
    with DesiredFile(file, file_options.reading()) as rows:
        print_note(rows)
        rows.check()

        made = connection.run(lambda client: make_plan(client, rows, options))
    code = Exit.CHANGES if detailed_exitcode and made.changes else Exit.DONE
    if made.refused:
        code = Exit.USAGE
    try:
        if out is not None and not made.refused:
            save_plan(made, out, rows)
    finally:  # shown last, as the output may be lost, and shown where it cannot be saved too
        show_plan(made, rows.name, as_json=json, code=code)
    if out is not None and not made.refused:
        print_message(f"saved; apply it with: voxsip apply {out}")
    return code


def check_folder(option: str, path: str | None) -> None:
    """Refuse to plan for a file that cannot be made."""
    if path is not None and not Path(path).absolute().parent.is_dir():
        raise CommandError(f"{option} {path}: it cannot be made: there is no such folder")


async def make_plan(client: AsyncClient, rows: DesiredFile, options: dict[str, Any]) -> Plan:
    """Plan the rows of a checked file."""
    return await client.desired.plan(rows, source=rows.origin, lines=rows.lines, **options)


def show_plan(made: Plan, name: str, *, as_json: bool, code: Exit) -> None:
    """Write a plan for people or for machines."""
    if as_json:
        print_event("plan", file=name, exit_code=code, **made.to_dict())
        return
    print_plan(made, name)
    if made.refused:
        print_message("voxsip: some rows cannot be planned; nothing was sent, and no plan is saved")
    elif not made.changes:
        print_message("nothing to do: the live state is as the file says")


def save_plan(made: Plan, out: str, rows: DesiredFile) -> Plan:
    """Save a plan; refuse one whose passwords could not be found again."""
    if rows.path == "-" and any(change.password == "row" for change in made.changes):  # noqa: S105
        raise CommandError(
            "the passwords came by standard input, where 'voxsip apply' will not find them again; "
            "name the file, or refer to passwords (env:NAME, file:PATH, keyring:SERVICE/NAME)"
        )
    return attrs.evolve(made.save(out), passwords=made.passwords)
