"""Finds the object that a create of unknown outcome made.

A candidate is an object of an equal or near name (`_protocol.identity`) that belongs to no other create. If the ids
that existed before the create are known, an equal candidate with a new id is the create's, whatever clocks say. If they
are not, an equal candidate is the create's only if it was made between the request and the lookup, by the server's own
times, and no other candidate may be as new. Any other candidates leave the outcome unknown. The result None, which
permits another purchase, means that there is no candidate.
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
from voxsip._protocol.identity import are_near, in_capitals, spellings
from voxsip._protocol.reply import http_date

TOLERANCE = timedelta(seconds=2)
"""The largest error of a purchase's age: the server's times are whole seconds."""
Filters = list[dict[str, Any]]
MAX_PAGES = 1000
"""The most pages that are read: a longer list is taken to be endless."""


class _When(Enum):
    """The time at which an object was made, by the server's own times."""

    BEFORE = auto()
    BETWEEN = auto()
    """After the request was sent and before the lookup."""
    UNKNOWN = auto()


class _Match(NamedTuple):
    """An object that the create may have made."""

    id: int
    equal: bool
    when: _When


@attrs.define
class _End:
    """The end of a list.

    Attributes:
        why: The reason why the list may hold more than it showed, or None.
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
    last: bool = True,
) -> dict[str, Any] | None:
    """Find the object that a create made.

    Args:
        calls: The executor that sends the list command.
        request: The create.
        elapsed: The function that returns the seconds since the create left; called for every item.
        exclude: The ids known to belong to other creates.
        known_before: The ids that existed before the create was first sent: any other equal match is the create's,
            whatever clocks say. If None, the server's times decide.
        misplaced: The ids in replies to creates of other names. If one has this name, a reply reached the wrong call,
            perhaps the reply to this one.
        last: Whether the create may be sent again if nothing is found. A name in capitals is then looked for, too.

    Returns:
        The reply that the create would have had; None if no object of an equal or near name can be the create's.

    Raises:
        OutcomeUnknownError: An object was found that may be the create's or another's, or the list may hold more.
        VoxsipError: The list failed.
    """
    lookup = lookup_of(request.command)
    ours_of = lookup.wanted(request.values) or {}
    tries = [_filters(request, lookup, spellings)]
    if last:
        capitals = _filters(request, lookup, in_capitals)
        tries.append([chosen for chosen in capitals if chosen not in tries[0]])
    found: dict[int, _Match] = {}
    for filters in tries:
        end = _End()
        async for item, date in _candidates(calls, lookup, filters, end):
            pairs = [(ours, ours_of[ours], item.get(theirs)) for ours, theirs in lookup.match]
            if are_near(pairs):
                equal = all(wanted == there for _, wanted, there in pairs)
                # an object without a time: an equal one will do, even if another call made it
                when = _When.BETWEEN if equal else _When.BEFORE
                if lookup.since:
                    when = _when(item.get(lookup.since), date, elapsed())
                found[item[lookup.id]] = _Match(item[lookup.id], equal, when)
        # Checked at the end: other calls may have claimed ids while pages arrived.
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
        if found:
            break
        if end.why is not None:
            raise OutcomeUnknownError(f"{lookup.command}: {end.why}; the outcome is unknown")
    if not found:
        return None
    ours = sorted(match.id for match in found.values() if match.equal)
    if known_before is None:
        # the equal one made in between, unless another may be as new
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
    """Return how to find the object that a create made."""
    if command.lookup is None:
        msg = f"{command.name} has no lookup"
        raise TypeError(msg)
    return command.lookup


async def _candidates(
    calls: SendsWithRetries, lookup: Lookup, filters: Filters, end: _End
) -> AsyncIterator[tuple[dict[str, Any], datetime | None]]:
    """Yield every item that may match, with the server's time on its page.

    The service may store a name in another spelling than it was given, and filter by the stored one: there are filters
    for each spelling. A list ends at a page without new items; `end` says if the page reports more than was shown.

    Raises:
        OutcomeUnknownError: The list does not end.
        VoxsipError: A page could not be read.
    """
    for chosen in filters:
        seen: set[int] = set()
        for _ in range(MAX_PAGES):
            items, date, told = await _page(calls, lookup, chosen, len(seen))
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


def _filters(request: Request, lookup: Lookup, ways: Callable[[str], tuple[str, ...]]) -> Filters:
    """Return the filters of the lists to read; together they give all that may match.

    Args:
        request: The create.
        lookup: The way to find what it made.
        ways: The function that returns the spellings of a name.
    """
    filters: Filters = [{}]
    names, wanted = dict(lookup.match), lookup.wanted(request.values) or {}
    for ours, theirs in lookup.sent():
        value = wanted.get(ours, request.values.get(ours))
        if ours not in names:
            filters = [chosen if value is None else {**chosen, theirs: value} for chosen in filters]
            continue
        if not isinstance(value, str) or ";" in value:
            continue  # a value with the list separator cannot be a filter
        if ours == "proxy":
            continue  # the service may store it with another scheme, port or dot, and then this would not find it
        filters = [{**chosen, theirs: way} for chosen in filters for way in ways(value)]
    return filters


async def _page(
    calls: SendsWithRetries, lookup: Lookup, filters: dict[str, Any], offset: int
) -> tuple[list[dict[str, Any]], datetime | None, int]:
    """Fetch a page: its items, the server's time or None, and the total it reports."""
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
    """Return the rows of a page, each with an id, and the total that the page reports."""
    rows: list[dict[str, Any]] = data[member]
    if type(rows) is not list or any(type(row[key]) is not int for row in rows):
        msg = "expected rows with ids"
        raise TypeError(msg)
    numbers = (data.get("count"), data.get("total_count"))
    return rows, max((number for number in numbers if type(number) is int), default=0)


def _when(bought: object, now: datetime | None, elapsed: float) -> _When:
    """Return when a purchase was made, for a request sent `elapsed` seconds ago.

    `bought` and `now` are times of the server; `TOLERANCE` is allowed.
    """
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
