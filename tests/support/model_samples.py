"""A model with every member filled, by its own types."""

import datetime as dt
from decimal import Decimal
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import attrs

MOMENT = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)
VALUES = {
    int: 7,
    float: 0.5,
    str: "text",
    bool: True,
    Decimal: Decimal("1E+2"),
    dt.date: MOMENT.date(),
    dt.datetime: MOMENT,
}


def filled(model):
    """Make a model of which nothing is None."""
    hints = get_type_hints(model)
    return model(**{member.name: value_of(hints[member.name]) for member in attrs.fields(model)})


def value_of(hint):
    if hint in VALUES:
        return VALUES[hint]
    if isinstance(hint, UnionType):
        return value_of(get_args(hint)[0])
    if get_origin(hint) is tuple:
        return (value_of(get_args(hint)[0]),)
    return filled(hint)
