"""Data on standard output: JSON for machines, tables for people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import attrs
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    """Write a table; folded to a terminal, a line for each row elsewhere. Empty columns are left out."""
    cells = [[_cell(value) for value in row] for row in rows]
    kept = [place for place in range(len(columns)) if any(row[place] for row in cells)]
    table = [[row[place] for place in kept] for row in ([*columns], *cells)]
    if not kept:
        return
    if sys.stdout.isatty():
        _print_folded(table)
        return
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(map(str.ljust, row, widths)).rstrip())


def _print_folded(table: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    header, *rows = table
    folded = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        folded.add_row(*map(Text, row))
    Console().print(folded)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
