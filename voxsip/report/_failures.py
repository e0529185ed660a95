"""The rows that a report shows as not done: the first of them, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

MOST_FAILURES = 100
"""Rows shown; failed.csv has all of them."""


class Failure(NamedTuple):
    """A row that is not done.

    Attributes:
        place: Its line in the source, or its place in the input.
        error: The reason, without secrets; empty if the row was not sent.
    """

    place: int
    label: str
    status: str
    error: str


def failures_section(failures: Sequence[Failure], total: int) -> str:
    """Return the section of a page that lists them, or nothing."""
    if not failures:
        return ""
    rows = "".join(
        f'<tr><td class="number">{one.place:,}</td><td>{escape(one.label)}</td>'
        f"<td>{escape(one.status)}</td><td>{escape(one.error)}</td></tr>"
        for one in sorted(failures)
    )
    more = total - len(failures)
    rest = f"<p>{more:,} more are in failed.csv and unknown.csv.</p>" if more > 0 else ""
    return (
        '<section><h2>Rows that are not done</h2><div class="wide"><table class="failures"><tr>'
        '<th scope="col">row</th><th scope="col">what</th><th scope="col">status</th>'
        f'<th scope="col">reason</th></tr>{rows}</table></div>{rest}</section>'
    )


def next_step(kind: str, *, failed: int, skipped: int, unknown: int, stopped: bool) -> str:
    """Return what to do about them in a sentence or two, or nothing.

    Args:
        failed: Rows that the service refused, or that could not be sent.
        skipped: Rows that were not sent.
        unknown: Rows whose outcome is not known.
    """
    steps = []
    if stopped and skipped:
        steps.append("Resume the journal, if the job has one; otherwise run failed.csv.")
    elif failed or skipped or (unknown and kind != "create"):
        steps.append("Correct the rows in failed.csv and run that file.")
    if unknown and kind == "create":
        steps.append(
            "Resume the journal, or run unknown.csv with --skip-unchanged: both look for each registration before they buy."
        )
    return " ".join(steps)
