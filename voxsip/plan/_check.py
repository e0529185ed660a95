"""Whether the live state is still what a plan was made for. Pure.

Before the first call, every change's `before` must hold exactly. When a plan that was begun is continued,
what its changes have done, or may have done, is allowed for, and nothing else.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from voxsip._protocol.identity import fold_of
from voxsip.plan._live import Live
from voxsip.plan._model import Change

SHOWN = 100
"""Differences that are worded; all are counted."""


class Done(enum.IntEnum):
    """What is known of a change that an earlier run began, or not."""

    NOT = 0
    MAYBE = 1
    YES = 2
    NEVER = 3
    """It ended without being done, and will not be tried again."""


@attrs.define(eq=False)
class Check:
    """Compares a plan with the live state.

    Args:
        done: The known outcome of each change, by its number; missing ones are not done.
        made: The registrations that creations made, by the number of the change.
    """

    _changes: Sequence[Change]
    _live: Live
    _done: Mapping[int, Done]
    _made: Mapping[int, int]
    _creations: dict[int, Change] = attrs.field(factory=dict, init=False)
    _takers: dict[int, Change] = attrs.field(factory=dict, init=False)
    _losers: dict[int, Change] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Find creations by number, and what takes or loses a user by that user."""
        for change in self._changes:
            if change.action == "create":
                self._creations[change.number] = change
            if change.gets is not None:
                self._takers[change.gets] = change
            if change.loses is not None:
                self._losers[change.loses] = change

    def differences(self) -> Iterator[str]:
        """Yield what differs, in words."""
        for change in self._changes:
            state = self._state(change)
            if state in {Done.YES, Done.NEVER}:
                continue
            if change.action == "create":
                yield from self._creation(change, state)
            else:
                yield from self._registration(change, state)
            if change.gets is not None and not (change.action == "create" and state is Done.MAYBE):
                yield from self._holder(change, change.gets, state)

    def _state(self, change: Change | None) -> Done:
        return Done.NOT if change is None else self._done.get(change.number, Done.NOT)

    def _may_be_done(self, change: Change | None) -> bool:
        return self._state(change) in {Done.MAYBE, Done.YES}

    def _creation(self, change: Change, state: Done) -> Iterator[str]:
        if state is Done.MAYBE:
            return  # it is looked for before it is sent
        equal, near = self._live.find(change.sip_username or "", change.proxy or "")
        for number in equal + near:
            if number != change.replaces:
                yield f"{change.label} was to be created, and registration {number} is there"

    def _registration(self, change: Change, state: Done) -> Iterator[str]:
        number = change.sip_registration_id
        if number is None:
            number = self._made.get(change.created_by or 0)
            if number is None:
                return
        item = self._live.registrations.get(number)
        if item is None:
            if not (change.action == "delete" and state is Done.MAYBE):
                yield f"{change.label} is gone"
            return
        user = change.loses
        if user is not None and item.user_id == user:
            # What takes the user is done, so to find him here again is a stranger's doing.
            taker = self._takers.get(user)
            if taker is not change and self._state(taker) is Done.YES:
                yield f"registration {number}: user_id is {user} again"
                return
        now = tuple(getattr(item, name) for name in change.fields)
        if now == change.old or (state is Done.MAYBE and self._is_new(change, now)):
            return
        for name, value, was in zip(change.fields, now, change.old or (), strict=True):
            if value == was or (name == "user_id" and value is None and self._taken(change, was)):
                continue
            yield f"registration {number}: {name} is {value}, and was {was} when the plan was made"

    @staticmethod
    def _is_new(change: Change, now: tuple[Any, ...]) -> bool:
        """Return whether the registration is as the change leaves it."""
        if now == change.new:
            return True
        # A service may write down what it was sent in a spelling of its own.
        return change.action == "update" and all(
            value == wanted or (value and wanted and fold_of(name)(value) == fold_of(name)(wanted))
            for name, value, wanted in zip(change.fields, now, change.new or (), strict=True)
        )

    def _taken(self, change: Change, user: int | None) -> bool:
        """Return whether another change may have taken the user from this registration."""
        taker = None if user is None else self._takers.get(user)
        return taker is not change and self._may_be_done(taker)

    def _own(self, change: Change) -> Iterator[int]:
        """Yield the registrations that may be the one a change is about."""
        if change.sip_registration_id is not None:
            yield change.sip_registration_id
            return
        number = change.created_by or 0
        creation = self._creations.get(number)
        if number in self._made:
            yield self._made[number]
        elif creation is not None and self._state(creation) is Done.MAYBE:
            # It was made, and the process died before that was written down; it is looked for before it is sent.
            equal, near = self._live.find(creation.sip_username or "", creation.proxy or "")
            yield from (found for found in equal + near if found != creation.replaces)

    def _holder(self, change: Change, user: int, state: Done) -> Iterator[str]:
        holder = self._live.holders.get(user)
        allowed = {change.takes}
        if state is Done.MAYBE:
            allowed.update(self._own(change))
        if self._may_be_done(self._losers.get(user)):
            allowed.add(None)
        if holder in allowed:
            return
        where = "at no registration" if holder is None else f"at registration {holder}"
        was = "at none" if change.takes is None else f"at registration {change.takes}"
        yield f"user {user} is {where}, and was {was} when the plan was made"


def compare(check: Check) -> tuple[tuple[str, ...], int]:
    """Return the first differences in words, and the number of all."""
    shown: list[str] = []
    count = 0
    for difference in check.differences():
        count += 1
        if count <= SHOWN:
            shown.append(difference)
    return tuple(shown), count
