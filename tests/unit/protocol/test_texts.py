"""Names, hosts and passwords that cannot work are refused when the row is made."""

from __future__ import annotations

import re

import pytest

from voxsip import BindRequest, CreateRequest, InvalidArgumentError
from voxsip.bulk import Outcome

GOOD = {"sip_username": "ann", "proxy": "sip.example.com"}
TEXTS = ["sip_username", "proxy", "auth_user", "outbound_proxy", "application_name", "rule_name", "user_name"]  # fmt: skip


def refusal(**values):
    with pytest.raises(InvalidArgumentError) as raised:
        CreateRequest(**{**GOOD, **values})
    with pytest.raises(InvalidArgumentError, match=re.escape(str(raised.value))):
        CreateRequest.from_mapping({**GOOD, **values})
    return raised.value


@pytest.mark.parametrize("column", TEXTS)
@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\n", "U+000A (a line break)"),
        ("\r", "U+000D"),
        ("\t", "U+0009 (a tab)"),
        ("\x1b", "U+001B (ESC)"),
        ("\0", "U+0000"),
        ("\x7f", "U+007F"),
        ("\x9b", "U+009B"),
        ("\u200b", "U+200B (zero width space)"),
        ("\u200d", "U+200D"),
        ("\u2060", "U+2060"),
        ("\u00ad", "U+00AD"),
        ("\u202e", "U+202E"),
        ("\ufeff", "U+FEFF"),
        ("\u2028", "U+2028"),
        ("\udc80", "U+DC80 (half a character)"),
    ],
)
def test_what_nobody_sees_is_a_mistake(column, character, name):
    error = refusal(**{column: f"ab{character}c"})
    assert error.field == column
    assert str(error).startswith(f"{column}: holds {name}")
    assert "at character 3; remove it" in str(error)
    assert character not in str(error)


@pytest.mark.parametrize("column", [*TEXTS, "password"])
@pytest.mark.parametrize(
    "text", ["nan", "NaN", "NULL", "null", "None", "<NA>", "#N/A", "NaT", " nan "]
)
def test_what_programs_write_for_nothing_is_a_mistake(column, text):
    error = refusal(**{column: text})
    assert error.field == column
    assert "programs write for no value; leave it empty" in str(error)
    assert text not in str(error).replace("None", "") or column != "password"


@pytest.mark.parametrize("column", ["proxy", "outbound_proxy"])
@pytest.mark.parametrize(
    "text",
    [
        "https://sip.example.com", "HTTP://sip.example.com/", "sip:sip.example.com",
        "sips:ann@sip.example.com;transport=tls", "sip://sip.example.com", "udp:sip.example.com",
    ],
)  # fmt: skip
def test_a_host_has_no_scheme(column, text):
    error = refusal(**{column: text})
    assert error.field == column
    assert str(error).endswith("; write 'sip.example.com'")


@pytest.mark.parametrize("text", ["sip:ann", "sips:ann@sip.example.com", "https://ann"])
def test_a_user_name_is_no_uri(text):
    assert str(refusal(sip_username=text)).endswith("; write 'ann'")


@pytest.mark.parametrize("text", ["SECRET\n", "SEC\tRET", "SECRET\x1b"])
def test_a_password_with_a_control_character(text):
    error = refusal(password=text)
    assert error.field == "password"
    assert "SEC" not in str(error)
    assert "character" not in str(error), "where it stands tells how long the password is"


def test_what_can_work_is_left_alone():
    for name in ("Nan Goldin", "na", "Zoë", "王", "O'Neil", "a b", "nullable", "👩", "nil"):
        assert (
            BindRequest(sip_registration_id=1, application_id=1, user_name=name).user_name == name
        )
    for host in (
        "sip:5060",
        "sip.example.com:5061",
        "10.0.0.1",
        "[2001:db8::1]:5060",
        "bücher.example",
    ):
        assert CreateRequest(sip_username="sip", proxy=host).proxy == host
    for password in ("p\u200bq", "none of it", "https://x", " x "):
        assert CreateRequest(**GOOD, password=password).password == password


def test_nan_of_a_data_frame_is_an_empty_cell():
    row = CreateRequest.from_mapping({**GOOD, "user_name": float("nan")})
    assert row.user_name is None


def test_nan_in_a_row_object_has_a_remedy():
    with pytest.raises(InvalidArgumentError, match="leave it empty, or give None"):
        CreateRequest(**GOOD, user_name=float("nan"))


@pytest.mark.parametrize(
    "row",
    [
        {"pasword": "HUNTER2"},
        {"Password": "HUNTER2"},
        {"sip_username": {"password": "HUNTER2"}},
        {"proxy": ["HUNTER2"], "password": "HUNTER2"},
        ("ann", "HUNTER2"),
        "ann:HUNTER2",
        CreateRequest(**GOOD, password="HUNTER2"),
    ],
)
def test_an_outcome_shows_no_password(row):
    assert "HUNTER2" not in repr(Outcome(index=0, row=row, status="failed"))
    if isinstance(row, dict):
        with pytest.raises(InvalidArgumentError) as raised:
            CreateRequest.from_mapping(row)
        assert "HUNTER2" not in str(raised.value)


def test_an_outcome_shows_what_is_known_to_be_harmless():
    shown = repr(Outcome(index=0, row={"user_id": 7, "proxi": "x"}, status="failed"))
    assert "'user_id': 7" in shown
    assert "'proxi': '...'" in shown
