"""Row files: what is read, and what is said about what cannot be."""

from __future__ import annotations

import io
import os
import sys
import tracemalloc
from pathlib import Path

import pytest

from voxsip import BindRequest, CreateRequest, DeleteRequest
from voxsip._row_files import InputError, RowFile
from voxsip._row_files.problems import FileChangedError


@pytest.fixture
def write(tmp_path):
    def write(content, name="rows.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return write


def rows_of(path, request=BindRequest, **options):
    with RowFile(path, request) as file:
        checked = file.check(**options)
        rows = list(checked)
        assert len(checked) == len(rows)
        assert list(checked) == rows
        return rows


def problems_of(path, request=BindRequest, **options):
    with pytest.raises(InputError) as caught, RowFile(path, request) as file:
        file.check(**options)
    return caught.value.problems


def only_problem(path, request=BindRequest, **options):
    [problem] = problems_of(path, request, **options)
    return problem


BOUND = [BindRequest(sip_registration_id=7, application_id=1, user_name="ann")]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("sip_registration_id,application_id,user_name\n7,1,ann\n", id="plain"),
        pytest.param("sip_registration_id,application_id,user_name\n7,1,ann", id="no last newline"),
        pytest.param("\ufeffsip_registration_id,application_id,user_name\n7,1,ann\n", id="BOM"),
        pytest.param("user_name,sip_registration_id,application_id\nann,7,1\n", id="other order"),
        pytest.param("Registration ID,App-ID,User\n7,1,ann\n", id="aliases"),
        pytest.param("ID,APPID,USERNAME\n7,1,ann\n", id="case and no separators"),
        pytest.param("id;app id;user\n7;1;ann\n", id="semicolon"),
        pytest.param("id\tapp id\tuser\n7\t1\tann\n", id="tab"),
        pytest.param("sep=;\nid;app id;user\n7;1;ann\n", id="sep line"),
        pytest.param("id,app id,user\r\n7,1,ann\r\n", id="CRLF"),
        pytest.param("id,app id,user\r7,1,ann\r", id="CR"),
        pytest.param("\n\nid,app id,user\n\n\n7,1,ann\n , ,\n\n", id="blank lines"),
        pytest.param('"id","app id","user"\n"7","1","ann"\n', id="all quoted"),
        pytest.param("id, app id , user\n 7 , 1 ,\tann \n", id="blanks around"),
        pytest.param("id,app id,user,rule,rule_id\n7,1,ann,,\n", id="empty is absent"),
        pytest.param(
            "id,app id,user,Status,error,error_code\n7,1,ann,failed,oops,117\n", id="own report"
        ),
    ],
)
def test_csv_as_people_write_it(write, content):
    assert rows_of(write(content)) == BOUND


def test_quoted_cells_hold_delimiters_and_quotes(write):
    path = write('id,app,user\n7,"a,b","say ""hi"" there"\n8,c,d\n')
    assert rows_of(path) == [
        BindRequest(sip_registration_id=7, application_name="a,b", user_name='say "hi" there'),
        BindRequest(sip_registration_id=8, application_name="c", user_name="d"),
    ]


def test_lines_are_counted_as_an_editor_does(write):
    path = write('id,app,user,error\n\n7,a,u,"a\nb"\n\nx,c,d,\n')
    assert only_problem(path).line == 6


@pytest.mark.parametrize(
    ("cell", "value"),
    [("true", True), ("No", False), ("1", True), ("off", False), (" FALSE ", False), ("", True)],
)
def test_booleans(write, cell, value):
    [row] = rows_of(write(f"id,bind\n7,{cell}\n"))
    assert row.bind is value


def test_jsonl(write):
    path = write(
        '{"id": 7, "application_id": "1", "user": "ann", "rule_id": null}\n'
        "\n"
        ' {"Registration ID": 8, "bind": false, "status": "failed", "error": {"x": 1}} \n',
        "rows.jsonl",
    )
    assert rows_of(path) == [*BOUND, BindRequest(sip_registration_id=8, bind=False)]


def test_jsonl_is_known_by_its_content(write):
    assert rows_of(write('{"id": 7, "app id": 1, "user": "ann"}\n', "rows.txt")) == BOUND


def test_create_keeps_passwords_as_they_are(write):
    path = write('sip_username,proxy,password\nann,sip.example.com," s3,cret "\n')
    [row] = rows_of(path, CreateRequest)
    assert row == CreateRequest(sip_username="ann", proxy="sip.example.com", password=" s3,cret ")


def test_delete(write):
    assert rows_of(write("sip_registration_id\n7\n"), DeleteRequest) == [
        DeleteRequest(sip_registration_id=7)
    ]


def test_a_header_alone_is_no_rows(write):
    assert rows_of(write("id,app\n")) == []


def checksum(path, request=BindRequest):
    with RowFile(path, request) as file:
        return file.check().checksum


