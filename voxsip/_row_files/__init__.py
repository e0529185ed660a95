"""Row files: CSV and JSONL in, requests out, and every mistake named by file, row and column."""

from voxsip._row_files.columns import columns_of
from voxsip._row_files.problems import InputError, Problem
from voxsip._row_files.row_file import RowFile, Rows

__all__ = [
    "InputError",
    "Problem",
    "RowFile",
    "Rows",
    "columns_of",
]
