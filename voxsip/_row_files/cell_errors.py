"""Cells of a workbook that hold an error, or a formula without a value: found in its XML.

A row without its user or its password would be another row.
"""

from __future__ import annotations

import re
import zipfile
from posixpath import join, normpath
from typing import IO
from xml.parsers import expat

_PIECE = 1 << 16
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ERROR = re.compile(r"#[A-Z0-9_/]+[!?]?|Err:[0-9]+")
_LONGEST = 20
_WIDEST = 1 << 14  # columns of a sheet
_MAIN = "xl/workbook.xml"


class UnreadableSheetError(Exception):
    """A sheet whose faulty cells cannot be found."""


def faulty_cells(file: IO[bytes], sheet: str) -> dict[tuple[int, int], str]:
    """Find the cells of a sheet that hold no value; return what is wrong with each.

    Returns:
        Faults by row and column, both from 0, in the order of the sheet.

    Raises:
        UnreadableSheetError: It is neither XLSX nor ODS, or the sheet is not where it should be.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if _MAIN in names:
                scan: _Scan = _Xlsx(sheet)
                part = _part_of(archive, sheet)
            elif "content.xml" in names:
                scan, part = _Ods(sheet), "content.xml"
            else:
                raise UnreadableSheetError("it is a workbook in a form that is not read")
            with archive.open(part) as content:
                scan.read(content)
    except (zipfile.BadZipFile, KeyError, expat.ExpatError, NotImplementedError, RuntimeError):
        raise UnreadableSheetError(f"its sheet {sheet!r} cannot be read") from None
    return scan.faults


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet. Raises KeyError."""
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet_of(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            [key] = [attributes[name] for name in attributes if _local(name) == "id"]
            sheets[attributes["name"]] = key

    def target_of(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    for part, take in ((_MAIN, sheet_of), ("xl/_rels/workbook.xml.rels", target_of)):
        with archive.open(part) as content:
            _parse(content, take)
    return normpath(join("/xl", targets[sheets[sheet]])).lstrip("/")


def _parse(content: IO[bytes], start: object, end: object = None, text: object = None) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise UnreadableSheetError("its XML holds a document type, which a workbook never has")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(_local(tag), attributes)  # type: ignore[operator]
    if end is not None:
        parser.EndElementHandler = lambda tag: end(_local(tag))  # type: ignore[operator]
    if text is not None:
        parser.CharacterDataHandler = text  # type: ignore[assignment]
    parser.ParseFile(content)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Scan:
    """A look through a sheet; `row` and `column` are those of the cell, from 0."""

    def __init__(self, sheet: str) -> None:
        self.faults: dict[tuple[int, int], str] = {}
        self.sheet = sheet
        self.row = self.column = -1
        self.said = ""
        self.listens = False

    def read(self, content: IO[bytes]) -> None:
        _parse(content, self.start, self.end, self.text)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError

    def text(self, text: str) -> None:
        if self.listens:
            self.said += text[: _LONGEST + 1 - len(self.said)]

    def note(self, *, error: bool) -> None:
        """Note the cell at hand; what it says is its error, or it has no value."""
        place = f"sheet {self.sheet!r}, cell {_letters(self.column)}{self.row + 1}"
        shown = (
            self.said if _ERROR.fullmatch(self.said) and len(self.said) <= _LONGEST else "an error"
        )
        self.faults[self.row, self.column] = (
            f"{place} holds {shown}" if error else f"{place} holds a formula without a value"
        )


class _Xlsx(_Scan):
    def __init__(self, sheet: str) -> None:
        super().__init__(sheet)
        self.kind = ""
        self.formula = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.row = int(attributes.get("r", self.row + 2)) - 1
            self.column = -1
        elif tag == "c":
            self.column += 1
            if place := _REFERENCE.fullmatch(attributes.get("r", "")):
                self.column, self.row = _number(place[1]), int(place[2]) - 1
            self.kind, self.formula, self.said = attributes.get("t", "n"), False, ""
        elif tag == "f":
            self.formula = True
        self.listens = tag == "v"

    def end(self, tag: str) -> None:
        self.listens = False
        if tag != "c":
            return
        if self.kind == "e":
            self.note(error=True)
        elif self.formula and self.kind != "str" and not self.said.strip():
            self.note(error=False)


class _Ods(_Scan):
    def __init__(self, sheet: str) -> None:
        super().__init__(sheet)
        self.inside = False
        self.repeated = 1
        self.cell: dict[str, str] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "table":
            self.inside = attributes.get("table:name") == self.sheet
        elif tag == "table-row":
            self.row += self.inside
            self.repeated = int(attributes.get("table:number-rows-repeated", 1))
            self.column = 0
        elif tag in ("table-cell", "covered-table-cell"):
            self.cell, self.said = attributes, ""
        self.listens = self.inside and tag == "p"

    def end(self, tag: str) -> None:
        self.listens = False
        if tag == "table":
            self.inside = False
        elif tag == "table-row" and self.inside:
            self.row += self.repeated - 1
        elif tag in ("table-cell", "covered-table-cell") and self.inside:
            formula = "table:formula" in self.cell
            error = self.cell.get("calcext:value-type") == "error"
            if error or (formula and _ERROR.fullmatch(self.said)):
                self.note(error=True)
            elif formula and "office:value-type" not in self.cell:
                self.note(error=False)
            self.column += int(self.cell.get("table:number-columns-repeated", 1))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return min(number, _WIDEST) - 1


def _letters(column: int) -> str:
    letters, number = "", column + 1
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters
