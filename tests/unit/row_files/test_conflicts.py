"""Rows that clash: found before anything is sent, or left to their order."""

from __future__ import annotations

import pytest

from voxsip import BindRequest, CreateRequest, DeleteRequest
from voxsip._row_files import InputError, RowFile


@pytest.fixture
def clashes(tmp_path):
    def clashes(content, request=BindRequest):
        path = tmp_path / "rows.csv"
        path.write_text(content)
        with RowFile(str(path), request) as file:
            assert len(file.check(on_conflict="order")) == content.count("\n") - 1
            try:
                file.check()
            except InputError as error:
                return [(problem.line, problem.message) for problem in error.problems]
            return []

    return clashes


def test_one_user_for_two_registrations(clashes):
    assert clashes("id,app,user_id\n1,a,5\n2,a,6\n3,a,5\n4,a,5\n") == [
        (4, "this row binds a registration to user 5, as row 2 does"),
        (5, "this row binds a registration to user 5, as row 2 does"),
    ]


def test_one_user_by_name_in_one_application(clashes):
    assert clashes("id,app,user\n1,a,ann\n2,a,ann\n") == [
        (3, "this row binds a registration to user ann, as row 2 does")
    ]


def test_the_same_name_in_two_applications_is_two_users(clashes):
    assert clashes("id,app,user\n1,a,ann\n2,b,ann\n3,7,ann\n") == []
    assert clashes("id,app id,user\n1,7,ann\n2,8,ann\n") == []


def test_an_application_by_name_and_one_by_id_may_be_one(clashes):
    why = "whose application stands by name in one row and by id in the other"
    assert clashes("id,app,app id,user\n1,a,,ann\n2,,7,ann\n3,,8,bob\n4,b,,Ann\n") == [
        (3, f"this row binds a registration to user ann, {why}, as row 2 does"),
        (5, f"this row binds a registration to user Ann, {why}, as row 3 does"),
    ]


@pytest.mark.parametrize(
    ("sip_username", "proxy"),
    [("Eve", "p.example.com"), ("eve", "P.Example.COM."), (" eve", "p.example.com:5060")],
)
def test_buying_nearly_the_same_twice(clashes, sip_username, proxy):
    [(line, message)] = clashes(
        f'sip_username,proxy\neve,p.example.com\n"{sip_username}",{proxy}\n', CreateRequest
    )
    assert line == 3
    assert "which may be eve at p.example.com in another spelling, as row 2 does" in message


def test_one_registration_twice(clashes):
    assert clashes("id,app,user_id\n1,a,5\n1,a,6\n") == [
        (3, "this row names registration 1, as row 2 does")
    ]


def test_the_same_row_twice_is_one_clash(clashes):
    assert clashes("id,app,user_id\n1,a,5\n1,a,5\n") == [
        (3, "this row names registration 1, as row 2 does")
    ]


def test_unbinding_clashes_with_nothing(clashes):
    assert clashes("id,app,user_id,bind\n1,a,5,no\n1,a,5,no\n1,a,5,yes\n") == []


def test_buying_the_same_twice(clashes):
    assert clashes("sip_username,proxy\nann,p\nann,q\nann,p\n", CreateRequest) == [
        (4, "this row buys registration ann at p, as row 2 does")
    ]


def test_buying_twice_for_one_user(clashes):
    assert clashes("sip_username,proxy,app,user_id\nann,p,a,5\nbob,p,a,5\n", CreateRequest) == [
        (3, "this row binds a registration to user 5, as row 2 does")
    ]


def test_deleting_the_same_twice(clashes):
    assert clashes("id\n1\n2\n1\n", DeleteRequest) == [
        (4, "this row names registration 1, as row 2 does")
    ]


def test_clashes_stand_among_the_other_mistakes_by_line(clashes, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,bind\n1,\n1,\nx,\n")
    with RowFile(str(path), BindRequest) as file, pytest.raises(InputError) as caught:
        file.check()
    assert [problem.line for problem in caught.value.problems] == [3, 4]


@pytest.mark.parametrize(
    ("content", "mixed"),
    [
        ("id,app,user_id,user\n1,a,5,\n2,a,,ann\n", True),
        ("id,app,user_id\n1,a,5\n2,a,6\n", False),
    ],
)
def test_users_named_both_ways_are_told(tmp_path, content, mixed):
    path = tmp_path / "rows.csv"
    path.write_text(content)
    with RowFile(str(path), BindRequest) as file:
        assert file.check().mixed_users is mixed
