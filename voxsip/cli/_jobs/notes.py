"""What a user should know of how a file was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.cli._exit_codes import print_message

if TYPE_CHECKING:
    from voxsip._row_files import RowFile
    from voxsip.cli._jobs.desired_file import DesiredFile


def print_note(source: RowFile[Any] | DesiredFile) -> None:
    """Print the note of a file, if there is one."""
    if source.note is not None:
        print_message(f"{source.name}: {source.note}")
