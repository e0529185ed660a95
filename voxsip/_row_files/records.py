"""Read the records of a row file, whatever its form is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._row_files.csv_rows import csv_records
from voxsip._row_files.jsonl_rows import jsonl_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Columns, Record
    from voxsip._row_files.problems import Problems
    from voxsip._row_files.source import Source


def read_records(source: Source, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Yield the records of a file; what is wrong with one goes to `problems` instead."""
    read = jsonl_records if source.is_jsonl() else csv_records
    return read(source, columns, problems)
