"""Which callbacks were handled already: in memory for one process, or in a store that several share."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Literal, Protocol, final

from voxsip._errors import InvalidArgumentError

__all__ = ["Claim", "MemorySeenStore", "SeenStore"]

Claim = Literal["new", "busy", "done"]
"""What a store answers: "new" (now the caller's to handle), "busy" (another delivery of it is being handled), "done" (handled)."""


class SeenStore(Protocol):
    """Remember which callbacks were handled, so that each is handled once.

    A store that several processes share makes `claim` atomic, and lets a claim lapse after longer than any handler takes:
    its process may have died. The store alone tells the time for that.
    """

    async def claim(self, key: str, owner: str) -> Claim:
        """Claim a callback, unless it is claimed or done.

        Args:
            key: the callback, as text.
            owner: this delivery, as text; no other has the same.
        """
        ...

    async def complete(self, key: str, owner: str) -> None:
        """Note that a callback was handled, even if another delivery has the claim by now."""
        ...

    async def release(self, key: str, owner: str) -> None:
        """Give up the claim of this delivery, if it still holds it: its handler failed."""
        ...


@final
class MemorySeenStore:
    """Remember the latest callbacks in the memory of this process.

    Args:
        max_ids: callbacks to remember, 10,000 unless told otherwise; beyond, the oldest are forgotten. One takes about 150 bytes.

    Raises:
        InvalidArgumentError: Fewer than one.
    """

    def __init__(self, max_ids: int = 10_000) -> None:
        if type(max_ids) is not int or max_ids < 1:
            raise InvalidArgumentError("max_ids: expected a positive integer", field="max_ids")
        self._max_ids = max_ids
        self._claims: dict[str, str] = {}
        self._done: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()  # event loops of several threads may share it

    async def claim(self, key: str, owner: str) -> Claim:
        """Claim a callback, unless it is claimed or done."""
        with self._lock:
            if key in self._done:
                self._done.move_to_end(key)
                return "done"
            return "new" if self._claims.setdefault(key, owner) == owner else "busy"

    async def complete(self, key: str, owner: str) -> None:  # noqa: ARG002 - of the protocol
        """Note that a callback was handled."""
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
