"""A job as a live bar, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from voxsip._printable import printable
from voxsip.cli._display.base import Failures
from voxsip.cli._display.progress import ProgressMeter, duration

if TYPE_CHECKING:
    from voxsip import Outcome, Report
    from voxsip.cli._display.base import Work


class LiveDisplay:
    """A bar with counts, rate, calls in flight and time left; failures scroll by above it."""

    interval = 0.25
    needs_reader = False

    def __init__(self, work: Work) -> None:
        self._work = work
        self._meter = ProgressMeter(work.total)
        self._failures = Failures(work.file)
        self._console = Console(stderr=True)
        # Refreshed by the job's own ticks, not by a thread of rich's.
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[counts]}"),
            console=self._console,
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        self._task = self._progress.add_task(work.verb, total=work.total, counts="")

    def started(self) -> None:
        """Put up the bar."""
        self._progress.start()

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Print the first failures above the bar."""
        text = self._failures.text(outcome, line)
        if text is not None:
            self._console.print(Text(printable(text), style="red"))

    def refresh(self, report: Report, concurrency: int) -> None:
        """Move the bar."""
        self._meter.feed(report.rows)
        counts = self._work.phase(report) or self._counts(report, concurrency)
        self._progress.update(self._task, completed=report.rows, counts=counts)
        self._progress.refresh()

    def _counts(self, report: Report, concurrency: int) -> str:
        failed = report.failed + report.unknown
        parts = [
            f"{report.done:,} done",
            f"[red]{failed:,} failed[/]" if failed else "0 failed",
            *([f"{report.unchanged:,} unchanged"] if report.unchanged else []),
            f"{self._meter.rate:,.0f}/s",
            f"{concurrency} at a time",
            f"{duration(self._meter.left)} left",
        ]
        return " · ".join(parts)

    def message(self, text: str) -> None:
        """Print a message above the bar."""
        self._console.print(Text(printable(text), style="yellow"))

    def ended(self) -> None:
        """Take the bar down."""
        self._progress.stop()
