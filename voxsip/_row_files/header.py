"""Read the header of a CSV file: which cell belongs to which column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from voxsip._row_files.columns import Column
from voxsip._row_files.problems import Problem, clipped

if TYPE_CHECKING:
    from voxsip._row_files.columns import Cells, Columns
    from voxsip._row_files.problems import Problems


@frozen
class Header:
    """The cells that matter, as (place, header as written, column); `width` counts all cells."""

    fields: list[tuple[int, str, Column]]
    width: int
    constants: Sequence[tuple[str, Column, object]] = ()

    @classmethod
    def read(
        cls, file: str, line: int, cells: list[str], columns: Columns, problems: Problems
    ) -> Header | None:
        """Make sense of a header line, or say everything that is wrong with it."""
        fields: list[tuple[int, str, Column]] = []
        faults: list[Problem] = []
        seen: dict[str, str] = {}

        def fault(message: str, column: str | None = None, remedy: str = "") -> None:
            faults.append(
                Problem(file=file, line=line, column=column, message=message, remedy=remedy)
            )

        names = [cell.strip() for cell in cells]
        while names and not names[-1]:  # a spreadsheet's empty columns
            names.pop()
        # Our own reports have our names, and what held for all rows in each of them.
        ours = {"status", "error"} <= set(names)
        mapped, constants = ((), ()) if ours else (columns.mapped, columns.constants)
        known = any(columns.find(name) or columns.is_reported(name) for name in names)
        if not known and not any(columns.guesses(name) for name in names):
            fault(
                "this is not a header",
                remedy=f"Begin with a line that names the columns, of {columns.named()}.",
            )
        else:
            for place, name in enumerate(names):
                column = columns.find(name)
                if column is None:
                    if not name and place == 0:  # the index that pandas writes
                        continue
                    if not name:
                        fault(f"column {place + 1} has no name", remedy="Name or remove it.")
                    elif not columns.is_skipped(name):
                        fault(*unknown(name, columns))
                elif column.name in seen:
                    also = seen[column.name]
                    what = "stands twice" if also == name else f"means the same as {also}"
                    fault(what, name, "Remove one of the two.")
                else:
                    seen[column.name] = name
                    fields.append((place, name, column))
            for header in mapped:
                if header not in names:
                    fault(f"--map names a column {clipped(header)} that is not there")
            for option, column, _ in constants:
                if column.name in seen:
                    fault(
                        f"stands in the file, and {option} gives it for all rows", seen[column.name]
                    )
                seen[column.name] = option
            for column in columns.all:
                if column.required and column.name not in seen:
                    fault("this column is missing", column.name, "Every row needs it.")
        for problem in faults:
            problems.add(problem)
        return None if faults else cls(fields, len(names), constants)

    def record(self, cells: list[str]) -> Cells:
        """Return the cells of a line that matter, and what holds for all rows."""
        return [
            *((name, column, cells[place]) for place, name, column in self.fields),
            *self.constants,
        ]


def unknown(name: str, columns: Columns) -> tuple[str, str | None, str]:
    """Word the fault of an unknown column: message, column, remedy."""
    if guesses := columns.guesses(name):
        options = " or ".join(f"--map {name}={guess}" for guess in guesses)
        return (
            "there is no such column",
            _readable(name),
            f"If it is ours, pass {options}; else --ignore-extra-columns.",
        )
    near = columns.nearest(name)
    remedy = f"Did you mean {near}?" if near else f"The columns are {columns.named()}."
    return (
        "there is no such column",
        _readable(name),
        f"{remedy} --ignore-extra-columns skips it.",
    )


def _readable(name: str) -> str:
    """Return what can be read of a header."""
    text = "".join(character if character.isprintable() else "?" for character in name)
    return clipped(text).strip("'")
