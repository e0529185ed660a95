"""Decoded JSON to models."""

from datetime import UTC, date, datetime
from decimal import Decimal

import attrs
import pytest

import voxsip
from tests.support.answers import Answer
from voxsip._protocol.structuring import list_structurer, structurer


@attrs.frozen(kw_only=True)
class Inner:
    id: int
    money: Decimal | None = None


@attrs.frozen(kw_only=True)
class Loose:
    on: bool | None = None
    text: str | None = None


@attrs.frozen(kw_only=True)
class Outer:
    result: int
    on: bool | None = None
    day: date | None = None
    moment: datetime | None = None
    inner: Inner | None = None
    many: list[Inner] | None = None


def test_every_type():
    made = structurer(Outer)(
        {
            "result": 1,
            "on": True,
            "day": "2025-03-01",
            "moment": "2025-03-01 12:30:00",
            "inner": {"id": 5, "money": 0.1},
            "many": [{"id": 6, "money": "2.50"}, {"id": 7, "money": 3}],
        }
    )
    assert made == Outer(
        result=1,
        on=True,
        day=date(2025, 3, 1),
        moment=datetime(2025, 3, 1, 12, 30, tzinfo=UTC),
        inner=Inner(id=5, money=Decimal("0.1")),
        many=[Inner(id=6, money=Decimal("2.50")), Inner(id=7, money=Decimal(3))],
    )


def test_unknown_fields_are_ignored_and_missing_ones_are_none():
    assert structurer(Outer)({"result": 1, "new": {"deep": []}}) == Outer(result=1)
    assert structurer(Outer)({"result": 1, "day": None, "many": None}) == Outer(result=1)


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("1", True), ("False", False), (0, False), ("", None)]
)
def test_truth_in_every_spelling(text, value):
    assert structurer(Outer)({"result": 1, "on": text}).on is value


def test_empty_text_is_a_missing_value():
    data = {"result": 1, "day": "", "moment": "", "inner": {"id": 2, "money": ""}}
    assert structurer(Outer)(data) == Outer(result=1, inner=Inner(id=2))
    with pytest.raises(ValueError, match="whole number"):
        structurer(Outer)({"result": ""})


@pytest.mark.parametrize("data", [[], [["on", True]], "on", 5, None])
def test_model_that_requires_nothing_is_read_from_an_object_only(data):
    assert structurer(Loose)({"on": True, "new": 1}) == Loose(on=True)
    assert structurer(Loose)({}) == Loose()
    with pytest.raises(TypeError, match="expected an object"):
        structurer(Loose)(data)


@attrs.frozen(kw_only=True)
class Every:
    number: int | None = None
    text: str | None = None
    share: float | None = None
    money: Decimal | None = None
    on: bool | None = None
    moment: datetime | None = None
    ids: tuple[int, ...] | None = None


@pytest.mark.parametrize(
    ("name", "sent", "read"),
    [
        *[("number", sent, 5) for sent in (5, 5.0, "5")],
        ("number", "-5", -5),
        ("number", 1e3, 1000),
        ("number", 2**63, 2**63),
        ("text", 5, "5"),
        ("text", "5 ", "5 "),
        *[("share", sent, 0.5) for sent in (0.5, "0.5", "5e-1")],
        ("money", "1e2", Decimal(100)),
        *[("on", sent, True) for sent in (True, 1, "1", "TRUE")],
        ("ids", [1, "2"], (1, 2)),
        ("ids", [], ()),
    ],
)
def test_a_value_that_can_mean_one_thing_is_read(name, sent, read):
    found = getattr(structurer(Every)({name: sent}), name)
    assert (found, type(found)) == (read, type(read))


NO_NUMBERS = (True, False, " 5", "5 ", "5_0", "\u0665", "x", [], [5], {}, {"a": 5})


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        *[("number", sent) for sent in (*NO_NUMBERS, 5.5, "5.5", "5.0", "+5", "0x5", 1e20, "1e3")],
        *[("text", sent) for sent in (True, 5.0, 1e3, [], ["a"], {}, {"a": 1})],
        *[("share", sent) for sent in (*NO_NUMBERS, "nan", "inf", "-Infinity", 10**400, "1e999")],
        *[("money", sent) for sent in (*NO_NUMBERS, "nan", "inf", "1,5", "$5")],
        *[("on", sent) for sent in ("yes", "no", " true", 2, -1, 1.0, "x", [], [1], {})],
        *[("moment", sent) for sent in (True, "5", [], 1e30, -1e30, "0001-01-01 00:00:00+01:00")],
        *[("ids", sent) for sent in ("12", 12, {"1": 2}, [1.5], [True], [None])],
    ],
)
def test_a_value_that_does_not_fit_is_an_error_and_no_guess(name, sent):
    with pytest.raises((ValueError, TypeError, ArithmeticError)):
        structurer(Every)({name: sent})


def test_zone_in_a_timestamp_wins():
    made = structurer(Outer)({"result": 1, "moment": "2025-03-01T12:30:00+02:00"})
    assert made.moment == datetime(2025, 3, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"result": ["x"]},
        {"result": 1, "day": "soon"},
        {"result": 1, "day": 5},
        {"result": 1, "moment": "soon"},
        {"result": 1, "moment": 10**18},
        {"result": 1, "moment": -(10**18)},
        {"result": 1, "moment": 1e300},
        {"result": 1, "inner": []},
        {"result": 1, "inner": {"money": "much"}},
        {"result": 1, "inner": {"id": 1, "money": "much"}},
        {"result": 1, "inner": {"id": 1, "money": []}},
        {"result": 1, "many": 5},
    ],
)
async def test_what_does_not_fit_is_a_typed_error(answer, connect, data):
    from voxsip._protocol.command import Command

    server = await answer(Answer({"result": []} | data))
    caller = connect(base_url=server.base_url).client._caller
    command = Command(name="AddThing", retry="create")
    with pytest.raises(voxsip.UnexpectedReplyError, match="unexpected shape"):
        await caller.invoke(command, {}, Outer, None)


@pytest.mark.parametrize("data", [None, 1, "x", {}, [1], [{}], [None]])
def test_list_of_something_else(data):
    with pytest.raises((TypeError, KeyError, ValueError, AttributeError)):
        list_structurer(Inner)(data)


def test_hook_is_made_once():
    assert structurer(Outer) is structurer(Outer)
