"""Remembers which callbacks were handled: in memory for one process, or in a store that several processes share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal, Protocol, final

from voxsip._errors import InvalidArgumentError

Claim = Literal["new", "busy", "done"]
"""What a store answers: "new" (now the caller's to handle), "busy" (another delivery of it is being handled), "done" (handled)."""


class SeenStore(Protocol):
    """A store of callbacks that were handled, so that each is handled once.

    A store that several processes share must make `claim` atomic. It must also let a claim lapse, by its own clock,
    after more time than any handler takes, since the process with the claim may have died.
    """

    async def claim(self, key: str, owner: str) -> Claim:
        """Claim a callback, unless it is claimed or done.

        Args:
            key: the name of the callback.
            owner: the name of this delivery, which no other delivery has.
        """
        ...

    async def complete(self, key: str, owner: str) -> None:
        """Record that a callback was handled, even if another delivery has the claim."""
        ...

    async def release(self, key: str, owner: str) -> None:
        """Give up the claim of this delivery, if it still has it: its handler failed."""
        ...


@final
class MemorySeenStore:
    """A store of the latest callbacks in the memory of this process.

    Args:
        max_ids: the number of callbacks to remember, 10,000 by default; older ones are forgotten. One takes about 150
            bytes.

    Raises:
        InvalidArgumentError: The number is not a whole number above 0.
    """

    def __init__(self, max_ids: int = 10_000) -> None:
        if type(max_ids) is not int or max_ids < 1:
            raise InvalidArgumentError("max_ids: expected a positive integer", field="max_ids")
        self._max_ids = max_ids
        self._claims: dict[str, str] = {}
        self._done: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()  # event loops in several threads may share this store

    async def claim(self, key: str, owner: str) -> Claim:
        """Claim a callback, unless it is claimed or done."""
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
                return "done"
            return "new" if self._claims.setdefault(key, owner) == owner else "busy"

    async def complete(self, key: str, owner: str) -> None:  # noqa: ARG002 - of the protocol
        """Record that a callback was handled."""
        with self._lock:
            self._claims.pop(key, None)
            self._done[key] = None
            if len(self._done) > self._max_ids:
                self._done.popitem(last=False)

    async def release(self, key: str, owner: str) -> None:
        """Give up the claim of a delivery."""
        with self._lock:
            if self._claims.get(key) == owner:
                del self._claims[key]
