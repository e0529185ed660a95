"""Finding what a create of unknown outcome has made: matches bought since its request left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from voxsip._calls.interfaces import SendsWithRetries
from voxsip._calls.registry import find_command
from voxsip._calls.request import Request
from voxsip._clock import utc_now
from voxsip._errors import OutcomeUnknownError
from voxsip._protocol.command import Command, Lookup
from voxsip._protocol.reply import http_date

log = logging.getLogger("voxsip")
TOLERANCE = timedelta(seconds=2)
"""Clocks tell whole seconds: a purchase may seem this much older than the request that made it."""


async def look_up(
    calls: SendsWithRetries,
    request: Request,
    elapsed: Callable[[], float],
    taken: Container[int],
    known_before: Container[int] | None = None,
) -> dict[str, Any] | None:
    """Find what a create made: the first match since the request left that nobody else has taken.

    Arguments:
        calls: sends the list command.
        request: the create.
        elapsed: seconds since it left, asked anew after every page, which may have taken a while itself; only this is
            measured here, the moments are all the server's.
        taken: ids known to belong to other creates.
        known_before: ids that were there before the create was first sent; every other match is its own then,
            whatever the clocks say. None: only the time tells.

    Returns:
        a reply such as the create would have had, or None.

    Raises:
        VoxsipError: the list failed, or a match has no date to tell by.
    """
    lookup = lookup_of(request.command)
    found: set[int] = set()
    seen: set[int] = set()
    while True:
        items, now = await _page(calls, request, lookup, len(seen))
        since = now - timedelta(seconds=elapsed()) - TOLERANCE
        new = [item for item in items if item[lookup.id] not in seen]
        if not new:  # the end, or a server that does not turn the page
            break
        seen |= {item[lookup.id] for item in new}
        found |= {
            item[lookup.id]
            for item in new
            if item[lookup.id] not in taken
            and (known_before is None or item[lookup.id] not in known_before)
            and _matches(item, request, lookup, None if known_before is not None else since)
        }
    # Others have gone on while pages came: what they claimed meanwhile is theirs.
    ours = sorted(
        number
        for number in found
        if number not in taken and (known_before is None or number not in known_before)
    )
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
    calls: SendsWithRetries, request: Request, lookup: Lookup, offset: int
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
    items = await calls.send_with_retries(listing, partial(_rows, paging.items, lookup.id))
    date = listing.reply.headers.get("Date") if listing.reply is not None else None
    return items, http_date(date) or utc_now(calls.clock)


def _rows(member: str, key: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a page's rows, each with its id."""
    rows: list[dict[str, Any]] = data[member]
    if type(rows) is not list or any(type(row[key]) is not int for row in rows):
        msg = "expected rows with ids"
        raise TypeError(msg)
    return rows


def _can_filter(value: object) -> bool:
    """A value that holds the list separator cannot be asked for; it is compared here all the same."""
    return not (isinstance(value, str) and ";" in value)


def _matches(
    item: dict[str, Any], request: Request, lookup: Lookup, since: datetime | None
) -> bool:
    if any(item.get(theirs) != request.values[ours] for ours, theirs in lookup.match):
        return False
    if since is None:
        return True
    try:
        moment = datetime.fromisoformat(item[lookup.since])
    except (KeyError, TypeError, ValueError):
        moment = None
    if moment is None:
        raise OutcomeUnknownError(
            f"{request.command.name}: a match without {lookup.since}; the outcome is unknown"
        )
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) >= since
