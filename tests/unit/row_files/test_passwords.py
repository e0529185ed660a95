"""Passwords that stay in the file they came from."""

from __future__ import annotations

import pytest

from voxsip import CreateRequest
from voxsip._row_files import InputError, RowFile

ORIGINAL = "sip_username,proxy,password\nann,p,one\nbob,p,\ncid,p,three\n"


@pytest.fixture
def write(tmp_path):
    def write(content, name):
        path = tmp_path / name
        path.write_text(content)
        return str(path)

    return write


@pytest.fixture
def original(write):
    return write(ORIGINAL, "original.csv")


def failed(origins):
    rows = "".join(f"{name},p,{origin}\n" for name, origin in origins)
    return f"sip_username,proxy,password_from\n{rows}"


def passwords_in(path):
    with RowFile(path, CreateRequest) as file:
        rows = file.check()
        assert [row.sip_username for row in rows] == [row.sip_username for row in rows]
        return [row.password for row in rows], rows.origins


def problem_in(path):
    with RowFile(path, CreateRequest) as file, pytest.raises(InputError) as caught:
        file.check()
    [problem] = caught.value.problems
    return problem


def test_found_in_any_order(write, original):
    origins = [("cid", f"{original}:4"), ("ann", f"{original}:2"), ("bob", f"{original}:3")]
    found, kept = passwords_in(write(failed(origins), "failed.csv"))
    assert found == ["three", "one", None]
    assert kept == {place: origin for place, (_, origin) in enumerate(origins)}


def test_found_through_other_reports(write, original):
    first = write(failed([("ann", f"{original}:2")]), "first.csv")
    second = write(failed([("ann", f"{first}:2")]), "second.csv")
    assert passwords_in(second)[0] == ["one"]


def test_found_in_jsonl(write):
    path = write('\n{"sip_username": "ann", "proxy": "p", "password": "one"}\n', "rows.jsonl")
    assert passwords_in(write(failed([("ann", f"{path}:2")]), "failed.csv"))[0] == ["one"]


def test_found_far_behind(write):
    names = [f"u{number}" for number in range(9000)]
    rows = "".join(f"{name},p,secret-{name}\n" for name in names)
    path = write(f"sip_username,proxy,password\n{rows}", "original.csv")
    origins = [("u8999", f"{path}:9001"), ("u0", f"{path}:2"), ("u5", f"{path}:7")]
    found, _ = passwords_in(write(failed(origins), "failed.csv"))
    assert found == ["secret-u8999", "secret-u0", "secret-u5"]


def test_a_password_in_the_row_comes_first(write):
    path = write("sip_username,proxy,password,password_from\nann,p,new,none.csv:3\n", "failed.csv")
    assert passwords_in(path)[0] == ["new"]


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ("none.csv:2", "none.csv cannot be read: there is no such file"),
        ("<stdin>:2", "<stdin> cannot be read"),
        ("{original}:9", "is no row that can be read"),
        ("{original}:1", "is no row that can be read"),
        ("{original}:4", "another row stands in"),
        ("{original}", "names no line of a file"),
        ("12", "names no line of a file"),
        ("{failed}:2", "names no line of a file"),
    ],
)
def test_places_that_hold_nothing(write, original, tmp_path, origin, message):
    origin = origin.format(original=original, failed=tmp_path / "failed.csv")
    problem = problem_in(write(failed([("ann", origin)]), "failed.csv"))
    assert problem.column == "password_from"
    assert message in problem.message
    assert "column 'password'" in problem.remedy
    assert "three" not in str(problem)
