"""Data on standard output: JSON for machines, tables for people."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import attrs
import orjson

from voxsip._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What JSON leaves as it is, and a terminal may take as an order.
_UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def plain(model: object) -> Any:
    """Turn a model into JSON values, without secrets and fields that are absent."""
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
    try:
        line = orjson.dumps(plain(value), str).decode()
    except TypeError:  # half a character, such as in a file name that is not UTF-8
        line = json.dumps(plain(value), default=str, separators=(",", ":"))
    sys.stdout.write(_UNSEEN.sub(_escape, line) + "\n")
    sys.stdout.flush()


def print_text(text: str) -> None:
    """Write a line for people; what cannot be seen in it is escaped."""
    print(printable(text))


def print_figures(figures: Iterable[tuple[str, str]], width: int = 13) -> None:
    """Write a name and a figure on each line."""
    for name, figure in figures:
        print_text(f"{name:<{width}}{figure}")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table without empty columns; on a terminal, folded to its width."""
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
    return printable(str(value))