def test_the_checksum_is_of_what_rows_say(write):
    same = {
        checksum(write("id,bind,app\n7,no,\n")),
        checksum(write("bind;ID\r\nfalse; 7\r\n", "again.csv")),
        checksum(write('{"id": 7, "bind": false}\n', "rows.jsonl")),
    }
    assert len(same) == 1
    assert checksum(write("id,bind\n8,no\n")) not in same
    assert checksum(write("id,bind\n7,no\n7,no\n")) not in same


def test_the_checksum_knows_nothing_of_passwords(write):
    header = "sip_username,proxy,password\n"
    one = checksum(write(f"{header}ann,p,HUNTER2\n"), CreateRequest)
    assert one == checksum(write(f"{header}ann,p,other\n"), CreateRequest)


def test_two_readers_at_once_do_not_disturb_each_other(write):
    path = write("id,bind\n" + "".join(f"{n},no\n" for n in range(1, 20_001)))
    with RowFile(path, BindRequest) as file:
        rows = file.check()
        assert all(one == other for one, other in zip(rows, rows, strict=True))


def test_standard_input_is_read_twice(monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b'{"id": 7, "app id": 1, "user": "ann"}\n'))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert rows_of("-") == BOUND


def test_the_line_of_each_row_is_known(write):
    with RowFile(write("id,bind\n\n7,no\n\n8,no\n"), BindRequest) as file:
        assert list(file.check().lines) == [3, 5]


TEN_MISTAKES = b"""\
registration,application,user,user_id,bind
x,app-1,ann,,
,app-1,ann,,
3,app-1,bob,5,
4,,cid,,
5,app-1,,5.5,
6,app-1,,,maybe
7,app-1,dan
8,app-1,"e"ve,,
9,app-1,caf\xe9,,
10,a\0b,fay,,
"""


def test_ten_mistakes_make_ten_messages(write):
    path = write(TEN_MISTAKES)
    found = [(p.line, p.column, p.message) for p in problems_of(path)]
    assert found == [
        (2, "registration", "'x' is not a whole number"),
        (3, "sip_registration_id", found[1][2]),
        (4, "user_name", "give user_id or user_name, not both"),
        (5, "application_id", found[3][2]),
        (6, "user_id", "'5.5' is not a whole number"),
        (7, "bind", "'maybe' is neither true nor false"),
        (8, None, "there are 3 cells where the header has 5"),
        (9, None, "text follows a closing quote"),
        (10, "user", "byte 0xE9 is not UTF-8"),
        (11, "application", "there is a NUL byte"),
    ]


def test_a_problem_reads_as_place_matter_and_remedy(write):
    path = write("registration,bind\nx,no\n")
    assert str(only_problem(path)) == (
        f"{path}:2: column registration: 'x' is not a whole number. "
        "Write the id in digits, as in 12345."
    )


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize("request_class", [BindRequest, CreateRequest, DeleteRequest])
def test_an_empty_file_names_the_template_of_its_rows(write, request_class, name):
    remedy = only_problem(write("\n", name), request_class).remedy
    assert f"'voxsip bulk template {request_class.kind}'" in remedy


def test_a_short_name_is_no_misspelling_of_every_word_with_its_letters(write):
    assert "Did you mean" not in only_problem(write("id,bind\n7,true\n"), DeleteRequest).remedy
    assert "Did you mean sip_reg" in problems_of(write("ids,app\n7,a\n"))[0].remedy


def test_what_stands_in_a_cell_of_json_is_named(write):
    found = problems_of(write('{"id": 1, "app": {"a": 1}}\n{"id": 2, "app": [1]}\n', "rows.jsonl"))
    assert [problem.message.partition(" stands")[0] for problem in found] == ["an object", "a list"]


def test_many_mistakes_are_shown_up_to_a_limit(write):
    path = write("id\n" + "x\n" * 60)
    with pytest.raises(InputError) as caught, RowFile(path, BindRequest) as file:
        file.check()
    shown = str(caught.value).splitlines()
    assert len(shown) == 52
    assert shown[-2:] == ["and 10 more", "60 mistakes; nothing was sent"]


