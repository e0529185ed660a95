import re

import attrs
import pytest
from hypothesis import given, strategies as st

from voxsip import InvalidArgumentError
from voxsip._bindings.rows import COLUMNS, read_row
from voxsip.bulk import BindRequest, CreateRequest, DeleteRequest

BIND_COLUMNS = (
    "sip_registration_id",
    "application_id",
    "application_name",
    "rule_id",
    "rule_name",
    "user_id",
    "user_name",
    "bind",
    "account_id",
)


def test_columns_are_those_of_the_contract():
    assert COLUMNS[BindRequest] == BIND_COLUMNS
    assert COLUMNS[DeleteRequest] == ("sip_registration_id", "account_id")
    assert COLUMNS[CreateRequest][:5] == (
        "sip_username",
        "proxy",
        "auth_user",
        "outbound_proxy",
        "password",
    )


def test_text_and_native_values_make_the_same_row():
    text = {
        "sip_registration_id": " 12 ",
        "application_name": "app",
        "bind": "FALSE",
        "user_id": "7",
    }
    native = {"sip_registration_id": 12, "application_name": "app", "bind": False, "user_id": 7}
    assert BindRequest.from_mapping(text) == BindRequest.from_mapping(native)


def test_empty_is_absent():
    row = BindRequest.from_mapping(
        {
            "sip_registration_id": "1",
            "application_id": "",
            "user_name": None,
            "rule_name": "  ",
            "bind": "",
        }
    )
    assert row == BindRequest(sip_registration_id=1)
    assert row.bind is True


def test_a_password_keeps_its_blanks():
    row = CreateRequest.from_mapping({"sip_username": "a", "proxy": "p", "password": " s p "})
    assert row.password == " s p "


@pytest.mark.parametrize(
    ("values", "message", "field"),
    [
        ({"user": "x"}, "unknown column 'user': did you mean user_id?", "user"),
        ({"zzz": 1}, "unknown column 'zzz': known are sip_registration_id, application_id", "zzz"),
        ({5: 1}, "unknown column 5", "5"),
        ({"user_id": "x1"}, "user_id: expected a positive whole number, got 'x1'", "user_id"),
        ({"user_id": 0}, "user_id: expected a positive whole number, got 0", "user_id"),
        ({"user_id": True}, "got True", "user_id"),
        ({"user_id": 1.5}, "got 1.5", "user_id"),
        ({"user_id": "9" * 30}, "got '999", "user_id"),
        ({"user_id": 2**63}, "positive whole number", "user_id"),
        ({"user_name": 7}, "user_name: expected text, got 7", "user_name"),
        ({"bind": "maybe"}, "bind: expected true or false, got 'maybe'", "bind"),
        ({"bind": 1}, "bind: expected true or false, got 1", "bind"),
    ],
)
def test_what_cannot_be_read_is_named(values, message, field):
    with pytest.raises(InvalidArgumentError) as caught:
        BindRequest.from_mapping(values)
    assert message in str(caught.value)
    assert caught.value.field == field


def test_what_is_required_is_named():
    with pytest.raises(InvalidArgumentError, match="proxy: is required for CreateSipRegistration"):
        CreateRequest.from_mapping({"sip_username": "a", "proxy": " "})
    with pytest.raises(InvalidArgumentError, match="sip_registration_id: is required"):
        DeleteRequest.from_mapping({})


@pytest.mark.parametrize("wrong", [b"hunter2", ["hunter2"], 2**70])
def test_a_password_is_never_shown(wrong):
    with pytest.raises(InvalidArgumentError) as caught:
        CreateRequest.from_mapping({"sip_username": "a", "proxy": "p", "password": wrong})
    assert "hunter2" not in str(caught.value)
    assert str(2**70) not in str(caught.value)
    assert "password: expected text" in str(caught.value)
    row = CreateRequest(sip_username="a", proxy="p", password="hunter2")
    assert "hunter2" not in repr(row)


