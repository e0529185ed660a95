"""Read the header of a CSV file: which cell belongs to which column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from voxsip._row_files.columns import Column
from voxsip._row_files.problems import Problem, clipped

if TYPE_CHECKING:
    from voxsip._row_files.columns import Columns
    from voxsip._row_files.problems import Problems


@frozen
class Header:
    """The cells that matter, as (place, header as written, column); `width` counts all cells."""

    fields: list[tuple[int, str, Column]]
    width: int

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
        if not any(columns.find(name) or columns.is_read_over(name) for name in names):
            fault(
                "this is not a header",
                remedy=f"Begin with a line that names the columns, of {columns.named()}.",
            )
        else:
            for place, name in enumerate(names):
                column = columns.find(name)
                if column is None:
                    if not name:
                        fault(f"column {place + 1} has no name", remedy="Name or remove it.")
                    elif not columns.is_read_over(name):
                        fault(*unknown(name, columns))
                elif column.name in seen:
                    also = seen[column.name]
                    what = "stands twice" if also == name else f"means the same as {also}"
                    fault(what, name, "Remove one of the two.")
                else:
                    seen[column.name] = name
                    fields.append((place, name, column))
            for column in columns.all:
                if column.required and column.name not in seen:
                    fault("this column is missing", column.name, "Every row needs it.")
        for problem in faults:
            problems.add(problem)
        return None if faults else cls(fields, len(cells))


def unknown(name: str, columns: Columns) -> tuple[str, str | None, str]:
    """Word the fault of an unknown column: message, column, remedy."""
    near = columns.nearest(name)
    remedy = f"Did you mean {near}?" if near else f"The columns are {columns.named()}."
    return "there is no such column", clipped(name).strip("'"), remedy
