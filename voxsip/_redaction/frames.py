"""Keeping arguments out of tracebacks.

A traceback with locals printed (rich, Sentry, pytest) shows every frame it passed. Frames of ours that hold a password, a
token or an encoded query are taken off before an exception reaches the caller.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def forget_frames(error: BaseException, spared: BaseException | None) -> None:
    """Drop the frames an exception, and all that it came from, has passed so far.

    Arguments:
        error: what is on its way to the caller.
        spared: what the caller was handling when it called; it comes before the error, and is the caller's own.
    """
    seen: set[int] = set()
    links: list[BaseException | None] = [error]
    while links:
        link = links.pop()
        if link is not None and link is not spared and id(link) not in seen:
            seen.add(id(link))
            link.__traceback__ = None
            links += (link.__cause__, link.__context__)


def hides_arguments(method: Callable[P, R]) -> Callable[P, R]:
    """Keep a function's own frame, whose arguments may be secret, out of tracebacks."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        handled = sys.exception()
        try:
            return method(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            forget_frames(error, handled)
            raise

    return call
