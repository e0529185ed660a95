"""Copies of row files for which there is no room, or whose source cannot be read."""

from __future__ import annotations

import io
import signal
import sys
from types import SimpleNamespace

import pytest

from voxsip import BindRequest
from voxsip._row_files import InputError, RowFile
from voxsip._row_files.reading import Reading

pytestmark = pytest.mark.once
resource = pytest.importorskip("resource")
ROWS = "id,app_id\n" + "".join(f"{number},1\n" for number in range(1, 10_001))


@pytest.fixture
def no_room():
    """Let no file of this process grow past 8 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as Python has it
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refused(path):
    with pytest.raises(InputError) as caught:
        RowFile(path, BindRequest, Reading())
    [problem] = caught.value.problems
    assert "it cannot be copied to a temporary file" in problem.message
    return problem


@pytest.fixture(params=["stdin", "utf-16", "xlsx"])
def path(request, tmp_path, monkeypatch):
    if request.param == "stdin":
        stdin = SimpleNamespace(
            buffer=io.BytesIO(ROWS.encode()), closed=False, isatty=lambda: False
        )
        monkeypatch.setattr(sys, "stdin", stdin)
        return "-"
    if request.param == "utf-16":
        (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-16")
        return str(tmp_path / "rows.csv")
    book = pytest.importorskip("openpyxl").Workbook(write_only=True)
    sheet = book.create_sheet("Rows")
    for line in ROWS.splitlines():
        sheet.append(line.split(","))
    book.save(tmp_path / "rows.xlsx")
    return str(tmp_path / "rows.xlsx")


def test_there_is_no_room_for_a_copy(path, no_room):
    problem = refused(path)
    assert problem.remedy.startswith("Free some space in the temporary folder")


def test_a_source_that_cannot_be_read(monkeypatch):
    class Broken(io.RawIOBase):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    stdin = SimpleNamespace(buffer=Broken(), closed=False, isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "Input/output error" in refused("-").message
