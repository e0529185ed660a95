"""Run a checked file: client, job, display, reports, figures, exit code."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import VoxsipError
from voxsip.cli._display.base import Work
from voxsip.cli._display.choice import display
from voxsip.cli._display.events import ending_events
from voxsip.cli._exit_codes import CommandError, Exit, explain
from voxsip.cli._jobs.follow import VERBS, follow
from voxsip.cli._jobs.interrupts import run_interruptible
from voxsip.cli._jobs.reports import reports
from voxsip.cli._jobs.summary import finish
from voxsip.shared import is_store, shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from voxsip import AsyncClient
    from voxsip._bindings.rows import RowKind
    from voxsip._row_files import RowFile, Rows
    from voxsip.bulk import BulkJob
    from voxsip.cli._jobs.interrupts import Interrupts
    from voxsip.cli._jobs.options import CommonOptions


def launch(
    kind: RowKind,
    source: RowFile[Any],
    rows: Rows[Any],
    make: Callable[[AsyncClient], BulkJob[Any]],
    *,
    journal: str | None,
    options: CommonOptions,
    ask: Callable[[AsyncClient], Awaitable[None]] | None = None,
    reads_first: bool = False,
    verify: bool = False,
    resumed: bool = False,
) -> Exit:
    """Run a job to its end and return the exit code.

    Args:
        make: makes the job; what is wrong with its options is said here, before anything is sent.
        ask: whether to begin; raises CommandError if not.
        reads_first: the job reads the live state before its first row.
        verify: it does so after its last one.
        resumed: the journal tells of earlier runs.
    """
    output = options.output
    output.check()
    again = resume_command(journal, source.path, options.file_options.words())
    written: dict[str, Path] = {}
    job: BulkJob[Any] | None = None

    async def main(signals: Interrupts) -> Exit:
        nonlocal job
        async with options.connection.client() as client:
            _check_own_account(client.account_id, source, rows)
            job = make(client)
            work = Work(
                verb=VERBS[kind],
                file=source.name,
                total=len(rows),
                # A purchase notes first which registrations have its names already.
                before="reading the live state" if reads_first or kind == "create" else "",
                after="comparing with the live state" if verify else "",
            )
            shown = display(work, json=output.json)
            with reports(
                output.report,
                kind,
                source,
                rows,
                job,
                written=written,
                journal=journal,
                account_id=client.account_id,
                resumed=resumed,
            ) as record:
                if ask is not None:
                    await ask(client)
                report = await follow(job, shown, signals, lines=rows.lines, record=record)
                signals.over = True
        return finish(report, len(rows), output, again=again, reports=written, resumed=resumed)

    with ending_events(kind):
        try:
            return run_interruptible(main, lambda: _cut_off(journal, again))
        except VoxsipError as error:
            if again is None or job is None or not job.report.rows:
                raise
            text, code = explain(error)
            text = text.removeprefix("voxsip: ")
            raise CommandError(f"{text}\nresume with: {again}", code) from error


def _check_own_account(own: int | None, source: RowFile[Any], rows: Rows[Any]) -> None:
    """Refuse two names for one account: rows that clash may have been missed."""
    if own is not None and {None, own} <= rows.accounts.keys() and not rows.in_order:
        raise CommandError(
            f"{source.name}: some rows leave account_id empty and some name {own}, which is the same account; "
            "write one of the two, or pass --on-conflict order"
        )


def _cut_off(journal: str | None, again: str | None) -> str:
    """Word the end of a job that is cut off; without a journal yet, it sent no row."""
    if journal is None:
        return "cut off"
    return (
        f"cut off; resume with: {again}"
        if is_store(journal) or Path(journal).exists()
        else "cut off before the first row"
    )


def resume_command(journal: str | None, file: str | None, words: Sequence[str] = ()) -> str | None:
    """Word the command that resumes a job; rows of standard input must be given again."""
    if journal is None:
        return None
    command = ["voxsip", "bulk", "resume", shown(journal)]
    given = " FILE" if file == "-" else ""
    return shlex.join(command) + given + (f" {shlex.join(words)}" if words else "")
