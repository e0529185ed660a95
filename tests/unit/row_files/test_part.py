"""Rows read by their places in a file."""

import os
from array import array
from pathlib import Path

import pytest

from voxsip import BindRequest, ConfigurationError, CreateRequest
from voxsip._bindings.digest import new_checksum
from voxsip._row_files.part import PartFile, Spans
from voxsip._row_files.problems import FileChangedError
from voxsip._row_files.row_file import RowFile

FILES = {
    "plain": b"sip_registration_id,application_id,user_name\n1,2,ann\n3,4,bob\n5,6,cid\n",
    "BOM, blank lines, CRLF": b"\xef\xbb\xbf\r\n\r\nid;app id;user\r\n\r\n1;2;ann\r\n\r\n3;4;bob\r\n5;6;cid",
    "old line ends": b"id,app id,user\r1,2,ann\r3,4,bob\r5,6,cid\r",
    "delimiter told, cells over lines": b'sep=;\nid;app id;user\n1;2;"a;b\r\n"\n3;4;bob\n5;6;"\n\nd"\n',
    "beyond ASCII": 'user,app id,id\nÄnne,2,1\n"Bób; 🙂",4,3\nc,6,5\n'.encode(),
    "JSONL": b'{"id": 1, "app id": 2, "user": "\xc3\xa4"}\n\n{"id": 3, "bind": false}\r\n{"user": "c", "app": "x", "bind": false}',
}


def scanned(path, request):
    """Every row with its line and bytes, and the checksum: what a plan notes."""
    checksum = new_checksum()
    found = []
    with RowFile(str(path), request) as file:
        file.cells = checksum
        found.extend((line, row, *file.span) for line, row in file.scan(on_conflict="order"))
    return found, checksum.hexdigest()


def spans_of(found, head):
    return Spans(
        lines=array("q", (line for line, *_ in found)),
        starts=array("q", (start for *_, start, _ in found)),
        sizes=array("q", (end - start for *_, start, end in found)),
        head=head,
    )


@pytest.fixture
def part(tmp_path):
    """Write a file; return some of its rows as they are read by their places, and as the whole file gives them."""
    opened = []

    def part(content, chosen=slice(None), name="rows.csv", request=CreateRequest):
        path = tmp_path / name
        path.write_bytes(content)
        found, checksum = scanned(path, request)
        rows = PartFile(str(path), request, spans_of(found[chosen], found[0][2]))
        opened.append(rows)
        return rows, found[chosen], checksum

    yield part
    for rows in opened:
        rows.close()


@pytest.mark.parametrize("content", [pytest.param(text, id=name) for name, text in FILES.items()])
@pytest.mark.parametrize("chosen", [slice(None), slice(1, 2), slice(0, 3, 2), slice(2, 3)])
def test_gives_the_rows_of_the_whole_file(part, content, chosen):
    name = "rows.jsonl" if content.startswith(b"{") else "rows.csv"
    rows, found, checksum = part(content, chosen, name, BindRequest)
    rows.check(checksum)
    assert len(rows) == len(found)
    assert list(rows) == list(rows) == [row for _, row, *_ in found]


def test_two_may_read_at_the_same_time(part):
    rows, found, _ = part(FILES["plain"], request=BindRequest)
    one, other = iter(rows), iter(rows)
    assert [(next(one), next(other)) for _ in found] == [(row, row) for _, row, *_ in found]


PURCHASES = b"sip_username,proxy,password\nann,sip.example.com,one\nbob,sip.example.com,two\n"


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        pytest.param(b"one", b"1ne", True, id="a password: nothing of it is compared"),
        pytest.param(b"one", b"other", False, id="a longer password: rows stand elsewhere"),
        pytest.param(b"bob", b"bOb", False, id="a name"),
        pytest.param(b"\nbob", b"\n\nbob", False, id="a blank line"),
        pytest.param(b"proxy", b"auth_user", False, id="a column"),
        pytest.param(b"sip_username", b"colour", False, id="no column"),
    ],
)
def test_another_file_is_told_from_the_one_that_was_planned(part, before, after, same):
    rows, found, checksum = part(PURCHASES)
    Path(rows.path).write_bytes(PURCHASES.replace(before, after, 1))
    copy = PartFile(rows.path, CreateRequest, spans_of(found, found[0][2]))
    with copy:
        if same:
            copy.check(checksum)
            return
        with pytest.raises(ConfigurationError, match="is not what it was when the job was made"):
            copy.check(checksum)


def test_lines_are_those_of_the_file(part, tmp_path):
    rows, _, _ = part(b'id,user,app\n\n1,"a\n",x\n2,c,y\n', slice(1, 2), request=BindRequest)
    assert list(rows._spans.lines) == [5]
    passwords = tmp_path / "passwords.csv"
    passwords.write_bytes(PURCHASES)
    content = f"sip_username,proxy,password_from\nbob,sip.example.com,{passwords}:3\n".encode()
    rows, _, _ = part(content, name="again.csv")
    assert [(row.password, origin) for row, origin in rows.with_origins()] == [
        ("two", f"{passwords}:3")
    ]


def test_a_file_that_is_written_to_meanwhile_is_noticed(part):
    rows, _, _ = part(PURCHASES)
    Path(rows.path).write_bytes(PURCHASES + b"x")
    os.utime(rows.path, ns=(0, 0))
    with pytest.raises(FileChangedError, match="changed while the job was running"):
        list(rows)


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe"])
def test_what_cannot_be_read_is_named_with_a_remedy(tmp_path, what):
    path = tmp_path / "rows.csv"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    spans = Spans(lines=array("q"), starts=array("q"), sizes=array("q"), head=0)
    with pytest.raises(ConfigurationError, match=r"rows\.csv: it cannot be read here: .*; put it"):
        PartFile(str(path), BindRequest, spans)
