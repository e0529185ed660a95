"""Rows of a workbook, as CSV in UTF-8: a line is a row of the sheet.

The library that reads workbooks shows a cell with an error such as #N/A, or a formula that no program has calculated, as
an empty cell. A row without its user or its password would be another row, so such cells are looked for first, and
are refused if their column matters.
"""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any

from voxsip._row_files.cell_errors import UnreadableSheetError, faulty_cells
from voxsip._row_files.problems import ConversionError, marked
from voxsip._row_files.temporary import temporary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_OLD = b"\xd0\xcf\x11\xe0"


def workbook_as_csv(file: IO[bytes], sheet: str | None) -> IO[bytes]:
    """Return a temporary file with the rows of a sheet.

    Args:
        sheet: The name of the sheet; None for the first one.

    Raises:
        ConversionError: It cannot be read.
    """
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConversionError(
            "it is a workbook", "pip install 'voxsip[excel]', or save it as CSV in UTF-8."
        ) from None
    file.seek(0)
    if file.read(len(_OLD)) == _OLD:
        raise ConversionError(
            "it is a workbook of an old form (.xls), or one with a password",
            "Save it as .xlsx without a password, or as CSV in UTF-8.",
        )
    file.seek(0)
    faults: Mapping[tuple[int, int], str] = {}
    try:
        book = CalamineWorkbook.from_filelike(file)
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise ConversionError(
                f"it has no sheet {sheet!r}", f"Its sheets are {', '.join(map(repr, names))}."
            )
        if not names:
            raise ConversionError("it has no sheets", "Save the rows in one.")
        name = names[0] if sheet is None else sheet
        faults = faulty_cells(file, name)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except UnreadableSheetError as error:
        raise ConversionError(str(error), "Save it as .xlsx, or as CSV in UTF-8.") from None
    except (CalamineError, OSError, ValueError) as error:
        if faults:  # the library knows not all of them
            raise ConversionError(
                next(iter(faults.values())), "Correct it and save again."
            ) from None
        raise ConversionError(
            f"it cannot be read as a workbook ({type(error).__name__})", "Save it as CSV in UTF-8."
        ) from None
    with temporary() as (copy, keep):
        into = io.TextIOWrapper(copy, "utf-8", newline="", write_through=True)
        try:
            csv.writer(into, lineterminator="\n").writerows(_texts(rows, faults))
        finally:
            with contextlib.suppress(OSError):
                into.detach()
        return keep()


def _texts(rows: list[Any], faults: Mapping[tuple[int, int], str]) -> Iterator[list[str]]:
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (row, column), fault in faults.items():
        by_row.setdefault(row, []).append((column, fault))
    width = 0
    for number in range(max(len(rows), *(row + 1 for row in by_row), 0)):
        cells = [_text(cell) for cell in rows[number]] if number < len(rows) else []
        for column, fault in by_row.get(number, ()):
            cells += [""] * (column + 1 - len(cells))
            cells[column] = marked(fault)
        while len(cells) > width and not cells[-1]:
            cells.pop()
        width = max(width, len(cells))
        yield cells + [""] * (width - len(cells)) if any(cells) else []


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, datetime | date | time | timedelta):
        return str(cell)
    # A line of the copy is a row of the sheet; if a break matters, U+2028 is refused by name.
    return str(cell).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\u2028")
