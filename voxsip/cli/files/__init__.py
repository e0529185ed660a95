"""Row files: CSV and JSONL in, requests out, and every mistake named by file, row and column."""

from voxsip.cli.files._columns import columns_of
from voxsip.cli.files._problems import InputError, Problem
from voxsip.cli.files._rowfile import RowFile, Rows

__all__ = [
    "InputError",
    "Problem",
    "RowFile",
    "Rows",
    "columns_of",
]
