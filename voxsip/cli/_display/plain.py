"""A job as plain lines, for logs and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._printable import counted
from voxsip.cli._display.base import Display
from voxsip.cli._display.progress import time_left
from voxsip.cli._exit_codes import print_message

if TYPE_CHECKING:
    from voxsip import Report


class PlainDisplay(Display):
    """A line every few seconds, for logs."""

    interval = 5.0
    _phase = ""

    def started(self) -> None:
        """Write that the job begins."""
        of = f" of {self._work.file}" if self._work.file else ""
        print_message(f"{self._work.verb} {counted(self._work.total, 'row')}{of}")

    def _progress(self, report: Report, concurrency: int) -> None:
        """Write a line of progress; of what is no row, one line in all."""
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
