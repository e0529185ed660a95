"""The changes of a plan, handed to the engine phase by phase."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from voxsip.bulk._outcomes import Outcome
from voxsip.bulk._source import END, Source
from voxsip.plan._model import Change


class Phases(Source):
    """Gives creations, then bindings and updates, then deletions, phase by phase."""

    __slots__ = ("_changes", "_ended", "_first", "_next", "_waiter")

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__(changes)
        self._changes = changes
        self._first = frozenset(
            place
            for place in range(1, len(changes))
            if _kind(changes[place]) != _kind(changes[place - 1])
        )
        self._next = 0
        self._ended = 0
        self._waiter: asyncio.Future[None] | None = None

    def observe(self, outcome: Outcome[object]) -> None:  # noqa: ARG002 - how it ended does not matter here
        """Take in that a change has ended."""
        self._ended += 1
        self.is_sync = self._may_give()
        if self.is_sync and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def pull_now(self) -> object:
        """Return the next change, or END."""
        place = self._next
        if place >= len(self._changes):
            return END
        self._next = place + 1
        self.is_sync = self._may_give()
        return self._changes[place]

    async def pull(self) -> object:
        """Return the next change once its phase begins, or END."""
        while not self._may_give():
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self.pull_now()

    def _may_give(self) -> bool:
        return self._next not in self._first or self._ended >= self._next


def _kind(change: Change) -> str:
    return change.action if change.action in {"create", "delete"} else "change"
