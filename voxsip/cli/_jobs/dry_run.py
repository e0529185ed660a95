"""What a job says of a file that it has checked, and its end with `--dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip._printable import counted
from voxsip.cli._display.events import print_event
from voxsip.cli._exit_codes import Exit, print_message
from voxsip.cli._terminal.output import print_text

if TYPE_CHECKING:
    from voxsip._bindings.rows import RowKind
    from voxsip._row_files import RowFile, Rows


def print_mixed_users(kind: RowKind, source: RowFile[Any], rows: Rows[Any]) -> None:
    """Print that users are named in two ways, if they are."""
    if kind == "bind" and rows.mixed_users:
        print_message(
            f"{source.name}: users are named by id and by name; "
            "two rows that mean one user in these two ways run in the order of the file"
        )


def print_checked(source: RowFile[Any], rows: Rows[Any], *, as_json: bool) -> Exit:
    """Print that nothing is wrong with a file, and end."""
    accounts = len(rows.accounts)
    several = accounts > 1 or None not in rows.accounts
    if as_json:
        named = {"accounts": accounts} if accounts and several else {}
        print_event("checked", file=source.name, rows=len(rows), **named)
    else:
        of = f" for {counted(accounts, 'account')}" if accounts and several else ""
        print_text(
            f"{source.name}: {counted(len(rows), 'row')}{of}, nothing wrong; nothing was sent"
        )
    return Exit.DONE
