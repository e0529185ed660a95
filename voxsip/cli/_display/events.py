"""Events for machines: one JSON object on a line of standard output, each with its name and time.

`docs/events.schema.json` describes them; members are added, never renamed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime

from attrs import define

from voxsip import Report
from voxsip.cli._exit_codes import Exit, explain
from voxsip.cli._terminal.output import print_json
from voxsip.cli._terminal.streams import OutputLost


@define
class _Stream:
    """The events of a job.

    Attributes:
        report: The job's totals so far.
        open: Whether an event was written, and `finished` was not.
    """

    report: Report
    open: bool = False


_stream: ContextVar[_Stream | None] = ContextVar("_stream", default=None)


def print_event(name: str, **members: object) -> None:
    """Write an event."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    stream = _stream.get()
    if stream is not None:
        stream.open = name != "finished"
    print_json({"event": name, "time": time, **members})


def print_finished(report: Report, code: Exit, error: str | None = None) -> None:
    """Write the event that ends a job.

    Args:
        error: Why the job did not run to its end, if the report does not say it.
    """
    more = {} if error is None else {"error": error}
    print_event("finished", exit_code=code, **report.to_dict(), **more)


def count_in_events(report: Report) -> None:
    """Take the totals of a running job, for the event that ends it."""
    if (stream := _stream.get()) is not None:
        stream.report = report


@contextlib.contextmanager
def ending_events(kind: str = "") -> Iterator[None]:
    """End the events of a job, if it writes any, with `finished`, however it ends."""
    stream = _Stream(Report(kind=kind))
    token = _stream.set(stream)
    try:
        yield
    except BaseException as error:
        if stream.open:
            with contextlib.suppress(OutputLost):
                _finish(stream.report, error)
        raise
    finally:
        _stream.reset(token)


def _finish(report: Report, error: BaseException) -> None:
    try:
        text, code = explain(error)
    except BaseException as unexpected:
        text, code = f"unexpected {type(unexpected).__name__}", Exit.FAILED
    print_finished(report, code, text.removeprefix("voxsip: "))
