"""Values that no parameter of a kind takes, by the parameter's schema: what people, spreadsheets and bugs give."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import voxsip

NAN = float("nan")
NAIVE = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - that is the point
NOT_INTEGERS = (True, 1.5, NAN, "x", "", "1.5", b"1", object(), 2**63, -(2**63), 10**5000)
HUGE = (10**400, 1e300, Decimal("1E+999999"), Decimal("1E-999999"))
NOT_NUMBERS = (*HUGE, True, NAN, float("inf"), float("-inf"), "x", "", b"1", None.__class__)
NOT_TEXTS = (5, True, b"x", ["a"], {"a": 1}, "\ud800", object())
NOT_LISTS = ([], (), "", b"x", {}, {1: 2}, True, [None], [[]], [object()])
BY_FORMAT = {
    "integer": NOT_INTEGERS,
    "number": NOT_NUMBERS,
    "decimal": NOT_NUMBERS,
    "boolean": ("yes", "", 2, 1.0, []),
    "string": NOT_TEXTS,
    "date": ("2026-02-30", "yesterday", "", 5, NAIVE),
    "timestamp": ("2026-02-30 12:00:00", "now", "", 5, NAIVE, date(2026, 1, 31), True),
    "unix": ("2026-01-31", "", NAIVE, 1.5, NAN, True, 2**63),
    "application/json": ("[1", "", [NAN], {"a": {"b": float("inf")}}, {1: object()}, b"[]"),
    "binary": (Path("no/such/file"), "no/such/file", Path(), 5, ["a"]),
}


def bad_values(item, operation):
    """Yield values that a parameter of an operation does not take."""
    schema = item["schema"]
    deletes = operation["x-retry"] == "delete"  # `voxsip.ALL` needs a second argument then
    choices = [*operation.get("x-exclusive", ())]
    choices += [rule["any_of"] for rule in operation.get("x-requires", ())]
    if any(item["name"] in names for names in choices):
        yield ""
    if schema["type"] == "array":
        yield from NOT_LISTS
        items = schema["items"]
        yield from ([1, each] for each in BY_FORMAT[items["type"]] if items["type"] == "integer")
        yield from (["a", each] for each in (5, "", "a;b", None) if items["type"] == "string")
    else:
        items = schema
        yield from BY_FORMAT[
            schema.get("format") or schema.get("contentMediaType") or schema["type"]
        ]
    if "enum" in items:
        yield from ("nonsense", items["enum"][0] + "x", "")
    if "maxLength" in items:
        yield "x" * (items["maxLength"] + 1)
    if "minimum" in items:
        yield items["minimum"] - 1
    if "maximum" in items:
        yield items["maximum"] + 1
    if not item.get("x-all") or deletes:
        yield voxsip.ALL
    if item.get("x-all"):
        yield from ("all", "ALL", ["all"])
