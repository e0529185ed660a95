"""Frames that handle plain secrets, because a library must have them: they stay in a traceback, without their values."""

from __future__ import annotations

import traceback


def clear_values(error: BaseException, handled: BaseException | None) -> None:
    """Clear the local variables of all finished frames an exception has passed; file, line and name of each stay.

    Called where an exception comes back from code that holds plain values: the HTTP library with the request it has
    serialized, the decoder of a reply. A frame that still runs keeps its variables.

    Args:
        error: The exception on its way to the caller, with all that it came from.
        handled: The exception that was being handled before the call; it is the caller's own.
    """
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is None or link is handled or id(link) in seen:
            continue
        seen.add(id(link))
        traceback.clear_frames(link.__traceback__)
        links += (link.__cause__, link.__context__)
        if isinstance(link, BaseExceptionGroup):
            links += link.exceptions


def place_of(error: BaseException) -> str:
    """Return where an exception was raised, for an error that cannot quote it."""
    [*_, last] = traceback.extract_tb(error.__traceback__) or [None]
    return (
        ""
        if last is None
        else f'raised in File "{last.filename}", line {last.lineno}, in {last.name}'
    )
