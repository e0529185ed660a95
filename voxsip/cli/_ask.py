"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from voxsip.cli._exits import CommandError


def on_terminal() -> bool:
    """Say whether somebody can be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def agree(question: str, otherwise: str) -> None:
    """Ask a question on the terminal; anything but yes ends the command, saying `otherwise`."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        raise CommandError(otherwise)


def secret_from(path: str | None, what: str) -> str | None:
    """Read a secret from a file, or from standard input for "-"; ask for it on a terminal.

    A secret is no option of its own: the command line of a process can be read by others.
    """
    if path is None:
        return None
    try:
        if path != "-":
            text = Path(path).read_text(encoding="utf-8")
        elif on_terminal():
            text = getpass.getpass(f"{what}: ", stream=sys.stderr)
        else:
            text = sys.stdin.readline()
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CommandError(f"the {what} cannot be read from {path}: {reason}") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise CommandError(f"the {what} read from {path} is empty")
    return secret
