"""What the doctor found: one finding for each thing looked at."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from attrs import field, frozen

from voxsip import (
    APIError,
    AuthorizationError,
    ConfigurationError,
    ForbiddenError,
    NotSentError,
    OutcomeUnknownError,
    VoxsipError,
)
from voxsip.cli._exit_codes import Exit


class State(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"
    """Not looked at, because something it needs does not work."""
    CONFIRMED = "confirmed"
    """An assumption, and the account behaves like that."""
    CONTRADICTED = "contradicted"
    """An assumption, and the account behaves otherwise."""
    UNDECIDED = "undecided"
    """An assumption that this account gave no occasion to check."""
    UNCHECKED = "unchecked"
    """An assumption that cannot be checked, or not without writing."""


@frozen
class Finding:
    """One thing that was looked at.

    Attributes:
        name: Its name, the same in every version.
        remedy: The way to correct it; None if there is nothing to do.
        data: Figures, for `--json`.
        refused: True if configuration or authorization is what does not work.
    """

    name: str
    state: State
    text: str
    remedy: str | None = None
    data: dict[str, Any] = field(factory=dict)
    refused: bool = False


Verdict = tuple[State, str]
"""How an assumption stands, and what was seen."""


def verdict(held: bool, seen: str) -> Verdict:
    """Return the verdict on an assumption that could be tried."""
    return (State.CONFIRMED if held else State.CONTRADICTED), seen


def finding_of(name: str, error: VoxsipError) -> Finding:
    """Return what an error says about the thing that was tried."""
    remedy, refused = _remedy(error)
    data: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, APIError):
        data |= {"code": error.code, "command": error.command}
    return Finding(name, State.PROBLEM, str(error), remedy=remedy, data=data, refused=refused)


def exit_code(findings: list[Finding]) -> Exit:
    """Return the exit code for all findings: 3 before 1 before 0."""
    bad = [found for found in findings if found.state in (State.PROBLEM, State.CONTRADICTED)]
    if any(found.refused for found in bad):
        return Exit.REFUSED
    return Exit.FAILED if bad else Exit.DONE


def _remedy(error: VoxsipError) -> tuple[str | None, bool]:
    match error:
        case ConfigurationError():
            return "correct it, or name another file with --credentials", True
        case AuthorizationError():
            return (
                "check that the key exists in the control panel and belongs to this account",
                True,
            )
        case ForbiddenError():
            return "give the key a role that allows the command, or use another key", True
        case NotSentError():
            return "check the network, --proxy and --base-url", False
        case OutcomeUnknownError():
            return "try again; if it stays so, a gateway in between loses replies", False
        case APIError():
            return "the reference of the command explains the number", False
    return None, False
