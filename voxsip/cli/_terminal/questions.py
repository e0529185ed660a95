"""Questions to the user at the terminal."""

from __future__ import annotations

import contextlib
import getpass
import os
import select
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voxsip.cli._exit_codes import CommandError, Exit
from voxsip.cli._jobs.interrupts import stop_signals

if TYPE_CHECKING:
    from collections.abc import Iterator


def on_terminal() -> bool:
    """Returns whether somebody can be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr.isatty())


def confirm(question: str, otherwise: str) -> None:
    """Ask a question; anything but yes ends the command with the message `otherwise`."""
    try:
        with _interruptible():
            print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
            answer = _read_line()
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise CommandError(otherwise, Exit.INTERRUPTED) from None
    if answer.strip().casefold() not in ("y", "yes"):
        raise CommandError(otherwise)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the wait for an answer: no event loop runs meanwhile."""
    signals = stop_signals()
    before = [signal.signal(number, signal.default_int_handler) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _read_line() -> str:
    """Read a line from the terminal, in short waits, so that no signal is missed."""
    if os.name == "posix":
        while not select.select([sys.stdin], [], [], 0.1)[0]:
            pass
    return sys.stdin.readline()


def secret_from(path: str | None, what: str) -> str | None:
    """Read a secret from a file or, for "-", from standard input or the terminal.

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
        # Who gives the password itself in place of a path finds it in no message.
        raise CommandError(
            f"--password-file: the {what} cannot be read: {reason}; "
            "give the path of the file that holds it, or - to type or pipe it"
        ) from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise CommandError(f"--password-file: the {what} read from there is empty")
    return secret
