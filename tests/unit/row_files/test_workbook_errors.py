"""Cells of a workbook that hold an error, or a formula without a value, are refused by sheet and cell."""

from __future__ import annotations

import zipfile

import pytest

from voxsip import BindRequest, CreateRequest
from voxsip._row_files import InputError, RowFile
from voxsip._row_files.reading import Reading
from voxsip.cli import main

pytestmark = pytest.mark.once
openpyxl = pytest.importorskip("openpyxl")

ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"]
HEADER = ["sip_username", "proxy", "password", "user_name", "application"]
REMEDY = "Put a value there, or clear the cell, and save the workbook again."


class Broken(str):
    """The error of a cell, as a spreadsheet program stores it."""

    __slots__ = ()


@pytest.fixture
def book(tmp_path):
    """Give a function that makes a workbook with two sheets; the rows are in the second."""

    def make(*rows, name="rows.xlsx"):
        workbook = openpyxl.Workbook()
        workbook.active.title = "Notes"
        workbook.active.append(["#N/A"])
        sheet = workbook.create_sheet("New & old")
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                cell = sheet.cell(number, place, value)
                if isinstance(value, Broken):
                    cell.data_type = "e"
        workbook.save(tmp_path / name)
        return str(tmp_path / name)

    return make


def read(path, request=CreateRequest, sheet="New & old", **reading):
    with RowFile(path, request, Reading(sheet=sheet, **reading)) as file:
        return list(file.check())


def problems(path, *args, **options):
    with pytest.raises(InputError) as caught:
        read(path, *args, **options)
    return caught.value.problems


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_is_named_by_its_place(book, error):
    path = book(HEADER, ["ann", "p", "secret", Broken(error), "app"])
    [problem] = problems(path)
    assert f"sheet 'New & old', cell D2 holds {error}" in str(problem)
    if error != "#SPILL!":  # which the library that reads workbooks refuses as a whole
        assert (problem.line, problem.column, problem.remedy) == (2, "user_name", REMEDY)


def test_a_password_is_not_lost(book):
    [problem] = problems(book(HEADER, ["ann", "p", Broken("#REF!"), None, None]))
    assert "column password: sheet 'New & old', cell C2 holds #REF!" in str(problem)


def test_an_error_past_the_last_value(book):
    [problem] = problems(book(HEADER, ["ann", "p"], [], ["bob", "p", None, None, Broken("#N/A")]))
    assert (problem.line, problem.column) == (4, "application")


def test_an_error_in_a_header(book):
    path = book([*HEADER[:4], Broken("#N/A")], ["ann", "p", "x", "user", "app"])
    [problem] = problems(path)
    assert "cell E1 holds #N/A. Write the column's name there" in str(problem)


def test_a_column_that_does_not_matter(book):
    path = book(["sip_username", "proxy", "floor"], ["ann", "p", Broken("#N/A")])
    [row] = read(path, ignore_extra=True)
    assert row.sip_username == "ann"


def test_an_error_on_another_sheet_does_not_matter(book):
    assert len(read(book(["sip_username", "proxy"], ["ann", "p"]))) == 1


def test_a_formula_that_nobody_calculated(book):
    path = book(["id", "app_id", "user_id"], [1, 1, "=VLOOKUP(A2,Notes!A:B,2)"])
    [problem] = problems(path, BindRequest)
    assert "column user_id: sheet 'New & old', cell C2 holds a formula without a value" in str(
        problem
    )


def test_the_value_of_a_formula_is_read(book, tmp_path):
    path = book(["id", "app_id", "user_name", "rule_name"], [1, 7, '="a"&"nn"', '=""'])
    changed = tmp_path / "calculated.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            if name.endswith("sheet2.xml"):
                for cell, value in ((b"C2", b"ann"), (b"D2", b"")):
                    text = text.replace(b'<c r="%b">' % cell, b'<c r="%b" t="str">' % cell)
                    text = text.replace(b"<v />", b"<v>%b</v>" % value, 1).replace(
                        b"<v></v>", b"<v>%b</v>" % value, 1
                    )
            new.writestr(name, text)
    [row] = read(str(changed), BindRequest)
    assert (row.user_name, row.rule_name) == ("ann", None)


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet><table:table table:name="New &amp; old">
<table:table-row>{header}</table:table-row>
<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="9"/></table:table-row>
<table:table-row><table:table-cell office:value-type="string"><text:p>ann</text:p></table:table-cell>{cells}</table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""
PROXY = '<table:table-cell office:value-type="string"><text:p>p</text:p></table:table-cell>'


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        (
            PROXY + '<table:table-cell table:formula="of:=NA()" office:value-type="string" '
            'office:string-value="" calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
            "cell C4 holds #N/A",
        ),
        (
            '<table:table-cell table:formula="of:=1/0" office:value-type="string"><text:p>Err:502</text:p></table:table-cell>',
            "cell B4 holds Err:502",
        ),
        ('<table:table-cell table:formula="of:=A1"/>', "cell B4 holds a formula without a value"),
        (PROXY, None),
    ],
)
def test_a_sheet_of_open_document(tmp_path, cells, fault):
    path = tmp_path / "rows.ods"
    header = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in ("sip_username", "proxy", "user_name")
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", ODS.format(header=header, cells=cells))
    if fault is None:
        assert [row.proxy for row in read(str(path))] == ["p"]
        return
    [problem] = problems(str(path))
    assert fault in str(problem)
    assert problem.line == 4


def test_forms_in_which_errors_look_empty(tmp_path):
    path = tmp_path / "rows.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    [problem] = problems(str(path))
    assert "old form (.xls), or one with a password. Save it as .xlsx" in str(problem)


def test_the_command_line_refuses_it(book, capsys):
    path = book(HEADER, ["ann", "p", "x", Broken("#N/A"), "app"])
    assert main(["bulk", "create", path, "--sheet", "New & old", "--dry-run"]) == 2
    assert "sheet 'New & old', cell D2 holds #N/A" in capsys.readouterr().err