@pytest.mark.parametrize(
    ("content", "message", "remedy"),
    [
        pytest.param("", "the file is empty", "'voxsip bulk template bind' writes", id="empty"),
        pytest.param("\n \n", "the file is empty", "", id="blank"),
        pytest.param("7,1,ann\n", "this is not a header", "names the columns", id="no header"),
        pytest.param("id,usr_id\n", "there is no such column", "mean user_id?", id="misspelled"),
        pytest.param("rul_id\n", "there is no such", "mean rule_id?", id="all misspelled"),
        pytest.param("id,app\n7," + "a" * 200_000, "a cell has more than", "Shorten", id="long"),
        pytest.param("id,colour\n", "there is no such column", "The columns are", id="unknown"),
        pytest.param("id,,app\n", "column 2 has no name", "Name or remove it", id="nameless"),
        pytest.param("id,bind,bind\n", "stands twice", "Remove one", id="twice"),
        pytest.param("id,app,application_name\n", "means the same as app", "Remove", id="alias"),
        pytest.param("id,app\n7,a,b\n", "there are 3 cells", "Quote a cell that", id="too many"),
        pytest.param("id,app\n7\n", "there is 1 cell where", "Leave empty", id="too few"),
        pytest.param(
            'id,app\n7,"a\n8,b\n', "is not closed by line 3", 'Close it with "', id="open"
        ),
        pytest.param("id\n0\n", "0 is not a possible id", "", id="zero"),
        pytest.param("id\n-5\n", "'-5' is not a whole number", "", id="negative"),
        pytest.param('id\n"5,0"\n', "'5,0' is not", "Write 5.", id="comma"),
        pytest.param('id\n"5,000"\n', "'5,000' is not", "Write the id in digits", id="thousands"),
        pytest.param("id\n1.2E+05\n", "a spreadsheet has rounded", "as text", id="scientific"),
        pytest.param("id\n99999999999999999999\n", "too large for an id", "", id="20 digits"),
        pytest.param("id\n9999999999999999999\n", "not a possible id", "", id="past 64 bits"),
        pytest.param("id\n٣\n", "'٣' is not a whole number", "", id="other digits"),
        pytest.param(b"\x1f\x8b", "the file is gzip", "Save it as CSV", id="gzip"),
        pytest.param(b"PK\x03\x04", "read as a workbook", "Save it as CSV", id="xlsx"),
    ],
)
def test_what_is_wrong_with_a_csv_file(write, content, message, remedy):
    problem = only_problem(write(content))
    assert message in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "the file is empty", id="empty"),
        pytest.param('{"id": 7\n', "this is not JSON at character", id="cut"),
        pytest.param("7\n", "this is not a JSON object", id="number"),
        pytest.param('[{"id": 7}]\n', "this is not a JSON object", id="list"),
        pytest.param('{"id": 7, "id": 8}\n', "stands twice", id="twice"),
        pytest.param('{"id": 7, "sip_registration_id": 8}\n', "means the same", id="alias twice"),
        pytest.param('{"ident": 7}\n', "there is no such column", id="unknown"),
        pytest.param('{"id": 7.5}\n', "a fraction stands where a whole number", id="fraction"),
        pytest.param('{"id": true}\n', "a boolean stands where a whole number", id="bool as id"),
        pytest.param('{"id": 7, "app": 5}\n', "a number stands where text", id="number as text"),
        pytest.param('{"id": [7]}\n', "a list stands where", id="list as id"),
        pytest.param('{"id": 7, "bind": 2}\n', "a number stands where true or false", id="2"),
        pytest.param('{"id": NaN}\n', "'NaN' is not a whole number", id="NaN"),
        pytest.param('{"id": 7, "app": "\\ud800"}\n', "half a character", id="surrogate"),
        pytest.param('{"id": 7, "app": "\\u0000"}\n', "there is a NUL byte", id="NUL"),
        pytest.param('{"id": ' + "[" * 100_000 + "\n", "this is not JSON", id="deep"),
        pytest.param('{"id": ' + "9" * 5_000 + "}\n", "this is not JSON", id="long number"),
    ],
)
def test_what_is_wrong_with_a_jsonl_file(write, content, message):
    assert message in only_problem(write(content, "rows.jsonl")).message


def test_missing_required_columns_are_named(write):
    problems = problems_of(write("user_name,app\nann,a\n"), CreateRequest)
    assert [(p.column, p.message) for p in problems] == [
        ("sip_username", "this column is missing"),
        ("proxy", "this column is missing"),
    ]
    problems = problems_of(write('{"proxy": "p"}\n', "rows.jsonl"), CreateRequest)
    assert [p.column for p in problems] == ["sip_username"]


def test_empty_required_cells_are_named(write):
    problem = only_problem(write("sip_username,proxy\n ,p\n"), CreateRequest)
    assert (problem.line, problem.column) == (2, "sip_username")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        pytest.param("sip_username,proxy,password\nann,p,HUNTER2\0\n", "a.csv", id="NUL"),
        pytest.param("sip_username,proxy,password\nann,p,HUNTER2,x\n", "a.csv", id="shape"),
        pytest.param('sip_username,proxy,password\nann,p,"HUNTER2\n', "a.csv", id="open"),
        pytest.param("ann,p,HUNTER2\n", "a.csv", id="no header"),
        pytest.param('{"proxy": "p", "password": "HUNTER2"\n', "a.jsonl", id="cut"),
        pytest.param('{"proxy": "p", "password": ["HUNTER2"]}\n', "a.jsonl", id="list"),
        pytest.param(
            '{"sip_username": "a", "proxy": "p", "password": "HUNTER2\\ud800"}\n',
            "a.jsonl",
            id="surrogate",
        ),
        pytest.param("sip_username,proxy,password,user_id\na,p,HUNTER2,3\n", "a.csv", id="rule"),
    ],
)
def test_no_message_shows_a_password(write, content, name):
    for problem in problems_of(write(content, name), CreateRequest):
        assert "HUNTER2" not in repr(problem)


