"""`voxsip bulk status`: how a job stands, read from its journal."""

from __future__ import annotations

from pathlib import Path

from voxsip import ConfigurationError
from voxsip._printable import counted
from voxsip.bulk import JournalStatus, read_journal
from voxsip.cli._connection import Switch
from voxsip.cli._display.progress import time_left
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._terminal.output import print_figures, print_json
from voxsip.shared import is_store


def read_state(journal: str) -> JournalStatus:
    """Read how a job stands. Raises CommandError if there is no journal."""
    try:
        return read_journal(journal)
    except ConfigurationError as error:
        refused = is_store(journal) and not error.missing
        raise CommandError(str(error), Exit.REFUSED if refused else Exit.USAGE) from None


def most_recent_journal() -> str:
    """Return the journal in this folder that was written last. Raises CommandError."""
    found = [path for path in Path().glob("*.journal") if path.is_file()]
    if not found:
        raise CommandError("there is no *.journal in this folder: name the journal")
    last = str(max(found, key=_last_written))
    print_message(f"the most recent job: {last}")
    return last


def _last_written(journal: Path) -> float:
    # A job that runs, or was killed, has written to the log beside its journal.
    log = journal.with_name(f"{journal.name}-wal")
    return max(path.stat().st_mtime for path in (journal, log) if path.exists())


def status(
    journal: str | None = None,
    /,
    *,
    json: Switch = False,
) -> int:
    """Show a running or stopped job without disturbing it.

    Args:
        journal: The journal [default: the most recent *.journal in this folder].
        json: Write one JSON object.
    """
    state = read_state(most_recent_journal() if journal is None else journal)
    if json:
        print_json(state.to_dict())
        return 0
    ended = sum(count for name, count in state.counts.items() if name != "intended")
    left = None if state.rows is None else state.rows - ended
    if state.running:
        standing = "running"
    elif state.complete and state.stopped is None:
        failed = state.counts.get("failed", 0)
        standing = f"finished with {counted(failed, 'failed row')}" if failed else "finished"
    else:
        standing = f"stopped: {state.stopped}" if state.stopped else "stopped"
    total = "?" if state.rows is None else f"{state.rows:,}"
    figures = [
        ("job", f"{state.kind}, {standing}"),
        ("file", state.source or "-"),
        ("rows", f"{ended:,} of {total}"),
        *((name, f"{count:,}") for name, count in state.counts.items() if count),
        ("begun", f"{state.created:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    if state.runs > 1:
        times = counted(state.runs - 1, "time")
        figures.append(("resumed", f"{times}, last {state.started:%H:%M:%S} UTC"))
    if state.updated is not None:
        figures.append(("last row", f"{state.updated:%Y-%m-%d %H:%M:%S} UTC"))
    if state.running and state.rate > 0:
        rate = f"{state.rate:,.0f} rows/s"
        remaining = "" if left is None else f", {time_left(left / state.rate)} left"
        figures.append(("rate", f"{rate}{remaining}"))
    figures += [("", f"{count:,} x {name}") for name, count in state.errors.items()]
    print_figures(figures)
    return 0
