"""Read CSV: comma, semicolon, tab or pipe, a header in any order, quoted cells, blank lines."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from voxsip._row_files.header import Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Columns, Record
    from voxsip._row_files.problems import Problems
    from voxsip._row_files.source import Source

_DELIMITERS = ",;\t|"


def csv_records(source: Source, columns: Columns, problems: Problems) -> Iterator[Record]:
    """Yield the records of a CSV file; those with problems are only reported."""
    lines = _Lines(source)
    delimiter = _delimiter(lines)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    header: Header | None = None
    while True:
        lines.begin_record()
        try:
            cells = next(rows, None)
        except csv.Error as error:
            message, remedy = _broken(lines.first, lines.number, str(error))
            problems.add(message, remedy=remedy, line=lines.first)
            if header is None:
                return
            continue
        if cells is None:
            break
        if not "".join(cells).strip():
            continue
        first = lines.first
        if header is None:
            header = Header.read(first, cells, columns, problems)
            if header is None:
                return
        elif len(cells) < header.width or any(cells[header.width :]):
            message, remedy = _misshapen(len(cells), header.width, delimiter)
            problems.add(message, remedy=remedy, line=first)
        else:
            yield first, header.record(cells)
    if header is None:
        problems.add(
            "the file is empty", remedy=f"'{columns.example}' writes a file to start from."
        )


class _Lines:
    """The lines of a source.

    Attributes:
        number: The number of the last line handed out.
        first: The number of the record's first line.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lines = source.lines()
        self._ahead: tuple[int, str] | None = None
        self._begins = True
        self.number = self.first = 0

    def begin_record(self) -> None:
        """Take the next line for the first one of a record."""
        self._begins = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = self._ahead or next(self._lines)
        self._ahead = None
        self.number = number
        if self._begins:
            self._begins = False
            self.first = number
            self._source.record_start = self._source.line_start
        return line

    def peek(self) -> str:
        """Look at the first line that is not blank; the blank ones before it are passed."""
        while self._ahead is None:
            number, line = next(self._lines, (self.number, ""))
            if line.strip() or not line:
                self._ahead = (number, line) if line else None
                return line
            self.number = number
        return self._ahead[1]


def _delimiter(lines: _Lines) -> str:
    first = lines.peek()
    # Spreadsheets say the delimiter in a line of its own, if told to.
    told = first.strip().strip('"').casefold()
    if len(told) == 5 and told.startswith("sep=") and told[4] in _DELIMITERS:
        next(lines)
        return told[4]
    return max(_DELIMITERS, key=first.count)


def _broken(first: int, last: int, reason: str) -> tuple[str, str]:
    """Word what the csv module found in the record of these lines, with the remedy."""
    if "field limit" in reason and first == last:
        return (
            f"a cell has more than {csv.field_size_limit():,} characters",
            "Shorten it, or close its quote.",
        )
    if "field limit" in reason or "unexpected end" in reason:
        return (
            f"a quoted cell opens here and is not closed by line {last}",
            'Close it with ", and write a quote within a cell as "".',
        )
    if "expected after" in reason:
        return "text follows a closing quote", 'Write a quote within a cell as "".'
    return reason, ""


def _misshapen(count: int, width: int, delimiter: str) -> tuple[str, str]:
    found = "is 1 cell" if count == 1 else f"are {count} cells"
    remedy = "Leave empty cells in, between their delimiters."
    if count > width:
        name = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}[delimiter]
        remedy = f"Quote a cell that holds a {name}."
    return f"there {found} where the header has {width}", remedy
