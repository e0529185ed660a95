"""`voxsip bulk status`: how a job stands, read from its journal."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from voxsip import ConfigurationError
from voxsip.bulk import JournalStatus, read_journal
from voxsip.cli._display.progress import time_left
from voxsip.cli._exit_codes import CommandError
from voxsip.cli._terminal.output import print_json, print_text


def read_state(journal: str) -> JournalStatus:
    """Read how a job stands. Raises CommandError where there is no journal: it is input, as a file of rows is."""
    try:
        return read_journal(journal)
    except ConfigurationError as error:
        raise CommandError(str(error)) from None


def status(
    journal: str, /, *, json: Annotated[bool, Parameter(negative=(), show_default=False)] = False
) -> int:
    """Show a running or stopped job, without disturbing it.

    Arguments:
        journal: The journal.
        json: Write one JSON object.
    """
    state = read_state(journal)
    if json:
        print_json(state.to_dict())
        return 0
    ended = sum(count for name, count in state.counts.items() if name != "intended")
    left = None if state.rows is None else state.rows - ended
    if state.running:
        standing = "running"
    elif state.complete:
        standing = "complete"
    else:
        standing = f"stopped: {state.stopped}" if state.stopped else "stopped"
    total = "?" if state.rows is None else f"{state.rows:,}"
    figures: list[tuple[str, object]] = [
        ("job", f"{state.kind}, {standing}"),
        ("file", state.source or "-"),
        ("rows", f"{ended:,} of {total}"),
        *((name, f"{count:,}") for name, count in state.counts.items() if count),
        ("begun", f"{state.created:%Y-%m-%d %H:%M:%S} UTC"),
    ]
    if state.runs > 1:
        figures.append(("resumed", f"{state.runs - 1} times, last {state.started:%H:%M:%S} UTC"))
    if state.updated is not None:
        figures.append(("last row", f"{state.updated:%Y-%m-%d %H:%M:%S} UTC"))
    if state.running and state.rate > 0:
        rate = f"{state.rate:,.0f} rows/s"
        remaining = "" if left is None else f", {time_left(left / state.rate)} left"
        figures.append(("rate", f"{rate}{remaining}"))
    for name, figure in figures:
        print_text(f"{name:<13}{figure}")
    for name, count in state.errors.items():
        print_text(f"{'':<13}{count:,} x {name}")
    return 0
