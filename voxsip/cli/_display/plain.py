"""What a job shows while it runs: a live bar on a terminal, plain lines elsewhere, or JSON events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

from voxsip.cli._display.progress import Meter, duration
from voxsip.cli._exit_codes import say

if TYPE_CHECKING:
    from voxsip import Outcome, Report

# A person reads the first failures as they come; the report has all of them.
_FAILURES_SHOWN = 10


@frozen(kw_only=True)
class Work:
    """What a display is told of a job.

    Attributes:
        verb: "binding".
        total: number of its rows.
        file: they are in, "" for none.
        before: what is done before the first row ends, and takes its time.
        after: what is done after the last one.
    """

    verb: str
    total: int
    file: str = ""
    before: str = ""
    after: str = ""

    def phase(self, report: Report) -> str:
        """Name what is done now, if that is not rows."""
        if report.rows == 0:
            return self.before
        return self.after if report.rows >= self.total else ""


class Display(Protocol):
    """Shows a job to somebody. `interval` is how often, in seconds, it likes to be refreshed."""

    interval: float

    def started(self) -> None:
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


def display(work: Work, *, json: bool = False) -> Display:
    """Choose a display for where the output goes."""
    if json:
        from voxsip.cli._display.json_lines import JsonDisplay  # noqa: PLC0415

        return JsonDisplay(work)
    if sys.stderr.isatty():
        from voxsip.cli._display.live import LiveDisplay  # noqa: PLC0415 - imports rich

        return LiveDisplay(work)
    return PlainDisplay(work)


class Failures:
    """The first failures of a job, worded for people."""

    def __init__(self, file: str) -> None:
        self._file = file or "row"
        self._shown = 0

    def text(self, outcome: Outcome[Any], line: int | None) -> str | None:
        """Word an outcome, or return None if it is not to be shown."""
        if outcome.status not in ("failed", "unknown") or self._shown > _FAILURES_SHOWN:
            return None
        self._shown += 1
        if self._shown > _FAILURES_SHOWN:
            return "further failures are not shown here; --report DIR lists all of them"
        place = outcome.index + 1 if line is None else line
        return f"{self._file}:{place}: {outcome.status}: {outcome.error}"


class PlainDisplay:
    """A line every few seconds, for logs."""

    interval = 5.0

    def __init__(self, work: Work) -> None:
        self._work = work
        self._meter = Meter(work.total)
        self._failures = Failures(work.file)
        self._phase = ""

    def started(self) -> None:
        """Write that the job begins."""
        of = f" of {self._work.file}" if self._work.file else ""
        say(f"{self._work.verb} {self._work.total:,} rows{of}")

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Write the first failures."""
        text = self._failures.text(outcome, line)
        if text is not None:
            say(text)

    def refresh(self, report: Report, concurrency: int) -> None:
        """Write a line of progress; of what is no row, one line in all."""
        self._meter.feed(report.rows)
        phase, self._phase = self._phase, self._work.phase(report)
        if self._phase:
            if self._phase != phase:
                say(self._phase)
            return
        left = self._meter.left
        parts = [
            f"{report.rows:,} of {self._work.total:,} rows",
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
