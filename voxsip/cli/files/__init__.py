"""Row files: CSV and JSONL in, requests out, and every mistake named by file, row and column."""

from voxsip.cli.files._columns import REPORTED, Column, Columns, columns_of
from voxsip.cli.files._problems import InputError, Problem
from voxsip.cli.files._rowfile import Checked, RowFile

__all__ = [
    "REPORTED",
    "Checked",
    "Column",
    "Columns",
    "InputError",
    "Problem",
    "RowFile",
    "columns_of",
]
