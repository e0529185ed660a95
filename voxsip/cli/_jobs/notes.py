"""What a user should know of how a file was read."""

from __future__ import annotations

from typing import Protocol

from voxsip.cli._exit_codes import print_message


class Noted(Protocol):
    """A file of rows."""

    @property
    def name(self) -> str:
        """As messages call it."""
        ...

    @property
    def note(self) -> str | None:
        """What a user should know, or None."""
        ...


def print_note(source: Noted) -> None:
    """Print the note, if there is one."""
    if source.note is not None:
        print_message(f"{source.name}: {source.note}")