def test_no_frame_of_ours_keeps_the_mapping():
    def frames(error):
        trace = error.__traceback__.tb_next  # behind the caller's own frame
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next

    mapping = {"sip_username": "a", "proxy": "p", "password": "hunter2", "user_id": "x"}
    with pytest.raises(InvalidArgumentError) as caught:
        read_row(CreateRequest, mapping)
    own = [frame for frame in frames(caught.value) if "rows.py" in frame.f_code.co_filename]
    assert own
    assert not [
        f
        for f in own
        if "hunter2" in repr({k: v for k, v in f.f_locals.items() if v is not mapping})
    ]
    assert all(
        value is not mapping
        for frame in own
        if frame.f_code.co_name == "_made"
        for value in frame.f_locals.values()
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"password": "hunter2", "application_id": "x"},
        {"password": 20070412},
        {"password": "hunter2", "proxy": ""},
    ],
)
def test_no_frame_behind_the_callers_keeps_a_password(arguments):
    for make in (CreateRequest, lambda **row: CreateRequest.from_mapping(row)):
        with pytest.raises(InvalidArgumentError) as caught:
            make(**{"sip_username": "a", "proxy": "p", **arguments})
        trace = caught.value.__traceback__
        while trace.tb_next is not None:
            trace = trace.tb_next
            if trace.tb_frame.f_code.co_filename != __file__:
                assert not ({"hunter2", "20070412"} & set(words(trace.tb_frame.f_locals)))


def words(values):
    return re.findall(r"\w+", repr(values))


def test_a_wrong_type_is_refused_when_the_row_is_made():
    with pytest.raises(InvalidArgumentError, match="sip_registration_id"):
        BindRequest(sip_registration_id="12")
    with pytest.raises(InvalidArgumentError, match="user_name"):
        BindRequest(user_name="")
    with pytest.raises(InvalidArgumentError, match="bind"):
        BindRequest(bind="yes")


def test_rows_are_frozen_and_keyword_only():
    row = DeleteRequest(sip_registration_id=1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        row.sip_registration_id = 2
    with pytest.raises(TypeError):
        DeleteRequest(1)


def test_params_hold_what_is_given():
    row = BindRequest(sip_registration_id=1, user_id=2, application_id=3)
    assert row.params() == {
        "sip_registration_id": 1,
        "user_id": 2,
        "application_id": 3,
        "bind": True,
    }
    assert row.columns() == {**dict.fromkeys(BIND_COLUMNS), **row.params()}


@pytest.mark.parametrize(
    "values",
    [
        {"sip_registration_id": 1, "rule_id": 3},
        {"user_id": 5, "bind": False},
        {"sip_registration_id": 1, "application_name": "a", "user_name": "u", "rule_name": "r"},
        {"sip_registration_id": 1, "bind": False},
    ],
)
def test_check_passes_what_the_api_takes(values):
    BindRequest(**values).check()


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"application_id": 1}, ["sip_registration_id"]),
        (
            {"sip_registration_id": 1, "application_id": 1, "application_name": "a"},
            ["application_"],
        ),
        (
            {"sip_registration_id": 1, "application_id": 1, "user_id": 1, "user_name": "u"},
            ["user_id", "user_name"],
        ),
        ({"sip_registration_id": 1, "user_id": 1}, ["user_id", "application_id"]),
        ({"sip_registration_id": 1, "rule_name": "r"}, ["rule_name", "application_id"]),
        ({"user_name": "u", "bind": False}, ["user_name", "application_id"]),
        ({"bind": False}, ["sip_registration_id"]),
    ],
)
def test_check_refuses_what_the_client_refuses(values, names):
    with pytest.raises(InvalidArgumentError) as caught:
        BindRequest(**values).check()
    assert all(name in str(caught.value) for name in names)


def test_labels_name_the_row_for_people():
    assert BindRequest(sip_registration_id=3).label == "registration 3"
    assert BindRequest(user_id=3, bind=False).label == "user 3"
    assert BindRequest(user_name="u", bind=False).label == "user u"
    assert CreateRequest(sip_username="a", proxy="p").label == "a@p"
    assert DeleteRequest(sip_registration_id=9).label == "registration 9"


def test_read_row_takes_rows_and_mappings_of_its_kind_only():
    row = DeleteRequest(sip_registration_id=1)
    assert read_row(DeleteRequest, row) is row
    assert read_row(DeleteRequest, {"sip_registration_id": "1"}) == row
    for wrong in (BindRequest(sip_registration_id=1), 5, None, "1", [("sip_registration_id", 1)]):
        with pytest.raises(InvalidArgumentError, match="DeleteRequest"):
            read_row(DeleteRequest, wrong)


@given(
    st.dictionaries(
        st.sampled_from(BIND_COLUMNS) | st.text(), st.none() | st.text() | st.integers()
    )
)
def test_any_mapping_gives_a_row_or_says_what_is_wrong(mapping):
    try:
        row = BindRequest.from_mapping(mapping)
    except InvalidArgumentError:
        return
    assert BindRequest.from_mapping(row.columns()) == row
