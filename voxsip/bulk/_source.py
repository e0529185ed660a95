"""Where rows come from: any iterable or async iterable, read one row at a time."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterable,
    Iterator,
    Mapping,
    Sized,
)
from typing import Final

from voxsip._errors import InvalidArgumentError

Rows = Iterable[object] | AsyncIterable[object]


class End:
    """Stands for the end of the input."""


END: Final = End()


class Source:
    """Reads rows; the rest of the engine need not know from what.

    Arguments:
        rows: an iterable, read in the event loop and therefore quick, or an async iterable.

    Attributes:
        is_sync: whether `pull_now` can answer; false where rows must be awaited.
        length: number of rows where the input knows it, else None.

    Raises:
        InvalidArgumentError: neither, or a single mapping or text by mistake.
    """

    __slots__ = ("_async", "_rows", "_sync", "is_sync", "length")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._sync: Iterator[object] | None = None
        self._async: AsyncIterator[object] | None = None
        self.length = len(rows) if isinstance(rows, Sized) else None
        wrong = isinstance(rows, str | bytes | Mapping)
        if wrong or not isinstance(rows, Iterable | AsyncIterable):
            expected = "an iterable or async iterable of rows"
            message = f"rows: expected {expected}, got {type(rows).__name__}"
            raise InvalidArgumentError(message, field="rows")
        self.is_sync = isinstance(rows, Iterable)

    def again(self) -> Iterator[object] | None:
        """Return an iterator from the start, beside the one `pull` uses; None if there can be only one."""
        if not isinstance(self._rows, Iterable):
            return None
        fresh = iter(self._rows)
        return None if fresh is self._rows else fresh

    def pull_now(self) -> object:
        """Return the next row of an iterable, or END."""
        if self._sync is None:
            if not isinstance(self._rows, Iterable):
                raise TypeError("rows must be awaited")
            self._sync = iter(self._rows)
        return next(self._sync, END)

    async def pull(self) -> object:
        """Return the next row, or END."""
        if isinstance(self._rows, Iterable):
            return self.pull_now()
        if self._async is None:
            self._async = aiter(self._rows)
        return await anext(self._async, END)

    async def close(self) -> None:
        """Close an async generator that was not read to its end, so that it leaks nothing."""
        if isinstance(self._async, AsyncGenerator):
            await self._async.aclose()
