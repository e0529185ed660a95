"""A job as plain lines, for logs and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip._printable import counted
from voxsip.cli._display.base import Failures, Work
from voxsip.cli._display.progress import ProgressMeter, time_left
from voxsip.cli._exit_codes import print_message

if TYPE_CHECKING:
    from voxsip import Outcome, Report


class PlainDisplay:
    """A line every few seconds, for logs."""

    interval = 5.0
    needs_reader = False

    def __init__(self, work: Work) -> None:
        self._work = work
        self._meter = ProgressMeter(work.total)
        self._failures = Failures(work.file)
        self._phase = ""

    def started(self) -> None:
        """Write that the job begins."""
        of = f" of {self._work.file}" if self._work.file else ""
        print_message(f"{self._work.verb} {counted(self._work.total, 'row')}{of}")

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Write the first failures."""
        text = self._failures.text(outcome, line)
        if text is not None:
            print_message(text)

    def refresh(self, report: Report, concurrency: int) -> None:
        """Write a line of progress; of what is no row, one line in all."""
        self._meter.feed(report.rows, report.restored)
        phase, self._phase = self._phase, self._work.phase(report)
        if self._phase:
            if self._phase != phase:
                print_message(self._phase)
            return
        left = self._meter.left
        parts = [
            f"{report.rows:,} of {counted(self._work.total, 'row')}",
            f"{report.done:,} done",
            f"{report.unchanged:,} unchanged",
            f"{report.failed + report.unknown:,} failed",
            f"{self._meter.rate:,.0f} rows/s",
            f"{concurrency} at a time",
        ]
        if left is not None:
            parts.append(f"{time_left(left)} left")
        print_message(", ".join(parts))

    def message(self, text: str) -> None:
        """Write a message."""
        print_message(text)

    def ended(self) -> None:
        """Leave the lines as they are."""
