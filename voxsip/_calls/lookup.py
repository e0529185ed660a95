"""Finding what a create of unknown outcome has made.

What carries its name, equal or near (`_protocol.identity`), and belongs to nobody else, may be its own. With the ids that
were there before, it is, on any clock. Without them an equal one is its own only if the server's own times put it, and it
alone, between the request and the lookup. Whatever else is there leaves the outcome unknown; None, which permits another
purchase, means that there is nothing of the name at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Container
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import partial
from typing import Any, NamedTuple

import attrs

from voxsip._calls.interfaces import SendsWithRetries
from voxsip._calls.registry import find_command
from voxsip._calls.request import Request
from voxsip._errors import OutcomeUnknownError
from voxsip._protocol.command import Command, Lookup
from voxsip._protocol.identity import are_near, spellings
from voxsip._protocol.reply import http_date

TOLERANCE = timedelta(seconds=2)
"""Clocks tell whole seconds: a purchase may seem this much older, or younger, than it is."""
MAX_PAGES = 1000
"""Pages after which a list is taken for one that never ends."""


class _When(Enum):
    """When something was made, by the server's own times."""

    BEFORE = auto()
    BETWEEN = auto()
    """Between the request and the lookup."""
    UNKNOWN = auto()


class _Match(NamedTuple):
    """A registration that may be the create's own."""

    id: int
    equal: bool
    when: _When


@attrs.define
class _End:
    """How a list ended.

    Attributes:
        why: Why it may hold more than it showed, or None.
    """

    why: str | None = None


async def look_up(
    calls: SendsWithRetries,
    request: Request,
    *,
    elapsed: Callable[[], float],
    exclude: Container[int] = (),
    known_before: Container[int] | None = None,
    misplaced: Container[int] = (),
) -> dict[str, Any] | None:
    """Find what a create made.

    Args:
        calls: Sends the list command.
        request: The create.
        elapsed: Returns the seconds since the create left; asked again after every page.
        exclude: Ids known to belong to other creates.
        known_before: Ids that were there before the create was first sent; every other equal match is its own then,
            whatever the clocks say. None: only the server's times tell.

        misplaced: Ids that creates of other names were told. One that carries this name shows that a reply went to the
            wrong call, this one's perhaps.

    Returns:
        A reply such as the create would have had; None if nothing of this name, or nearly this name, can be its own.

    Raises:
        OutcomeUnknownError: What is there may be its own, or another's.
        VoxsipError: The list failed.
    """
    lookup = lookup_of(request.command)
    ours_of = lookup.wanted(request.values) or {}
    found: dict[int, _Match] = {}
    end = _End()
    async for item, date in _candidates(calls, request, lookup, end):
        pairs = [(ours, ours_of[ours], item.get(theirs)) for ours, theirs in lookup.match]
        if are_near(pairs):
            equal = all(wanted == there for _, wanted, there in pairs)
            # for things without a time, equal ones are the same, whatever made them
            when = _When.BETWEEN if equal else _When.BEFORE
            if lookup.since:
                when = _when(item.get(lookup.since), date, elapsed())
            found[item[lookup.id]] = _Match(item[lookup.id], equal, when)
    # Asked at the end: other calls continued while pages arrived, and what they claimed meanwhile is theirs.
    if wrong := [number for number in found if number in misplaced]:
        raise OutcomeUnknownError(
            f"{request.command.name}: {lookup.id} {wrong[0]} is there, of this or nearly this name, and was told to a call "
            "for another; the outcome is unknown"
        )
    found = {
        number: match
        for number, match in found.items()
        if number not in exclude and (known_before is None or number not in known_before)
    }
    if not found:
        if end.why is not None:
            raise OutcomeUnknownError(f"{lookup.command}: {end.why}; the outcome is unknown")
        return None
    ours = sorted(match.id for match in found.values() if match.equal)
    if (
        known_before is None
    ):  # the one that was not there before; what may be new as well leaves it in doubt
        new = [match for match in found.values() if match.when is not _When.BEFORE]
        ours = [match.id for match in new if match.equal and match.when is _When.BETWEEN]
        ours = ours if len(new) == 1 else []
    if ours:
        return lookup.reply(ours[0], ours_of, request.command)
    raise OutcomeUnknownError(
        f"{request.command.name}: {lookup.id} {min(found)} is there, of this or nearly this name, and it cannot be told "
        "whether this call made it; the outcome is unknown"
    )


