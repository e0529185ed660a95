"""A job as events, one JSON object on a line, for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.cli._display.base import Display
from voxsip.cli._display.events import print_event

if TYPE_CHECKING:
    from voxsip import Outcome, Report


class JsonDisplay(Display):
    """The events started, outcome and progress; the command writes finished."""

    interval = 1.0
    needs_reader = True

    def started(self) -> None:
        """Write that the job begins."""
        work = self._work
        print_event("started", job=work.verb, file=work.file, rows=work.total)

    def outcome(self, outcome: Outcome[Any], line: int | None) -> None:
        """Write how a row ended."""
        made = getattr(outcome.result, "sip_registration_id", None)
        named = getattr(outcome.row, "sip_registration_id", None)
        members: dict[str, object] = {
            # One number, as an editor counts lines; `row` is what reports call it.
            "row": outcome.index + 1 if line is None else line,
            "line": line,
            "sip_registration_id": named if made is None else made,
            "status": outcome.status,
            "attempts": outcome.attempts,
            "restored": outcome.restored,
        }
        error = outcome.error
        if error is not None:
            members |= {
                "error": str(error),
                "error_class": type(error).__name__,
                "error_code": getattr(error, "code", None),
                "error_name": getattr(error, "name", None),
            }
        print_event("outcome", **members)

    def _progress(self, report: Report, concurrency: int) -> None:
        left = self._meter.left
        print_event(
            "progress",
            rows=report.rows,
            total=self._work.total,
            done=report.done,
            unchanged=report.unchanged,
            failed=report.failed,
            unknown=report.unknown,
            skipped=report.skipped,
            rate=round(self._meter.rate, 1),
            concurrency=concurrency,
            seconds_left=None if left is None else round(left, 1),
        )
