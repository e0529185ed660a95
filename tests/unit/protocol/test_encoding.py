"""Python values to wire text."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from voxsip._protocol.encoding import ENCODERS


class Number(IntEnum):
    SEVEN = 7


GOOD = [
    ("int", 5, "5"),
    ("int", -5, "-5"),
    ("int", "007", "007"),
    ("int", Number.SEVEN, "7"),
    ("int", 2**63 - 1, "9223372036854775807"),
    ("int", 1 - 2**63, "-9223372036854775807"),
    ("int", "0" * 17 + "7", "0" * 17 + "7"),
    ("str", "", ""),
    ("str", "a b&c=d/é?#%+;", "a%20b%26c%3Dd%2F%C3%A9%3F%23%25%2B%3B"),
    ("bool", True, "true"),
    ("bool", False, "false"),
    ("bool", "true", "true"),
    ("bool", "false", "false"),
    ("decimal", Decimal("1.50"), "1.50"),
    ("decimal", 3, "3"),
    ("decimal", 0.1, "0.1"),
    ("decimal", Decimal("1E-9"), "0.000000001"),
    ("date", date(2025, 3, 1), "2025-03-01"),
    ("timestamp", datetime(2025, 3, 1, 12, 30, tzinfo=UTC), "2025-03-01%2012%3A30%3A00"),
    (
        "timestamp",
        datetime(2025, 3, 1, 1, 0, 5, 999, tzinfo=timezone(timedelta(hours=3))),
        "2025-02-28%2022%3A00%3A05",
    ),
    ("ints", [1, 2, "3"], "1%3B2%3B3"),
    ("ints", 4, "4"),
    ("ints", (n for n in (1, 2)), "1%3B2"),
    ("strs", "one", "one"),
    ("strs", ["a b", "c"], "a%20b%3Bc"),
    ("strs", {"a": 1}.keys(), "a"),
    ("any", True, "true"),
    ("any", 5, "5"),
    ("any", "a;b", "a%3Bb"),
    ("any", Decimal(2), "2"),
    ("any", date(2025, 3, 1), "2025-03-01"),
    ("any", datetime(2025, 3, 1, tzinfo=UTC), "2025-03-01%2000%3A00%3A00"),
    ("any", [1, "b", True], "1%3Bb%3Btrue"),
]
BAD = [
    ("int", True),
    ("int", 1.0),
    ("int", "-5"),
    ("int", "5 "),
    ("int", "٣"),
    ("int", ""),
    ("int", b"5"),
    ("int", 2**63),
    ("int", "9" * 19),
    ("int", "1" * 5000),
    ("str", 5),
    ("str", b"text"),
    ("str", "\ud800"),
    ("bool", 1),
    ("bool", "True"),
    ("bool", "yes"),
    ("decimal", True),
    ("decimal", "1.5"),
    ("decimal", float("nan")),
    ("decimal", Decimal("Infinity")),
    ("decimal", Decimal("NaN")),
    ("decimal", Decimal("1E+999999")),
    ("decimal", Decimal("0E-999999")),
    ("decimal", 1e300),
    ("float", 10**400),
    ("date", datetime(2025, 3, 1, tzinfo=UTC)),
    ("date", "2025-03-01"),
    ("timestamp", date(2025, 3, 1)),
    ("timestamp", datetime(2025, 3, 1)),  # noqa: DTZ001 - that is the point
    ("timestamp", datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))),
    ("ints", []),
    ("ints", {1: 2}),
    ("ints", b"12"),
    ("ints", None),
    ("ints", [True]),
    ("ints", ["a"]),
    ("strs", []),
    ("strs", [""]),
    ("strs", ""),
    ("strs", ["a;b"]),
    ("strs", [5]),
    ("strs", 5),
    ("any", object()),
    ("any", [[]]),
    ("any", {}),
]


@pytest.mark.parametrize(("kind", "value", "text"), GOOD)
def test_encodes(kind, value, text):
    assert ENCODERS[kind](value) == text


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_refuses_what_does_not_fit(kind, value):
    with pytest.raises((TypeError, ValueError), match=r"expected|holds"):
        ENCODERS[kind](value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text):
    encoded = ENCODERS["str"](text)
    assert unquote(encoded) == text
    assert set(encoded) <= set("%-._~" + "".join(map(chr, range(48, 123))))


@given(st.lists(st.integers(1 - 2**63, 2**63 - 1), min_size=1))
def test_any_list_comes_back(numbers):
    assert [int(text) for text in unquote(ENCODERS["ints"](numbers)).split(";")] == numbers


@given(st.datetimes(timezones=st.timezones()), st.sampled_from(["timestamp", "any"]))
def test_any_moment_is_sent_in_utc(moment, kind):
    try:
        expected = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return
    sent = datetime.fromisoformat(unquote(ENCODERS[kind](moment)))
    assert sent.replace(tzinfo=UTC) == expected
