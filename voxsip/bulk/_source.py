"""Where rows come from: any iterable or async iterable, read one row at a time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sized,
)
from typing import Any, Final, Self

from voxsip._bindings.foreign import as_rows
from voxsip._bindings.rows import conceal_row, named_account
from voxsip._errors import InvalidArgumentError
from voxsip._redaction.paths import path_text
from voxsip._redaction.values import Hidden, conceal, type_name

Rows = Iterable[object] | AsyncIterable[object]


def hide_rows(rows: object) -> Any:
    """Hide a job's input from tracebacks; called before anything else."""
    return rows if isinstance(rows, Hidden | Source) else Hidden(as_rows(rows))


def hide_address(journal: Any) -> Any:
    """Return a path as text, or an address as text that shows no password.

    Raises:
        InvalidArgumentError: It is neither.
    """
    if journal is None or (isinstance(journal, str) and "://" in journal):
        return conceal(journal)
    return path_text("journal", journal, "a path or an address")


def hide_input(rows: object, options: Any) -> Any:
    """Hide a job's input, and a journal's address among its options."""
    if "journal" in options:
        options["journal"] = hide_address(options["journal"])
    return hide_rows(rows)


class End:
    """Stands for the end of the input."""


END: Final = End()


class _Broken:
    """Stands for an input that has raised: each further read raises the same."""

    __slots__ = ("_error",)

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> object:
        raise self._error

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> object:
        raise self._error


def _explained(error: BaseException) -> BaseException:
    """Return the error to raise for an input's error or stray cancellation."""
    task = asyncio.current_task() if isinstance(error, asyncio.CancelledError) else None
    if task is None or task.cancelling():
        return error
    explained = RuntimeError("rows: the input was cancelled, and the job was not")
    explained.__cause__ = error
    return explained


class Source:
    """Reads rows; the rest of the engine need not know from what.

    Attributes:
        is_sync: whether `pull_now` can answer; false if rows must be awaited.
        length: number of rows if the input knows it, else None.

    Raises:
        InvalidArgumentError: neither, or a single mapping or text by mistake.
    """

    __slots__ = ("_async", "_rows", "_sync", "is_sync", "length")

    def __init__(self, rows: Any) -> None:
        self._rows = rows = hide_rows(rows)  # as mappings they may hold passwords
        self._sync: Iterator[object] | None = None
        self._async: AsyncIterator[object] | None = None
        self.length: int | None = len(rows.reveal()) if isinstance(rows.reveal(), Sized) else None
        wrong = isinstance(rows.reveal(), str | bytes | Mapping)
        if wrong or not isinstance(rows.reveal(), Iterable | AsyncIterable):
            expected = "an iterable or async iterable of rows"
            message = f"rows: expected {expected}, got {type_name(rows)}"
            raise InvalidArgumentError(message, field="rows")
        self.is_sync: bool = isinstance(rows.reveal(), Iterable)

    def again(self) -> Iterator[object] | None:
        """Return a second iterator from the start; None if there can be only one."""
        if not isinstance(self._rows.reveal(), Iterable):
            return None
        fresh = iter(self._rows.reveal())
        return None if fresh is self._rows.reveal() else map(conceal_row, fresh)

    @property
    def named_accounts(self) -> Collection[int | None]:
        """The accounts of the rows if the input counted them; None: the own."""
        counted = getattr(self._rows.reveal(), "accounts", None)
        return counted.keys() if isinstance(counted, Counter) else ()

    def count_accounts(self) -> Mapping[int | None, int] | None:
        """Return the number of rows by account; None if it is unknown."""
        rows = self._rows.reveal()
        counted = getattr(rows, "accounts", None)
        if isinstance(counted, Counter):
            return counted
        if isinstance(rows, list | tuple):  # in whatever thread they belong to
            return Counter(map(named_account, rows))
        items = self.again() if self.length is not None else None
        return None if items is None else Counter(map(named_account, items))

    def pull_now(self) -> object:
        """Return the next row of an iterable, or END."""
        if self._sync is None:
            if not isinstance(self._rows.reveal(), Iterable):
                raise TypeError("rows must be awaited")
            self._sync = iter(self._rows.reveal())
        try:
            item = next(self._sync, END)
        except BaseException as error:
            self._sync = _Broken(_explained(error))
            item = next(self._sync)
        return conceal_row(item)

    async def pull(self) -> object:
        """Return the next row, or END."""
        if isinstance(self._rows.reveal(), Iterable):
            return self.pull_now()
        if self._async is None:
            self._async = aiter(self._rows.reveal())
        try:
            item = await anext(self._async, END)
        except BaseException as error:
            self._async = _Broken(_explained(error))
            item = await anext(self._async)
        return conceal_row(item)

    async def close(self) -> None:
        """Close an async generator that was not read to its end, so that it leaks nothing."""
        if isinstance(self._async, AsyncGenerator):
            await self._async.aclose()
