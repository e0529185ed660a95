"""Filters of list commands: which rows match the value of a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from voxsip.emulator._service.values import ALL
from voxsip.emulator._state.table import Row

Filter = Callable[[Row, Any], bool]


def chosen(
    rows: Iterable[Row], values: Mapping[str, Any], filters: Mapping[str, Filter]
) -> list[Row]:
    """Return the rows that pass every given filter; `all` filters nothing."""
    given = [(test, values[name]) for name, test in filters.items() if values.get(name, ALL) != ALL]
    return [row for row in rows if all(test(row, wanted) for test, wanted in given)]


def equals(member: str) -> Filter:
    """Let through what has exactly the value."""
    return lambda row, wanted: bool(row.get(member) == wanted)


def one_of(member: str) -> Filter:
    """Let through what has one of the values."""
    return lambda row, wanted: row.get(member) in wanted


def contains(member: str) -> Filter:
    """Let through what contains the text, in upper or lower case."""
    return lambda row, wanted: str(wanted).casefold() in str(row.get(member, "")).casefold()


def wire(moment: datetime) -> str:
    """Return a moment as the wire has it, to compare it with those of rows."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
