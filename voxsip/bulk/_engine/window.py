"""Which rows may run now: a window over the input in which rows that share a key wait in line.

Pure: no I/O, no loop, no clock. A row is admitted with its keys in input order; it is ready once it
stands first in the line of each of them. Every row waits only for rows admitted before it, so there is
no deadlock and nothing starves. Each step costs as many dict operations as the row has keys.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class Entry(Generic[T]):
    """A row in the window.

    Attributes:
        item: whatever the caller admitted.
        keys: the keys it shares with others, each once.
        blockers: the lines in which another row stands before it.
    """

    item: T
    keys: tuple[Hashable, ...]
    blockers: int = 0


class Window(Generic[T]):
    """At most `limit` rows that are admitted and not complete, in lines by key.

    Args:
        limit: rows held at once.
    """

    __slots__ = ("_alone", "_held", "_lines", "_ready", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._held = 0
        self._alone = False
        self._ready: deque[Entry[T]] = deque()
        # A line of one, by far the most common, is the entry itself; a deque is made for the second.
        self._lines: dict[Hashable, Entry[T] | deque[Entry[T]]] = {}

    def __len__(self) -> int:
        """Count the rows admitted and not complete."""
        return self._held

    @property
    def full(self) -> bool:
        """Whether no further row may be admitted now."""
        return self._held >= self.limit or self._alone

    @property
    def ready(self) -> int:
        """Rows that could run at once."""
        return len(self._ready)

    def admit(self, item: T, keys: tuple[Hashable, ...]) -> None:
        """Put a row at the end of the line of each of its keys.

        Args:
            item: the row.
            keys: each once; () for a row that conflicts with none.

        Raises:
            RuntimeError: the window is full.
        """
        if self.full:
            raise RuntimeError("the window is full")
        self._held += 1
        entry = Entry(item, keys)
        lines = self._lines
        for key in keys:
            line = lines.setdefault(key, entry)
            if line is entry:
                continue
            entry.blockers += 1
            if isinstance(line, deque):
                line.append(entry)
            else:
                lines[key] = deque((line, entry))
        if not entry.blockers:
            self._ready.append(entry)

    def admit_alone(self, item: T) -> None:
        """Admit a row that nothing may overlap, to an empty window.

        Raises:
            RuntimeError: the window is not empty.
        """
        if self._held:
            raise RuntimeError("the window is not empty")
        self.admit(item, ())
        self._alone = True

    def take(self) -> Entry[T] | None:
        """Return the next row to run, in input order as far as lines allow, or None."""
        if not self._ready:
            return None
        return self._ready.popleft()

    def complete(self, entry: Entry[T]) -> None:
        """Remove a finished row; rows that waited for it alone become ready."""
        self._held -= 1
        self._alone = False
        lines = self._lines
        for key in entry.keys:
            line = lines[key]
            if not isinstance(line, deque):
                del lines[key]
                continue
            line.popleft()
            follower = line[0]
            if len(line) == 1:
                lines[key] = follower
            follower.blockers -= 1
            if not follower.blockers:
                self._ready.append(follower)

    def drop(self) -> Iterator[T]:
        """Give up the rows that could run and do not yet, until none is left.

        Rows behind one that is running stay; drop them once it is complete.
        """
        while self._ready:
            entry = self._ready.popleft()
            self.complete(entry)
            yield entry.item
