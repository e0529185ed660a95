"""Rows as pandas, polars and numpy give them, with the real libraries."""

from decimal import Decimal

import pytest

from voxsip import BindRequest, CreateRequest, InvalidArgumentError
from voxsip._bindings.foreign import as_rows, native

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 1),
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (np.float64(7), 7),
        (np.bool_(True), True),
        (np.str_("alice"), "alice"),
        (Decimal("7.00"), 7),
        (float("nan"), None),
        (np.float32("nan"), None),
        (Decimal("NaN"), None),
        (np.datetime64("NaT", "s"), None),
        (pd.NaT, None),
        (pd.NA, None),
        (1.5, 1.5),
        (float("inf"), float("inf")),
        (2.0**53, 2.0**53),
    ],
    ids=repr,
)
def test_native(value, expected):
    found = native(value)
    assert (found, type(found)) == (expected, type(expected))


def test_a_row_of_foreign_values_is_one_of_native_values():
    row = {"sip_registration_id": np.float64(5), "application_id": 1.0, "user_id": pd.NA}
    assert BindRequest.from_mapping(row | {"bind": np.bool_(False), "user_name": np.str_("u")}) == (
        BindRequest(sip_registration_id=5, application_id=1, user_name="u", bind=False)
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"sip_registration_id": 1.5}, "expected a positive whole number, got 1.5"),
        ({"sip_registration_id": 2.0**60}, "expected a positive whole number"),
        ({"sip_registration_id": 1, None: ["more", ""]}, "unknown column None"),
    ],
)
def test_what_is_no_certain_value_is_a_mistake(row, words):
    with pytest.raises(InvalidArgumentError, match=words):
        BindRequest.from_mapping(row)


def test_cells_beyond_the_header_that_are_empty_are_nothing():
    assert BindRequest.from_mapping({"sip_registration_id": "1", None: ["", ""]}) == BindRequest(
        sip_registration_id=1
    )


def test_a_name_that_a_table_has_read_as_a_number_is_not_guessed_back():
    with pytest.raises(InvalidArgumentError, match="leading zeros"):
        CreateRequest.from_mapping({"sip_username": np.int64(100), "proxy": "sip.example.com"})


@pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])
def test_a_data_frame(library):
    frame = library.DataFrame(
        {
            "sip_registration_id": [1, 2],
            "user_id": [4.0, None],
            "user_name": [None, "bob"],
            "bind": [True, False],
        }
    )
    rows = as_rows(frame)
    assert len(rows) == 2
    expected = [
        {"sip_registration_id": 1, "user_id": 4, "bind": True},
        {"sip_registration_id": 2, "user_name": "bob", "bind": False},
    ]
    assert list(rows) == expected
    assert list(rows) == expected  # as often as needed


def test_the_index_that_pandas_wrote_to_a_file_is_no_column(tmp_path):
    file = tmp_path / "rows.csv"
    pd.DataFrame({"sip_registration_id": [7]}).to_csv(file)
    assert list(as_rows(pd.read_csv(file))) == [{"sip_registration_id": 7}]
