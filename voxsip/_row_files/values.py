"""Read one cell of a row file into the value its column holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import define

from voxsip._row_files.problems import clipped, fault_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip._row_files.columns import Column

_TRUE = frozenset({"true", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "no", "n", "off", "0"})
_LARGEST = 2**63 - 1
_ROUNDED = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
_FRACTION = re.compile(r"([0-9]+)[.,]0{1,2}")  # three would be a group of thousands


@define
class BadCell(Exception):  # noqa: N818 - a mark for the reader, never seen outside
    """A cell that cannot be read; the value of a secret column is never in it."""

    message: str
    remedy: str = ""


def value_of(column: Column, cell: object) -> object:
    """Read a cell, given as text (CSV) or as JSON; None if it is empty.

    Raises BadCell.
    """
    if cell is None:
        return None
    if isinstance(cell, str):
        fits = column.kind == "int" and len(cell) < 19 and cell.isdigit() and cell.isascii()
        if fits and (number := int(cell)):
            return number  # most cells are ids, and well
        if not column.secret:
            cell = cell.strip()
        if not cell:
            return None
        if (fault := fault_of(cell)) is not None:
            raise BadCell(
                fault, "Put a value there, or clear the cell, and save the workbook again."
            )
        if column.name != "password_from":  # a path, and paths are bytes
            _check_text(cell)
        return _PARSERS[column.kind](cell)
    if isinstance(cell, bool) and column.kind == "bool":
        return cell
    if type(cell) is int and column.kind == "int":
        return _in_range(cell)
    if type(cell) is float and column.kind == "int" and cell.is_integer() and abs(cell) < 2**53:
        return _in_range(int(cell))  # of a data frame; a larger one may have been rounded
    found = _JSON_NAMES.get(type(cell), "an object")
    raise BadCell(f"{found} stands where {_WANTED[column.kind]}")


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadCell("there is a NUL byte", "Save the file as plain UTF-8 text.")
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        broken = ord(text[error.start])
        # Bytes that did not decode come as U+DC80..U+DCFF; others were escaped in JSON.
        what = f"byte 0x{broken - 0xDC00:02X}" if 0xDC80 <= broken <= 0xDCFF else "half a character"
        raise BadCell(
            f"{what} is not UTF-8",
            "Save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or pass its --file-encoding, such as windows-1252.",
        ) from None


def _int(text: str) -> int:
    if text.isascii() and text.isdigit():
        if len(text) > 19:
            raise BadCell(f"{clipped(text)} is too large for an id")
        return _in_range(int(text))
    if _ROUNDED.fullmatch(text):
        raise BadCell(
            f"{clipped(text)} is an id that a spreadsheet has rounded",
            "Format the column as text and paste the ids again.",
        )
    if whole := _FRACTION.fullmatch(text):
        if "," not in text and len(whole[1]) < 16:  # of a data frame; a float holds no more digits
            return _in_range(int(whole[1]))
        raise BadCell(f"{clipped(text)} is not a whole number", f"Write {whole[1]}.")
    raise BadCell(f"{clipped(text)} is not a whole number", "Write the id in digits, as in 12345.")


def _in_range(number: int) -> int:
    if not 0 < number <= _LARGEST:
        raise BadCell(f"{number if abs(number) < _LARGEST else 'this number'} is not a possible id")
    return number


def _bool(text: str) -> bool:
    folded = text.casefold()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise BadCell(f"{clipped(text)} is neither true nor false", "Write true or false.")


_PARSERS: dict[str, Callable[[str], object]] = {"int": _int, "str": str, "bool": _bool}
_WANTED = {
    "int": "a whole number is wanted",
    "str": "text is wanted",
    "bool": "true or false is wanted",
}
_JSON_NAMES = {int: "a number", float: "a fraction", bool: "a boolean", list: "a list"}
