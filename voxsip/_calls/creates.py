"""Telling creates apart: whose registration is it that a look-up finds?

Creates that a look-up could confuse (same command, same user name and proxy) wait for each other, and every id
that a call has got is remembered as taken. What is left, bought since the request left, is the lost one.
"""

from __future__ import annotations

import asyncio
import copy
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from voxsip._calls.id_set import IdSet
from voxsip._calls.interfaces import SendsWithRetries
from voxsip._calls.lookup import TOLERANCE, look_up, lookup_of
from voxsip._calls.request import Request
from voxsip._clock import SYSTEM, Clock
from voxsip._errors import OutcomeUnknownError, VoxsipError

T = TypeVar("T")
Key = tuple[Any, ...]
REMEMBERED = 10_000
"""Ids that are remembered as taken; they matter for the seconds a look-up tolerates."""
OVERLAP = 2 * TOLERANCE.total_seconds()
"""Seconds after a create of unknown outcome in which a look-up for the next one may find what it has made."""


class Creates:
    """The creates of one client.

    Arguments:
        clock: tells which came first.
    """

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._busy: dict[Key, asyncio.Event] = {}
        self._taken: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._open: OrderedDict[Key, float] = OrderedDict()
        """When a create ended whose outcome is unknown."""
        self._known: IdSet | None = None

    def knowing(self, known: IdSet) -> Creates:
        """Return a view that tells creates apart by what was there before them, and not by clocks.

        Args:
            known: Ids that were there before the first create, or belong to others; those that creates of this view
                make are added.
        """
        view = copy.copy(self)
        view._known = known  # noqa: SLF001 - of this class
        return view

    def claim(self, command: str, made: int) -> None:
        """Remember that an id belongs to a create: no other look-up takes it."""
        self._taken[command, made] = None
        _forget_oldest(self._taken)
        if self._known is not None:
            self._known.add(made)

    def claimed(self, command: str) -> set[int]:
        """Return the ids of this command's creates that are remembered."""
        return {made for name, made in self._taken if name == command}

    @property
    def known(self) -> IdSet | None:
        """What was there before, for a view made by `knowing`."""
        return self._known

    @asynccontextmanager
    async def exclusive(self, request: Request) -> AsyncIterator[None]:
        """Wait until no other create of the same thing is under way on this loop."""
        key = (id(asyncio.get_running_loop()), *_key(request))
        while (other := self._busy.get(key)) is not None:
            await other.wait()
        mine = self._busy[key] = asyncio.Event()
        request.exclusive = True
        try:
            yield
        except BaseException as error:
            if _may_have_made(request, error):
                self._open[_key(request)] = self._clock.monotonic()
                _forget_oldest(self._open)
            raise
        finally:
            del self._busy[key]
            mine.set()

    def leaves(self, request: Request) -> None:
        """Note when a request leaves, unless an earlier one may have been executed already."""
        if not request.may_have_executed:
            request.started = self._clock.monotonic()

    def claiming(
        self, request: Request, decode: Callable[[dict[str, Any]], T]
    ) -> Callable[[dict[str, Any]], T]:
        """Wrap a decoder so that the id in the reply is remembered as taken."""
        lookup = lookup_of(request.command)

        def decode_and_claim(data: dict[str, Any]) -> T:
            result = decode(data)  # first: what fails here is looked up, and must not be taken then
            self.claim(request.command.name, int(data[lookup.id]))
            return result

        return decode_and_claim

    async def look(self, calls: SendsWithRetries, request: Request) -> dict[str, Any] | None:
        """Look for what an attempt of unknown outcome made; None if there is nothing.

        Raises:
            VoxsipError: the look-up failed, what it found has no date to tell by, or may be of another create whose
                outcome never became known.
        """
        key = _key(request)
        found = await look_up(
            calls,
            request,
            lambda: self._clock.monotonic() - request.started,
            self.claimed(request.command.name),
            self._known,
        )
        if self._known is not None:
            return found
        ended = self._open.get(key)
        if found and ended is not None and request.started - ended < OVERLAP:
            raise OutcomeUnknownError(
                f"{request.command.name}: cannot be told from the one before it, whose outcome is unknown too"
            )
        return found


def _may_have_made(request: Request, error: BaseException) -> bool:
    """Tell whether a create that ended with an error may have been executed."""
    if isinstance(error, VoxsipError):
        return error.outcome_unknown
    return request.in_flight or request.may_have_executed


def _forget_oldest(known: OrderedDict[Any, Any]) -> None:
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def _key(request: Request) -> Key:
    return (
        request.command.name,
        *(request.values.get(ours) for ours, _ in lookup_of(request.command).match),
    )