def lookup_of(command: Command) -> Lookup:
    """Return how to find what a create made."""
    if command.lookup is None:
        msg = f"{command.name} has no lookup"
        raise TypeError(msg)
    return command.lookup


async def _candidates(
    calls: SendsWithRetries, request: Request, lookup: Lookup, end: _End
) -> AsyncIterator[tuple[dict[str, Any], datetime | None]]:
    """Give every item that may match, with the server's time on its page.

    The service may have written the name in another way than it was given, and filter by what it wrote: each way is
    asked for. A list ends at an empty page that does not speak of more.

    Raises:
        OutcomeUnknownError: The list does not end.
        VoxsipError: A page could not be read.
    """
    for filters in _filters(request, lookup):
        seen: set[int] = set()
        for _ in range(MAX_PAGES):
            items, date, told = await _page(calls, lookup, filters, len(seen))
            new = {item[lookup.id]: item for item in items if item[lookup.id] not in seen}
            if not new:
                if items:
                    end.why = "the server does not turn the page"
                elif told > len(seen):
                    end.why = f"the list shows {len(seen)} of {told}"
                break
            seen.update(new)
            for item in new.values():
                yield item, date
        else:
            raise OutcomeUnknownError(
                f"{lookup.command}: the list does not end after {MAX_PAGES} pages; the outcome is unknown"
            )


def _filters(request: Request, lookup: Lookup) -> list[dict[str, Any]]:
    """Return what to list by, one after another: few rows, but all that may match."""
    filters: list[dict[str, Any]] = [{}]
    names, wanted = dict(lookup.match), lookup.wanted(request.values) or {}
    for ours, theirs in lookup.sent():
        value = wanted.get(ours, request.values.get(ours))
        if ours not in names:
            filters = [chosen if value is None else {**chosen, theirs: value} for chosen in filters]
            continue
        if not isinstance(value, str) or ";" in value:
            continue  # a value that holds the list separator cannot be asked for
        if ours == "proxy":
            continue  # may be kept with a scheme, a port or a dot that nobody gave, and is then not listed under this
        filters = [{**chosen, theirs: way} for chosen in filters for way in spellings(value)]
    return filters


async def _page(
    calls: SendsWithRetries, lookup: Lookup, filters: dict[str, Any], offset: int
) -> tuple[list[dict[str, Any]], datetime | None, int]:
    """Fetch one page of candidates, the server's time if it told it, and how many it says there are at least."""
    command = find_command(lookup.command)
    paging = command.paging
    if paging is None:
        msg = f"{command.name} has no pages"
        raise TypeError(msg)
    values = {**filters, "count": paging.page_size, "offset": offset}
    listing = Request(command, values, command.encode(values))
    items, told = await calls.send_with_retries(listing, partial(_rows, paging.items, lookup.id))
    return items, http_date(listing.reply.headers.get("Date") if listing.reply else None), told


def _rows(member: str, key: str, data: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """Return a page's rows, each with its id, and how many the page says there are at least."""
    rows: list[dict[str, Any]] = data[member]
    if type(rows) is not list or any(type(row[key]) is not int for row in rows):
        msg = "expected rows with ids"
        raise TypeError(msg)
    numbers = (data.get("count"), data.get("total_count"))
    return rows, max((number for number in numbers if type(number) is int), default=0)


def _when(bought: object, now: datetime | None, elapsed: float) -> _When:
    """Place a purchase before a request that left `elapsed` seconds ago, or between it and the server's time."""
    try:
        moment = datetime.fromisoformat(bought) if isinstance(bought, str) else None
    except ValueError:
        moment = None
    if moment is None or now is None:
        return _When.UNKNOWN
    age = now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if age > timedelta(seconds=max(0.0, elapsed)) + TOLERANCE:
        return _When.BEFORE
    return _When.BETWEEN if age >= -TOLERANCE else _When.UNKNOWN
