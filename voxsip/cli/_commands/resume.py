"""`voxsip bulk resume`: resume a job from its journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxsip import ConfigurationError
from voxsip._bindings.rows import REQUESTS
from voxsip._printable import counted
from voxsip._row_files import RowFile
from voxsip._row_files.row_file import FORM
from voxsip.bulk import Report, read_journal
from voxsip.bulk._journal.values import STATUSES
from voxsip.cli._commands.status import most_recent_journal, read_state
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._jobs.notes import print_note
from voxsip.cli._jobs.options import NO_OPTIONS, CommonOptions, File
from voxsip.cli._jobs.run import launch
from voxsip.cli._jobs.summary import exit_code, print_report
from voxsip.shared import is_store, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip import AsyncClient
    from voxsip.bulk import BulkJob, JournalStatus


def resume(
    journal: str | None = None,
    file: File | None = None,
    /,
    *,
    options: CommonOptions = NO_OPTIONS,
) -> int:
    """Resume a job from its journal; the end is that of an uninterrupted run.

    Rows that ended are not sent again, except those that met what stopped the job: too little money, a
    full quota, a key without the role. A purchase whose outcome is unknown is looked for first.

    Args:
        journal: The journal [default: the most recent *.journal in this folder].
        file: The file of rows, if it was moved or came from standard input. Its content must be the same;
            only a changed password is not noticed.
    """
    if journal is None:
        journal = most_recent_journal()
    return _resume(journal, read_state(journal), file, options, {})


def _resume(
    journal: str,
    state: JournalStatus,
    file: str | None,
    options: CommonOptions,
    flags: Mapping[str, bool],
) -> Exit:
    if state.kind == "apply":
        plan = state.source or "PLAN"
        raise CommandError(
            f"{journal} is the journal of a plan: resume it with 'voxsip apply {plan}'"
        )
    told: dict[str, Any] = {
        name: bool(state.options.get(name)) or flags.get(name, False)
        for name in ("skip_unchanged", "verify")
    }
    path, reading = file or _source(journal, state), options.file_options.reading()
    with RowFile(path, REQUESTS[state.kind], reading) as source:
        print_note(source)
        rows = source.check(on_conflict="order")
        # One of another form says nothing of this file; the rows that began are compared all the same.
        checksum = rows.checksum if (state.checksum or FORM).startswith(FORM) else None
        if checksum is not None and state.checksum not in {None, checksum}:
            raise CommandError(
                f"{source.name} is not what it was when the job of {shown(journal)} began; "
                "its rows must be the same, in the same order"
            )

        def make(client: AsyncClient) -> BulkJob[Any]:
            return client.bulk.resume(
                journal,
                rows,
                checksum=checksum,
                **told,
                **options.for_client(),
            )

        return launch(
            state.kind,
            source,
            rows,
            make,
            journal=journal,
            options=options,
            reads_first=told["skip_unchanged"],
            verify=told["verify"],
            resumed=True,
        )


def continue_job(
    journal: str, file: str, kind: str, options: CommonOptions, flags: Mapping[str, bool]
) -> int | None:
    """Continue the job of a journal, for `--resume`; return None if it has not begun.

    Args:
        flags: The flags of the command; one that is set holds for the rest of the job, too.
    """
    if not is_store(journal) and not Path(journal).exists():
        return None
    try:
        state = read_journal(journal)
    except ConfigurationError as error:
        if error.missing:
            return None
        raise CommandError(str(error)) from None
    if state.kind != kind:
        raise CommandError(
            f"{shown(journal)} is the journal of another job ({state.kind}): name another with --journal"
        )
    if state.complete and state.stopped is None and not state.running:
        failed = state.counts.get("failed", 0)
        with_failed = f" with {counted(failed, 'failed row')}" if failed else ""
        print_message(f"the job of {shown(journal)} has finished{with_failed}; nothing was sent")
        report = _report_of(state)
        code = exit_code(report)
        if options.output.json:
            print_report(report, report.rows, code, as_json=True)
        return code
    return _resume(journal, state, file, options, flags)


def _report_of(state: JournalStatus) -> Report:
    """Return the report of a job that has finished, all of whose rows are restored."""
    counts: dict[str, Any] = {name: state.counts[name] for name in STATUSES}
    rows = sum(counts.values())
    return Report(**counts, kind=state.kind, rows=rows, restored=rows, errors={**state.errors})


def _source(journal: str, state: JournalStatus) -> str:
    """Find the file of rows: where the journal says, or beside the journal."""
    if state.source is None:
        raise CommandError(
            f"{shown(journal)} does not say where its rows are: name the file after it"
        )
    named = Path(state.source)
    beside = () if is_store(journal) else (Path(journal).with_name(named.name),)
    for path in (named, *beside):
        if path.exists():
            return str(path)
    raise CommandError(f"{state.source} is gone: name the file of rows after the journal")
