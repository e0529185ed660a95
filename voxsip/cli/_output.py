"""Data on standard output: JSON for machines, tables for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import attrs
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Wide enough that a table written to a file or a pipe is never folded.
_UNFOLDED = 10_000


def plain(model: object) -> Any:
    """Turn a model into JSON values: absent fields and secrets left out, money and dates as text."""
    kind = type(model)
    if attrs.has(kind):
        return {
            field.name: plain(value)
            for field in attrs.fields(kind)
            if field.repr and (value := getattr(model, field.name)) is not None
        }
    if isinstance(model, list | tuple):
        return [plain(item) for item in model]
    return model


def print_json(value: object) -> None:
    """Write one value as one line."""
    line = orjson.dumps(plain(value), str, orjson.OPT_APPEND_NEWLINE)
    sys.stdout.write(line.decode())
    sys.stdout.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table, folded to the terminal if there is one; empty columns are left out."""
    from rich.console import Console  # noqa: PLC0415 - not needed for --json
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    cells = [[_cell(value) for value in row] for row in rows]
    kept = [place for place in range(len(columns)) if not cells or any(row[place] for row in cells)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place in kept:
        table.add_column(columns[place], no_wrap=not sys.stdout.isatty(), overflow="fold")
    for row in cells:
        table.add_row(*(Text(row[place]) for place in kept))
    width = None if sys.stdout.isatty() else _UNFOLDED
    Console(width=width).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