def test_what_cannot_be_opened(tmp_path):
    assert only_problem(str(tmp_path / "none.csv")).message == "there is no such file"
    assert only_problem(str(tmp_path)).message == "this is a directory"
    assert "cannot be opened" in only_problem("a\0b").message


def test_an_endless_line_is_refused(write):
    path = write(b"id,app\n7," + b"x" * (1 << 21))
    assert "longer than 1 MiB" in only_problem(path).message


def test_a_file_that_changes_under_the_job_is_noticed(write):
    path = write("id,bind\n7,no\n8,no\n")
    with RowFile(path, BindRequest) as file:
        rows = file.check()
        with Path(path).open("r+b") as again:
            again.seek(-5, 2)
            again.write(b"9")
        with pytest.raises(FileChangedError, match="changed while the job was running"):
            list(rows)


@pytest.mark.parametrize("place", [60, 200_000])
def test_a_password_that_changes_under_the_job_is_noticed(write, place):
    lines = [f"user-{n},sip.example.com,secret-{n}\n" for n in range(10_000)]
    content = "".join(["sip_username,proxy,password\n", *lines])
    path = write(content)
    with RowFile(path, CreateRequest) as file:
        rows = file.check()
        assert len(list(rows)) == 10_000
        at = content.index("secret", place)
        with Path(path).open("r+b") as again:
            again.seek(at)
            again.write(b"S")
        read = []
        with pytest.raises(FileChangedError, match="changed while the job was running"):
            read.extend(row.password for row in rows)
        assert all(password.startswith("secret") for password in read)


@pytest.mark.parametrize("kept", [1 << 16, (1 << 16) + 100])
def test_a_file_that_is_cut_off_under_the_job_is_noticed(write, kept):
    path = write("id,bind\n" + "".join(f"{n},no\n" for n in range(1, 20_000)))
    with RowFile(path, BindRequest) as file:
        rows = file.check()
        os.truncate(path, kept)
        with pytest.raises(FileChangedError):
            list(rows)


def test_a_list_of_purchases_can_be_deleted_or_bound_but_not_bought_again(write):
    path = write("sip_username,user_name,sip_registration_id,row,status\nann,,7,2,done\n")
    assert rows_of(path, DeleteRequest) == [DeleteRequest(sip_registration_id=7)]
    assert rows_of(path, BindRequest) == [BindRequest(sip_registration_id=7)]
    problem = problems_of(path, CreateRequest)[0]
    assert problem.column == "sip_registration_id"
    assert problem.message == "names registrations that were bought already"


def test_the_columns_of_a_csv_file_are_kept_for_its_reports(write):
    def columns(path):
        with RowFile(path, CreateRequest) as file:
            return file.check().columns

    assert columns(write("proxy,sip user,row,password\np,ann,4,x\n")) == (
        "proxy",
        "sip_username",
        "password",
    )
    assert columns(write('{"proxy": "p", "sip_username": "ann"}\n', "rows.jsonl")) is None


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(write):
    def peak(rows):
        lines = (f"{number},1,{number}\n" for number in range(1, rows + 1))
        path = write("id,app id,user_id\n" + "".join(lines))
        tracemalloc.start()
        try:
            with RowFile(path, BindRequest) as file:
                assert sum(1 for _ in file.check()) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) - peak(5_000) < 250_000, "15,000 rows, and four bytes each for its line"


@pytest.mark.parametrize(
    ("cells", "column", "said", "remedy"),
    [
        ('"ann\n",p', None, None, None),  # outer spaces of a cell are cut off
        ('"an\nn",p', "sip_username", "a line break", "Remove it."),
        ("an\u200bn,p", "sip_username", "zero width space", "Remove it."),
        ("nan,p", "sip_username", "no value", "Leave it empty"),
        ("ann,NULL", "proxy", "no value", "Leave it empty"),
        ("ann,https://p/", "proxy", "stands before a host", "Write 'p'."),
    ],
)
def test_names_that_cannot_work(write, cells, column, said, remedy):
    path = write(f"sip_username,proxy\n{cells}\n")
    if column is None:
        assert len(rows_of(path, CreateRequest)) == 1
        return
    problem = only_problem(path, CreateRequest)
    assert (problem.line, problem.column) == (2, column)
    assert said in problem.message
    assert problem.remedy.startswith(remedy)
