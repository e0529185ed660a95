"""What every display shares: the job that it shows, its speed, and the first failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from voxsip.cli._display.progress import ProgressMeter
from voxsip.cli._exit_codes import print_message

if TYPE_CHECKING:
    from voxsip import Outcome, Report

# A person reads the first failures as they come; the report has all of them.
_FAILURES_SHOWN = 10


@frozen(kw_only=True)
class Work:
    """What a display is told of a job.

    Attributes:
        verb: "binding".
        file: they are in, "" for none.
        before: the name of the work before the first row, such as "reading the live state".
        after: the name of the work after the last row.
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


class Display:
    """Shows a job to somebody; what is for people goes to standard error.

    Attributes:
        interval: Seconds between two refreshes.
        needs_reader: Whether the job stops in order if nobody reads the display any more.
    """

    interval: float
    needs_reader = False

    def __init__(self, work: Work) -> None:
        self._work = work
        self._meter = ProgressMeter(work.total)
        self._failures = 0

    def started(self) -> None:
        """Show that the job begins."""

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Show how a row ended, here only if it failed; `line` is its line in the file."""
        if outcome.status not in ("failed", "unknown") or self._failures > _FAILURES_SHOWN:
            return
        self._failures += 1
        if self._failures > _FAILURES_SHOWN:
            self._failure("further failures are not shown here; --report DIR lists all of them")
            return
        place = outcome.index + 1 if line is None else line
        file = self._work.file or "row"
        self._failure(f"{file}:{place}: {outcome.status}: {outcome.error}")

    def refresh(self, report: Report, concurrency: int) -> None:
        """Show how far the job is."""
        self._meter.feed(report.rows, report.restored)
        self._progress(report, concurrency)

    def message(self, text: str) -> None:
        """Show a message while the job runs."""
        print_message(text)

    def ended(self) -> None:
        """Take down what only matters while the job runs."""

    def _failure(self, text: str) -> None:
        print_message(text)

    def _progress(self, report: Report, concurrency: int) -> None:
        raise NotImplementedError
