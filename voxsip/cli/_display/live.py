"""A job as a live bar, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Column
from rich.text import Text

from voxsip._printable import printable
from voxsip.cli._display.base import Display
from voxsip.cli._display.progress import time_left

if TYPE_CHECKING:
    from voxsip import Report
    from voxsip.cli._display.base import Work

# What stands beside the counts at least: the percent, a short bar, the blanks between.
_BESIDES = 4 + 6 + 3


def can_move() -> bool:
    """Returns whether the terminal can move its cursor; with TERM=dumb it cannot."""
    return Console(stderr=True).is_interactive


class LiveDisplay(Display):
    """A bar with counts, rate and time left; failures scroll by above it."""

    interval = 0.25

    def __init__(self, work: Work) -> None:
        super().__init__(work)
        self._console = Console(stderr=True)
        # Refreshed by the job's own ticks, not by a thread of rich's.
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TaskProgressColumn(),
            TextColumn("{task.fields[counts]}", table_column=Column(no_wrap=True)),
            console=self._console,
            auto_refresh=False,
            transient=True,
            expand=True,
        )
        self._task = self._bar.add_task(work.verb, total=work.total, counts="")

    def started(self) -> None:
        """Put up the bar."""
        self._bar.start()

    def message(self, text: str) -> None:
        """Print a message above the bar."""
        self._console.print(Text(printable(text), style="yellow"))

    def ended(self) -> None:
        """Take the bar down."""
        self._bar.stop()

    def _failure(self, text: str) -> None:
        self._console.print(Text(printable(text), style="red"))

    def _progress(self, report: Report, concurrency: int) -> None:
        room = max(0, self._console.width - len(self._work.verb) - _BESIDES)
        counts = self._work.phase(report)[:room] or self._counts(report, concurrency, room)
        self._bar.update(self._task, completed=report.rows, counts=counts)
        self._bar.refresh()

    def _counts(self, report: Report, concurrency: int, room: int) -> str:
        """Word the counts; a narrow terminal shows the most important ones."""
        failed = report.failed + report.unknown
        left = f"{time_left(self._meter.left)} left"
        # (importance, text, style), in the order shown
        parts = [
            (2, f"{report.done:,} done", ""),
            (1, f"{failed:,} failed", "red" if failed else ""),
            *([(3, f"{report.unchanged:,} unchanged", "")] if report.unchanged else []),
            (4, f"{self._meter.rate:,.0f}/s", ""),
            (5, f"{concurrency} at a time", ""),
            (0, left, ""),
        ]
        while len(parts) > 1 and len(" · ".join(text for _, text, _ in parts)) > room:
            parts.remove(max(parts))
        return " · ".join(f"[{style}]{text}[/]" if style else text for _, text, style in parts)
