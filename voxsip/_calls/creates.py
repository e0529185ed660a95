"""Decides which create a registration found by a lookup belongs to.

Creates that a lookup could confuse (same command, same user name and proxy) wait for each other, and every id in a
reply is remembered as taken. A registration that is not taken and was bought since the request left is the create's.
"""

from __future__ import annotations

import asyncio
import copy
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from voxsip._calls.id_set import IdSet
from voxsip._calls.interfaces import Looks
from voxsip._calls.lookup import look_up, lookup_of
from voxsip._calls.request import Request
from voxsip._clock import SYSTEM, Clock
from voxsip._errors import OutcomeUnknownError, VoxsipError
from voxsip._protocol.identity import LARGEST_ID, fold_of

T = TypeVar("T")
Key = tuple[Any, ...]
REMEMBERED = 10_000
"""The most ids remembered as taken; an id matters only for the seconds that a lookup tolerates."""
FIRST_PAUSE = 1 / 7
"""Share of `lookup_delay` before the second lookup; the next two pauses, twice and four times as long, are the rest."""


class Creates:
    """The creates of one client.

    Args:
        clock: The clock that dates requests.
    """

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._busy: dict[Key, asyncio.Event] = {}
        self._taken: OrderedDict[tuple[str, int], Key] = OrderedDict()
        """The key of the create that got an id in its reply, by command and id."""
        self._open: OrderedDict[Key, None] = OrderedDict()
        """Creates that ended with an unknown outcome: a later lookup may find their objects."""
        self._known: IdSet | None = None
        self._present: Container[int] = ()

    def knowing(self, known: IdSet, present: Container[int] = ()) -> Creates:
        """Return a view that recognizes new objects by their ids, not by clocks.

        Args:
            known: The ids that existed before the first create, or belong to others; the ids of this view's creates
                are added.
            present: The ids that existed when this view's first create was sent: none of them can be in its reply.
        """
        view = copy.copy(self)
        view._known = known  # noqa: SLF001 - of this class
        view._present = present  # noqa: SLF001
        return view

    def claim(self, request: Request, made: int) -> None:
        """Remember that an id belongs to a create, so that no lookup gives it to another."""
        self._taken[request.command.name, made] = _key(request)
        _forget_oldest(self._taken)
        if self._known is not None:
            self._known.add(made)

    def is_claimed(self, command: str, made: int) -> bool:
        """Returns whether an id existed before or belongs to a create of this client."""
        return (
            (command, made) in self._taken
            or made in self._present
            or (self._known is not None and made in self._known)
        )

    def claimed(self, command: str) -> Container[int]:
        """Return a live view of the ids remembered for creates of this command."""
        return _Live(lambda number: (command, number) in self._taken)

    def misplaced(self, request: Request) -> Container[int]:
        """Return a live view of the ids in replies to creates of other names.

        If such an id turns out to have this request's name, a reply reached the wrong call.
        """
        key = _key(request)
        return _Live(lambda number: self._taken.get((key[0], number), key) != key)

    @property
    def known(self) -> IdSet | None:
        """The ids that existed before, for a view made by `knowing`; else None."""
        return self._known

    @asynccontextmanager
    async def exclusive(self, request: Request) -> AsyncIterator[None]:
        """Wait until no other create of the same registration is in flight on this loop."""
        key = (id(asyncio.get_running_loop()), *_key(request))
        while (other := self._busy.get(key)) is not None:
            await other.wait()
        mine = self._busy[key] = asyncio.Event()
        request.exclusive = True
        try:
            yield
        except BaseException as error:
            if _may_have_made(request, error):
                self._open[_key(request)] = None
                _forget_oldest(self._open)
            raise
        finally:
            del self._busy[key]
            mine.set()

    def leaves(self, request: Request) -> None:
        """Record the time at which a request is sent."""
        request.sent = self._clock.monotonic()
        if not request.may_have_executed:
            request.started = request.sent

    def claiming(
        self, request: Request, decode: Callable[[dict[str, Any]], T]
    ) -> Callable[[dict[str, Any]], T]:
        """Wrap a decoder so that the id in the reply is remembered as taken.

        An id that is already taken came with a stale or a mixed-up reply, so the decoder raises and the outcome is
        unknown.
        """
        lookup = lookup_of(request.command)

        def decode_and_claim(data: dict[str, Any]) -> T:
            result = decode(data)  # first: if it fails, the lookup must not find the id taken
            made = lookup.made(data)
            if type(made) is not int or not 0 < made <= LARGEST_ID:
                msg = f"{lookup.id} is no id"
                raise ValueError(msg)
            if self.is_claimed(request.command.name, made):
                msg = f"{lookup.id} {made} belongs to another call"
                raise ValueError(msg)
            self.claim(request, made)
            return result

        return decode_and_claim

    async def look(self, calls: Looks, request: Request) -> dict[str, Any] | None:
        """Find the object that a create of unknown outcome made; None if there is none.

        A new object may be listed late, so the lookup is repeated, less and less often, until the policy's
        `lookup_delay` has passed since the last request left.

        Raises:
            VoxsipError: The lookup failed, or the object found may be another create's.
        """
        key = _key(request)
        delay = calls.retrier.policy.lookup_delay
        pause = delay * FIRST_PAUSE
        while True:
            last = self._clock.monotonic() - request.sent >= delay
            found = await look_up(
                calls,
                request,
                elapsed=lambda: self._clock.monotonic() - request.started,
                exclude=self.claimed(request.command.name),
                known_before=self._known,
                misplaced=self.misplaced(request),
                last=last,
            )
            if found is not None or last:
                break
            left = delay - (self._clock.monotonic() - request.sent)
            await self._clock.sleep(max(0.0, min(pause, left)))
            pause *= 2
        if found and self._known is None and key in self._open:
            raise OutcomeUnknownError(
                f"{request.command.name}: cannot be told from the one before it, whose outcome is unknown too"
            )
        return found


class _Live:
    """A container that other calls add to while a lookup reads its pages."""

    __slots__ = ("_holds",)

    def __init__(self, holds: Callable[[int], bool]) -> None:
        self._holds = holds

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._holds(number)


def _may_have_made(request: Request, error: BaseException) -> bool:
    """Returns whether a create that ended with an error may have been executed."""
    if isinstance(error, VoxsipError):
        return error.outcome_unknown
    return request.in_flight or request.may_have_executed


def _forget_oldest(known: OrderedDict[Any, Any]) -> None:
    if len(known) > REMEMBERED:
        known.popitem(last=False)


def _key(request: Request) -> Key:
    wanted = lookup_of(request.command).wanted(request.values) or {}
    return (request.command.name, *(_folded(ours, value) for ours, value in wanted.items()))


def _folded(name: str, value: object) -> object:
    """Return the common form of near values; their creates wait for each other."""
    return fold_of(name)(value) if isinstance(value, str) else value
