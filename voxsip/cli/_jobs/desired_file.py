"""A file of desired state: CSV or JSONL rows whose cells leave a value alone, remove it or set it."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import TYPE_CHECKING, Self

from voxsip._row_files.columns import Column, ColumnKind, Columns
from voxsip._row_files.problems import Problems
from voxsip._row_files.reading import PLAIN, Reading
from voxsip._row_files.records import read_records
from voxsip._row_files.source import Source
from voxsip._row_files.values import BadCell, value_of
from voxsip.cli._exit_codes import CommandError, Exit
from voxsip.plan import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

NONE = "-"


def _kind(name: str) -> ColumnKind:
    if name == "is_persistent":
        return "bool"
    return "int" if name.endswith("_id") else "str"


_COLUMNS = Columns(
    (
        Column(name=name, kind=_kind(name), required=False, secret=name == "password")
        for name in COLUMNS
    ),
    "voxsip export",
)


class DesiredFile:
    """Rows in a CSV or JSONL file, or on standard input ("-").

    Attributes:
        name: The name that messages use.
        note: A note for the user on how it was read, or None.
        origin: The absolute path to find it again, or None for standard input.
        lines: The line of each row, once the file is checked.
    """

    def __init__(self, path: str, reading: Reading = PLAIN) -> None:
        """Open the file. Raises InputError."""
        self._columns = _COLUMNS.reading(reading)
        self._source = Source(path, reading)
        self.note = self._source.note
        self.path = path
        self.name = self._source.name
        self.origin = None if path == "-" else str(Path(path).absolute())
        self.lines = array("I")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()

    def check(self) -> None:
        """Read the whole file once and raise all problems of its form as one InputError."""
        problems = Problems(self.name)
        for line, _ in self._read(problems):
            self.lines.append(line)
        problems.raise_if_any()

    def __iter__(self) -> Iterator[dict[str, object]]:
        """Read the rows again. Raises CommandError if the file is no longer what it was."""
        problems = Problems(self.name, 1)
        place = -1
        for place, (line, row) in enumerate(self._read(problems)):
            if place >= len(self.lines) or line != self.lines[place]:
                break
            yield row
        else:
            if place + 1 == len(self.lines):
                return
        raise CommandError(f"{self.name} changed while it was read; plan again", Exit.FAILED)

    def _read(self, problems: Problems) -> Iterator[tuple[int, dict[str, object]]]:
        is_jsonl = self._source.is_jsonl()
        for line, cells in read_records(self._source, self._columns, problems):
            row: dict[str, object] = {}
            whole = True
            for header, column, cell in cells:
                try:
                    _put(row, column, cell, is_jsonl=is_jsonl)
                except BadCell as bad:
                    whole = False
                    problems.add(bad.message, header, bad.remedy, line=line)
            if whole:
                yield line, row


def _put(row: dict[str, object], column: Column, cell: object, *, is_jsonl: bool) -> None:
    """Read a cell into a row: an empty cell is left out, None removes the value.

    Raises BadCell.
    """
    if is_jsonl and cell is None:
        row[column.name] = None
        return
    if isinstance(cell, str) and cell.strip() == NONE:
        if is_jsonl:
            raise BadCell(
                "'-' stands for none in CSV, and for nothing in JSON",
                "Write plain:- for such a password." if column.secret else "Write null for none.",
            )
        row[column.name] = None
        return
    value = value_of(column, cell)
    if value is not None:
        row[column.name] = value
