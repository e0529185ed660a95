"""`voxsip export`: the live state as a file of desired state."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from voxsip import InvalidArgumentError
from voxsip.cli._connection import DEFAULT, Connection
from voxsip.cli._exit_codes import CommandError, Exit
from voxsip.cli._jobs.options import Flag
from voxsip.cli._terminal.output import print_json
from voxsip.plan import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voxsip import AsyncClient


def export(
    *,
    application: Annotated[str | None, Parameter(metavar="ID-or-NAME")] = None,
    jsonl: Flag = False,
    connection: Connection = DEFAULT,
) -> int:
    """Print the live state as a file of desired state; a plan of it is empty.

    Args:
        application: Only the registrations of this application, by its id or its name.
        jsonl: Write JSON, one object per line, instead of CSV.
    """
    chosen: dict[str, Any] = {}
    if application is not None:
        chosen = {"application_name": application}
        if application.isascii() and application.isdigit():
            chosen = {"application_id": int(application)}

    async def read(client: AsyncClient) -> list[dict[str, Any]]:
        try:
            return [row async for row in client.desired.export(**chosen)]
        except InvalidArgumentError as error:
            text = str(error).removeprefix(f"{error.field}: ")
            raise CommandError(f"--application: {text}") from None

    rows = connection.run(read)
    if jsonl:
        for row in rows:
            print_json(row)
    else:
        _print_csv(rows)
    return Exit.DONE


def _print_csv(rows: list[dict[str, Any]]) -> None:
    used = {name for row in rows for name in row}
    # Ids of what has a name are seldom needed: such a column is there only if a row has it.
    seldom = {"application_id", "rule_id", "user_id"} - used
    columns = [name for name in COLUMNS if name not in seldom | {"password"}]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(_cells(row, columns) for row in rows)
    sys.stdout.flush()


def _cells(row: dict[str, Any], columns: Iterable[str]) -> list[object]:
    cells: list[object] = []
    for name in columns:
        value = row.get(name, "")
        if value is None:
            value = "-"
        elif isinstance(value, bool):
            value = "true" if value else "false"
        cells.append(value)
    return cells
