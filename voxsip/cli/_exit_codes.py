"""Exit codes, and how an error becomes one of them and a line of text."""

from __future__ import annotations

import enum
import sys
from collections.abc import Collection

from voxsip import (
    AuthorizationError,
    ConfigurationError,
    ForbiddenError,
    InvalidArgumentError,
    ProxyAuthenticationError,
    VoxsipError,
)
from voxsip._printable import printable
from voxsip.cli._option_names import in_options
from voxsip.shared import StoreUnavailableError


class Exit(enum.IntEnum):
    """What the exit code of `voxsip` says."""

    DONE = 0
    """All rows done, or already as they should be."""
    FAILED = 1
    """Some rows failed, or the one call did."""
    USAGE = 2
    """Bad usage or input; nothing was sent."""
    REFUSED = 3
    """Configuration or authorization."""
    STOPPED = 4
    """A guard stopped the job, or a plan is stale or past a threshold."""
    CHANGES = 5
    """With `plan --detailed-exitcode`: something would change."""
    INTERRUPTED = 130
    """Interrupted; a job with a journal can be resumed."""


class CommandError(Exception):
    """A reason to end the command, with its exit code."""

    def __init__(self, message: str, code: Exit = Exit.USAGE) -> None:
        super().__init__(message, code)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return f"voxsip: {self.message}"


def explain(error: BaseException, own: Collection[str] | None = None) -> tuple[str, Exit]:
    """Put an expected error into words and an exit code; raise any other again.

    Args:
        own: Options and arguments of the command, which its words may name; None: any.
    """
    match error:
        case CommandError():
            return str(error), error.code
        case InvalidArgumentError() if summary := getattr(error, "summary", None):  # of a file
            return str(error).removesuffix(summary) + f"voxsip: {summary}", Exit.USAGE
        case InvalidArgumentError():
            return f"voxsip: {in_options(str(error), own)}", Exit.USAGE
        case (
            ConfigurationError(in_use=True)
            | ConfigurationError(missing=True)
            | ConfigurationError(exists=True)
        ):
            return f"voxsip: {error}", Exit.USAGE
        case ConfigurationError():
            return f"voxsip: {in_options(str(error), own)}", Exit.REFUSED
        case AuthorizationError():
            return f"voxsip: {error} (check the key and its account)", Exit.REFUSED
        case ForbiddenError():
            return f"voxsip: {error} (use a key whose roles allow it)", Exit.REFUSED
        case ProxyAuthenticationError() | StoreUnavailableError():
            return f"voxsip: {error}", Exit.REFUSED
        case VoxsipError():
            return f"voxsip: {error}", Exit.FAILED
        case KeyboardInterrupt():
            return "voxsip: interrupted", Exit.INTERRUPTED
        case OSError(strerror=str(reason), filename=place):
            return f"voxsip: {reason if place is None else f'{place}: {reason}'}", Exit.FAILED
    raise error


def print_message(text: str) -> None:
    """Write a message for people, away from the data."""
    print(printable(text, keep_lines=True), file=sys.stderr, flush=True)
