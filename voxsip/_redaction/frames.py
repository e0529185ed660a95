"""Clears the values of frames that handle plain secrets; the frames stay in the traceback."""

from __future__ import annotations

import traceback


def clear_values(error: BaseException, handled: BaseException | None) -> None:
    """Clear the local variables of all finished frames in an exception's traceback.

    Call it when an exception comes from code that holds plain values: the HTTP library with a serialized request, the
    decoder of a reply. File, line and name of each frame stay. A frame that still runs keeps its variables.

    Args:
        error: The exception to clear, with its causes, contexts and the members of groups.
        handled: The exception that the caller was handling before, which is left as it is; None if there was none.
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
    """Return where an exception was raised, for an error that must not quote it."""
    [*_, last] = traceback.extract_tb(error.__traceback__) or [None]
    return (
        ""
        if last is None
        else f'raised in File "{last.filename}", line {last.lineno}, in {last.name}'
    )
