"""Outcomes that the engine gives to rows which a call did not settle."""

from __future__ import annotations

from voxsip._calls.halt import HaltedError
from voxsip._errors import Disposition, OutcomeUnknownError, VoxsipError
from voxsip.bulk._engine.interface import Item, RowOutcome
from voxsip.bulk._outcomes import Outcome, Status
from voxsip.shared._errors import StoreUnavailableError

NO_ANSWER = frozenset({Disposition.NOT_SENT, Disposition.THROTTLED, Disposition.UNKNOWN})
"""After one attempt of unknown outcome, a later failure that says nothing about the first."""


def without_frames(error: VoxsipError) -> VoxsipError:
    """Drop an error's frames, which would keep everything they saw in memory."""
    return error.with_traceback(None)


def outcome_of(
    item: Item,
    status: Status,
    error: VoxsipError | None = None,
    attempts: int = 0,
    elapsed: float = 0.0,
) -> RowOutcome:
    """Return the outcome of a row that this run sent, or meant to."""
    return Outcome(
        index=item.index,
        row=item.row,
        status=status,
        error=None if error is None else without_frames(error),
        attempts=attempts,
        elapsed=elapsed,
    )


def unsent(error: VoxsipError) -> bool:
    """Returns whether a row that met this error was not executed; send it later."""
    throttled = error.disposition is Disposition.THROTTLED
    return throttled or isinstance(error, HaltedError | StoreUnavailableError)


def not_sent(item: Item) -> RowOutcome:
    """Return the outcome of a row that this run does not send.

    What an earlier run may have sent is not "skipped": the journal must still say so, for the next run to look for it.
    """
    if item.intended is None:
        return Outcome(index=item.index, row=item.row, status="skipped")
    error = OutcomeUnknownError(
        f"{item.row.label}: an earlier run may have sent it, and this one ended before it looked"
    )
    return Outcome(index=item.index, row=item.row, status="unknown", error=error, restored=True)
