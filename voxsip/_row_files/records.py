"""Read the records of a row file, whatever its form is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._row_files.csv_rows import csv_records
from voxsip._row_files.jsonl_rows import jsonl_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Cells, Columns, Record
    from voxsip._row_files.problems import Problems
    from voxsip._row_files.source import Source


def read_records(source: Source, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Yield the records of a file; what is wrong with one goes to `problems` instead."""
    read = jsonl_records if source.is_jsonl() else csv_records
    return read(source, columns, problems)


def record_bytes(cells: Cells, span: tuple[int, int]) -> bytes:
    """Return what a checksum of records, to compare two copies of a file, is made of.

    Passwords take no part, but the places of records do: what is read by its place is read right.

    Args:
        span: The first byte of the record and the one after its last.
    """
    text = "\0".join([f"{name}={cell}" for name, column, cell in cells if not column.secret])
    return f"{text}\0{span[0]}-{span[1]}\n".encode("utf-8", "backslashreplace")
