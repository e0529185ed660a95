"""Row files: CSV and JSONL in, requests out, and every mistake named by file, row and column."""

from voxsip.cli._files.columns import columns_of
from voxsip.cli._files.problems import InputError, Problem
from voxsip.cli._files.row_file import RowFile, Rows

__all__ = [
    "InputError",
    "Problem",
    "RowFile",
    "Rows",
    "columns_of",
]
