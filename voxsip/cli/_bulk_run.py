"""Run a checked file: client, job, display, reports, figures, exit code."""

from __future__ import annotations

import asyncio
import shlex
from typing import TYPE_CHECKING, Any, Literal

from voxsip.cli._connection import run
from voxsip.cli._display import Work, display
from voxsip.cli._exits import CommandError, Exit
from voxsip.cli._job import follow
from voxsip.cli._reports import reports
from voxsip.cli._summary import advise, exit_code, print_report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from voxsip import AsyncClient
    from voxsip.bulk import BulkJob
    from voxsip.cli._bulk_options import Output
    from voxsip.cli._connection import Connection
    from voxsip.cli.files import RowFile, Rows

Kind = Literal["bind", "create", "delete"]

_VERBS = {"bind": "binding", "create": "creating", "delete": "deleting"}


def launch(
    kind: Kind,
    source: RowFile[Any],
    rows: Rows[Any],
    begin: Callable[[AsyncClient], Awaitable[BulkJob[Any]]],
    *,
    journal: str | None,
    output: Output,
    connection: Connection,
    reads_first: bool = False,
    verify: bool = False,
    resumed: bool = False,
) -> Exit:
    """Run a job to its end and return the exit code.

    Arguments:
        kind: what its rows are for.
        source: the file they are in.
        rows: of that file, checked.
        begin: makes the job; may ask first, and raise CommandError.
        journal: its path, or None.
        output: where the job tells what it did.
        connection: to the API.
        reads_first: the job reads the live state before its first row.
        verify: it does so after its last one.
        resumed: the journal tells of earlier runs.
    """
    again = resume_command(journal, source.path)

    async def main() -> Exit:
        async with connection.client() as client:
            job = await begin(client)
            work = Work(
                verb=_VERBS[kind],
                file=source.name,
                total=len(rows),
                before="reading the live state" if reads_first else "",
                after="comparing with the live state" if verify else "",
            )
            shown = display(work, json=output.json)
            past = journal if resumed else None
            with reports(output.report, kind, source, rows, job, resumed=past) as record:
                report = await follow(job, shown, lines=rows.lines, record=record)
        print_report(report, len(rows), as_json=output.json)
        advise(report, again=again, reports=output.report)
        return exit_code(report)

    try:
        return run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        how = "" if again is None else f"; go on with: {again}"
        raise CommandError(f"cut off{how}", Exit.INTERRUPTED) from None


def resume_command(journal: str | None, file: str | None) -> str | None:
    """Word the command that goes on with a job; rows of standard input must be given again."""
    if journal is None:
        return None
    command = ["voxsip", "bulk", "resume", journal]
    return shlex.join(command) + (" FILE" if file == "-" else "")
