"""What a job shows while it runs: a live bar on a terminal, plain lines elsewhere, or JSON events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from voxsip.cli._exits import say
from voxsip.cli._meter import Meter, duration

if TYPE_CHECKING:
    from voxsip import Outcome, Report

# A person reads the first failures as they come; the report has all of them.
_FAILURES_SHOWN = 10


@frozen(kw_only=True)
class Work:
    """What a display is told of a job at its start. `verb` is "binding", `total` its rows."""

    verb: str
    file: str
    total: int | None


class Display(Protocol):
    """Shows a job to somebody. `interval` is how often, in seconds, it likes to be refreshed."""

    interval: float

    def started(self, work: Work) -> None:
        """Show that the job begins."""
        ...

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Show how a row ended; `line` is its line in the file."""
        ...

    def refresh(self, report: Report, concurrency: int) -> None:
        """Show how far the job is."""
        ...

    def message(self, text: str) -> None:
        """Show a message while the job runs."""
        ...

    def ended(self) -> None:
        """Take down what only matters while the job runs."""
        ...


def display(*, json: bool) -> Display:
    """Choose a display for where the output goes."""
    if json:
        from voxsip.cli._display_json import JsonDisplay  # noqa: PLC0415

        return JsonDisplay()
    if sys.stderr.isatty():
        from voxsip.cli._display_live import LiveDisplay  # noqa: PLC0415 - imports rich

        return LiveDisplay()
    return PlainDisplay()


class Failures:
    """The first failures of a job, worded for people."""

    def __init__(self) -> None:
        self._shown = 0
        self._work: Work | None = None

    def begin(self, work: Work) -> None:
        """Begin anew, for another job."""
        self._shown, self._work = 0, work

    def text(self, outcome: Outcome[Any], line: int | None) -> str | None:
        """Word an outcome, or return None if it is not to be shown."""
        if outcome.status not in ("failed", "unknown") or self._shown > _FAILURES_SHOWN:
            return None
        self._shown += 1
        if self._shown > _FAILURES_SHOWN:
            return "further failures are not shown here; --report DIR lists all of them"
        place = self._work.file if self._work and self._work.file else "row"
        number = outcome.index + 1 if line is None else line
        return f"{place}:{number}: {outcome.status}: {outcome.error}"


class PlainDisplay:
    """A line every few seconds, for logs."""

    interval = 5.0

    def __init__(self) -> None:
        self._meter = Meter(None)
        self._work: Work | None = None
        self._failures = Failures()

    def started(self, work: Work) -> None:
        """Write that the job begins."""
        self._work = work
        self._meter = Meter(work.total)
        self._failures.begin(work)
        rows = "rows" if work.total is None else f"{work.total:,} rows"
        say(f"{work.verb} {rows} of {work.file}" if work.file else f"{work.verb} {rows}")

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Write the first failures."""
        text = self._failures.text(outcome, line)
        if text is not None:
            say(text)

    def refresh(self, report: Report, concurrency: int) -> None:
        """Write a line of progress."""
        self._meter.feed(report.rows)
        total = self._meter.total
        of = "" if total is None else f" of {total:,}"
        left = self._meter.left
        parts = [
            f"{report.rows:,}{of} rows",
            f"{report.done:,} done",
            f"{report.unchanged:,} unchanged",
            f"{report.failed + report.unknown:,} failed",
            f"{self._meter.rate:,.0f} rows/s",
            f"{concurrency} at a time",
        ]
        if left is not None:
            parts.append(f"{duration(left)} left")
        say(", ".join(parts))

    def message(self, text: str) -> None:
        """Write a message."""
        say(text)

    def ended(self) -> None:
        """Leave the lines as they are."""
