"""Read the header of a CSV file: which cell belongs to which column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from voxsip._row_files.columns import Column
from voxsip._row_files.problems import clipped, fault_of

if TYPE_CHECKING:
    from voxsip._row_files.columns import Cells, Columns
    from voxsip._row_files.problems import Problems


@frozen
class Header:
    """The cells that matter, as (place, header, column); `width` counts all cells."""

    fields: list[tuple[int, str, Column]]
    width: int
    constants: Sequence[tuple[str, Column, object]] = ()

    @classmethod
    def read(
        cls, line: int, cells: list[str], columns: Columns, problems: Problems
    ) -> Header | None:
        """Read a header line; return None if something is wrong with it."""
        before = problems.count
        finder = Finder(columns, problems, line)
        names = [cell.strip() for cell in cells]
        while names and not names[-1]:  # a spreadsheet's empty columns
            names.pop()
        # Our own reports have our names, and what held for all rows in each of them.
        ours = {"status", "error"} <= set(names)
        constants = () if ours else columns.constants
        known = any(columns.find(name) or columns.is_reported(name) for name in names)
        if not known and not any(map(columns.guesses, names)) and not columns.are_near(names):
            remedy = f"Begin with a line that names the columns, of {columns.named()}."
            finder.fault("this is not a header", remedy=remedy)
            return None
        fields: list[tuple[int, str, Column]] = []
        for place, name in enumerate(names):
            if (fault := fault_of(name)) is not None:
                finder.fault(
                    fault, remedy="Write the column's name there, and save the workbook again."
                )
            elif name:
                column = finder.find(name)
                if column is not None:
                    fields.append((place, name, column))
            elif place:  # else the index that pandas writes
                finder.fault(f"column {place + 1} has no name", remedy="Name or remove it.")
        for header in () if ours else columns.missing_from(names):
            finder.fault(f"--map names a column {clipped(header)} that is not there")
        finder.finish(constants, "file")
        return None if problems.count > before else cls(fields, len(names), constants)

    def record(self, cells: list[str]) -> Cells:
        """Return the cells of a line that matter, and what holds for all rows."""
        found: Cells = [(name, column, cells[place]) for place, name, column in self.fields]
        found += self.constants
        return found


class Finder:
    """Finds the columns that a header or a JSON object names, each once.

    Attributes:
        fault: Adds a problem of this line: its message, column and remedy.
    """

    def __init__(self, columns: Columns, problems: Problems, line: int) -> None:
        self.fault = partial(problems.add, line=line)
        self._columns = columns
        self._names: dict[str, str] = {}

    def find(self, name: str) -> Column | None:
        """Return the column that a name means; None if it is unknown or named already."""
        column = self._columns.find(name)
        if column is None:
            if not self._columns.is_skipped(name):
                self._unknown(name)
            return None
        if (also := self._names.get(column.name)) is not None:
            what = "stands twice" if also == name else f"means the same as {also}"
            self.fault(what, name, "Remove one of the two.")
            return None
        self._names[column.name] = name
        return column

    def finish(self, constants: Iterable[tuple[str, Column, object]], where: str) -> None:
        """Report columns that are given for all rows as well, and those that are missing."""
        for option, column, _ in constants:
            if (name := self._names.get(column.name)) is not None:
                self.fault(f"stands in the {where}, and {option} gives it for all rows", name)
            self._names[column.name] = option
        for column in self._columns.all:
            if column.required and column.name not in self._names:
                self.fault("this column is missing", column.name, "Every row needs it.")

    def _unknown(self, name: str) -> None:
        columns = self._columns
        if columns.is_made_by_purchase(name):
            self.fault(
                "names registrations that were bought already",
                _readable(name),
                "To buy more under these names, remove the column; to use them, bind the file.",
            )
            return
        if guesses := columns.guesses(name):
            options = " or ".join(f"--map {name}={guess}" for guess in guesses)
            remedy = f"If it is ours, pass {options}; else --ignore-extra-columns."
        else:
            near = columns.nearest(name)
            remedy = f"Did you mean {near}?" if near else f"The columns are {columns.named()}."
            remedy += " --ignore-extra-columns skips it."
        self.fault("there is no such column", _readable(name), remedy)


def _readable(name: str) -> str:
    """Return what can be read of a header."""
    text = "".join(character if character.isprintable() else "?" for character in name)
    return clipped(text).strip("'")
