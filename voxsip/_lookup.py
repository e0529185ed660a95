"""Finding what a create of unknown outcome has made: matches bought since its request left."""

from __future__ import annotations

import logging
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from voxsip._commands import Command, Lookup
from voxsip._errors import OutcomeUnknownError
from voxsip._protocol import http_date
from voxsip._registry import find_command
from voxsip._request import Request

if TYPE_CHECKING:
    from voxsip._call import Calls

log = logging.getLogger("voxsip")
TOLERANCE = timedelta(seconds=2)
"""Clocks tell whole seconds: a purchase may seem this much older than the request that made it."""


async def look_up(
    calls: Calls, request: Request, age: float, taken: Container[int]
) -> dict[str, Any] | None:
    """Find what a create made: the first match since the request left that nobody else has taken.

    Arguments:
        calls: sends the list command.
        request: the create.
        age: seconds since it left; only this is measured here, the moments are all the server's.
        taken: ids known to belong to other creates.

    Returns:
        a reply such as the create would have had, or None.

    Raises:
        VoxsipError: the list failed, or a match has no date to tell by.
    """
    lookup = lookup_of(request.command)
    found: set[int] = set()
    offset = 0
    while True:
        items, now = await _page(calls, request, lookup, offset)
        since = now - timedelta(seconds=age) - TOLERANCE
        found |= {item[lookup.id] for item in items if _matches(item, request, lookup, since)}
        if not items:
            break
        offset += len(items)
    ours = sorted(made for made in found if made not in taken)
    if len(ours) > 1:
        log.warning(
            "%s: %d made since the request left; the first is taken",
            request.command.name,
            len(ours),
        )
    return {"result": 1, lookup.id: ours[0]} if ours else None


def lookup_of(command: Command) -> Lookup:
    """Return how to find what a create made."""
    if command.lookup is None:
        msg = f"{command.name} has no look-up"
        raise TypeError(msg)
    return command.lookup


async def _page(
    calls: Calls, request: Request, lookup: Lookup, offset: int
) -> tuple[list[dict[str, Any]], datetime]:
    """Fetch one page of candidates, and the server's time."""
    command = find_command(lookup.command)
    paging = command.paging
    if paging is None:
        msg = f"{command.name} has no pages"
        raise TypeError(msg)
    filters = {
        theirs: request.values[ours]
        for ours, theirs in lookup.match
        if _can_filter(request.values[ours])
    }
    values = {**filters, "count": paging.page_size, "offset": offset}
    listing = Request(command, values, command.encode(values))
    items = await calls.perform(listing, itemgetter(paging.items))
    date = listing.reply.headers.get("Date") if listing.reply is not None else None
    return items, http_date(date) or datetime.now(UTC)


def _can_filter(value: object) -> bool:
    """A value that holds the list separator cannot be asked for; it is compared here all the same."""
    return not (isinstance(value, str) and ";" in value)


def _matches(item: dict[str, Any], request: Request, lookup: Lookup, since: datetime) -> bool:
    if any(item.get(theirs) != request.values[ours] for ours, theirs in lookup.match):
        return False
    born = item.get(lookup.since)
    if not isinstance(born, str):
        raise OutcomeUnknownError(
            f"{request.command.name}: a match without {lookup.since}; the outcome is unknown"
        )
    moment = datetime.fromisoformat(born)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= since
