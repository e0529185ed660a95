"""Follow a running job: show it, write it down, let Ctrl-C stop it in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from voxsip.cli._display.events import count_in_events
from voxsip.cli._jobs.interrupts import SAME_STOP
from voxsip.cli._terminal.streams import (
    is_behind,
    lost_output,
    room,
    tolerate_lost_output,
    unblock_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voxsip import Outcome, Report
    from voxsip.bulk import BulkJob
    from voxsip.cli._display.base import Display
    from voxsip.cli._jobs.interrupts import Interrupts

VERBS = {"bind": "binding", "create": "creating", "delete": "deleting", "apply": "applying"}
INTERRUPTED = "interrupted"
READER_GONE = "the reader of the events is gone"


async def follow(
    job: BulkJob[Any],
    display: Display,
    signals: Interrupts,
    *,
    lines: Sequence[int] = (),
    record: Callable[[Outcome[Any], int | None], None] | None = None,
) -> Report:
    """Run a job to its end and return its report, `stopped` by INTERRUPTED if it was.

    Args:
        signals: Ctrl-C and its like; the first one stops the job in order.
        lines: The line of each row in its file, if there is a file.
        record: Called with every outcome and its line.

    Raises:
        CancelledError: A second Ctrl-C cut off the calls in flight.
    """
    gone = False
    invitation: asyncio.TimerHandle | None = None

    def stop() -> None:
        nonlocal invitation
        display.message("Interrupted: calls in flight end first.")
        # Said when it has become true: until then a signal belongs to the same stop.
        invitation = asyncio.get_running_loop().call_later(
            1.05 * SAME_STOP, display.message, "Stopping: Ctrl-C again cuts them off."
        )
        # The rest is read for reports and events, which have every row; the summary only counts it.
        job.stop(INTERRUPTED, read_rest=record is not None or display.needs_reader)

    def look_at_reader() -> None:
        nonlocal gone
        lost = lost_output()
        if lost is not None and lost.reader_gone and not gone:
            gone = True
            display.message(
                "Nobody reads the events any more; stopping: calls in flight end first."
            )
            job.stop(READER_GONE, read_rest=record is not None)

    async def tick() -> None:
        while True:
            await asyncio.sleep(display.interval)
            if not is_behind():
                display.refresh(job.report, job.concurrency)
            if display.needs_reader:
                look_at_reader()

    count_in_events(job.report)
    tolerate_lost_output()
    unblock_output(events=display.needs_reader)
    display.started()
    ticker = asyncio.create_task(tick())
    try:
        signals.first = stop
        if display.needs_reader:
            look_at_reader()
        async for outcome in job:
            line = lines[outcome.index] if outcome.index < len(lines) else None
            if record is not None:
                record(outcome, line)
            display.outcome(outcome, line)
            if display.needs_reader:  # what is for people is dropped if too much of it waits
                look_at_reader()
                await room(lambda: job.report.stopped is not None)
        display.refresh(job.report, job.concurrency)
    finally:
        signals.first = None
        ticker.cancel()
        if invitation is not None:
            invitation.cancel()
        display.ended()
    return job.report
