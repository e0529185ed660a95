"""What every display shares: the job it shows, its protocol, and the wording of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from attrs import frozen

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


class Display(Protocol):
    """Shows a job to somebody.

    Attributes:
        interval: Seconds between two refreshes.
        needs_reader: The job stops in order if nobody reads the display any more.
    """

    interval: float
    needs_reader: bool

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
