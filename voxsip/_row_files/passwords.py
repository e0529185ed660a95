"""Passwords that a row leaves where they are: `password_from` names a line of another file.

Reports hold no passwords. So that `failed.csv` can be run again as it is, each of its rows says in which
line of which file its password stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._row_files.problems import InputError, Problems
from voxsip._row_files.records import read_records
from voxsip._row_files.source import Source
from voxsip._row_files.values import BadCell, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip._row_files.columns import Cells, Columns

COLUMN = "password_from"
# Failed rows come nearly in the order of the file they failed in: looking back this far saves
# nearly every second reading of it.
_KEPT = 4096
_DEEPEST = 10
_REMEDY = "Name the line of its row as FILE:LINE, or fill in a column 'password'."


class Passwords:
    """Finds passwords by "FILE:LINE", reading each file forward as far as needed."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._files: dict[str, _ForwardReader] = {}

    def find(self, origin: str, row: dict[str, object], depth: int = 0) -> str | None:
        """Return the password that stands there for the same row, None if it has none.

        Raises:
            BadCell: there is no such place, or another row stands there.
        """
        path, _, line = origin.rpartition(":")
        if not path or not (line.isascii() and line.isdigit()) or depth > _DEEPEST:
            raise BadCell("this names no line of a file", _REMEDY)  # it may be a password
        if path not in self._files:
            self._files[path] = _ForwardReader(path, self._columns)
        found = self._files[path].at(int(line))
        if found is None:
            raise BadCell(f"{origin} is no row that can be read", _REMEDY)
        if any(
            found.get(name) != row.get(name) for name in ("account_id", "sip_username", "proxy")
        ):
            raise BadCell(f"another row stands in {origin} by now", _REMEDY)
        password = found.get("password")
        if password is None and COLUMN in found:
            return self.find(str(found[COLUMN]), row, depth + 1)
        return None if password is None else str(password)

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            file.close()
        self._files.clear()


class _ForwardReader:
    """The rows of a file by line, best asked for in about their order."""

    def __init__(self, path: str, columns: Columns) -> None:
        self._columns = columns
        try:
            self._source = Source(path)
        except InputError as error:
            raise BadCell(f"{path} cannot be read: {error.problems[0].message}", _REMEDY) from None
        self._kept: dict[int, dict[str, object]] = {}
        self._rows: Iterator[tuple[int, dict[str, object]]] = iter(())
        self._reached = 0
        self._rewind()

    def at(self, line: int) -> dict[str, object] | None:
        if line not in self._kept and line <= self._reached:
            self._rewind()
        while self._reached < line and (read := next(self._rows, None)) is not None:
            self._reached, row = read
            self._kept[self._reached] = row
            if len(self._kept) > _KEPT:
                self._kept.pop(next(iter(self._kept)))
        return self._kept.get(line)

    def close(self) -> None:
        self._kept.clear()
        self._source.close()

    def _rewind(self) -> None:
        self._kept.clear()
        self._reached = 0
        self._rows = self._read()

    def _read(self) -> Iterator[tuple[int, dict[str, object]]]:
        ignored = Problems(self._source.name, 0)
        try:
            for line, cells in read_records(self._source, self._columns, ignored):
                yield line, dict(_readable(cells))
        except InputError:
            return


def _readable(cells: Cells) -> Iterator[tuple[str, object]]:
    for _, column, cell in cells:
        try:
            yield column.name, value_of(column, cell)
        except BadCell:
            continue
