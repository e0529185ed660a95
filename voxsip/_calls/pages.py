"""Fetches the pages of lists: one call per page, at an offset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from voxsip._calls.interfaces import Executes
from voxsip._errors import InvalidArgumentError
from voxsip._protocol.command import Command
from voxsip._protocol.paging import Page

T = TypeVar("T")


def start_offset(values: dict[str, Any]) -> int:
    return int(values.get("offset") or 0)


def check_count(command: Command, values: dict[str, Any]) -> None:
    """Check that `count` is not above the command's own limit, if it has one.

    Raises:
        InvalidArgumentError: `count` is too large. Nothing was sent.
    """
    cap = command.paging.cap if command.paging else None
    count = values.get("count")
    if cap is not None and isinstance(count, int) and count > cap:
        raise InvalidArgumentError(
            f"{command.name}: count: expected at most {cap}, got {count}; a pager fetches further pages by itself",
            field="count",
        )


def page_fetcher(
    calls: Executes,
    command: Command,
    values: dict[str, Any],
    structure: Callable[[Any], list[T]],
    deadline: float | None,
) -> Callable[[int], Awaitable[Page[T]]]:
    """Return a function that fetches the page at an offset."""
    paging = command.paging
    if paging is None:
        msg = f"{command.name} has no pages"
        raise TypeError(msg)
    size = values.get("count") or paging.page_size
    known = {paging.items, paging.total, "result", "count"}
    latest: tuple[int, object] | None = None

    async def fetch(offset: int) -> Page[T]:
        def decode(data: dict[str, Any]) -> Page[T]:
            nonlocal latest
            items = data[paging.items]
            if items and latest is not None and latest[0] != offset and latest[1] == items:
                # reading from a server that ignores the offset would never end
                msg = "the same page twice"
                raise ValueError(msg)
            latest = (offset, items)
            total = data.get(paging.total) if paging.total else None
            return Page(
                items=structure(items),
                offset=offset,
                total_count=total if type(total) is int else None,
                other={name: value for name, value in data.items() if name not in known},
            )

        return await calls.execute(
            command, {**values, "count": size, "offset": offset}, decode, deadline
        )

    async def fetch_all(offset: int) -> Page[T]:
        def decode(data: dict[str, Any]) -> Page[T]:
            items = structure(data.get(paging.items) or [])[offset:]
            other = {name: value for name, value in data.items() if name not in known}
            return Page(items=items, offset=offset, total_count=offset + len(items), other=other)

        return await calls.execute(command, values, decode, deadline)

    if paging.page_size is None:
        return fetch_all

    return fetch
