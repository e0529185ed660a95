"""Lists over pages.

A page may be shorter than requested. A list ends at an empty page, or at `total_count` if the reply has one,
never at a short page.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, Generic, TypeVar, overload

import attrs

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen(kw_only=True)
class Page(Sequence[T_co], Generic[T_co]):
    """One page of a list: a sequence of its items.

    Attributes:
        items: The models on this page.
        offset: The index of the first item in the whole list.
        total_count: The length of the whole list if the server reports it, else None.
        other: The other members of the reply, such as `timezone`, by name, as decoded from JSON.
    """

    items: Sequence[T_co]
    offset: int
    total_count: int | None
    other: Mapping[str, Any] = attrs.field(factory=dict)

    @overload
    def __getitem__(self, index: int) -> T_co: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T_co]: ...
    def __getitem__(self, index: int | slice) -> T_co | Sequence[T_co]:
        """Return an item, or a slice of the items."""
        return self.items[index]

    def __len__(self) -> int:
        """Count the items on this page."""
        return len(self.items)

    def __iter__(self) -> Iterator[T_co]:
        """Iterate over the items on this page."""
        return iter(self.items)

    @property
    def next_offset(self) -> int | None:
        """The offset of the next page; None if this page is the last."""
        end = self.offset + len(self.items)
        if not self.items or (self.total_count is not None and end >= self.total_count):
            return None
        return end


class AsyncPager(Generic[T_co]):
    """A list command's result: await it for the first page, iterate for all items.

    Each `await` and each iteration sends the command again.
    """

    __slots__ = ("_fetch", "_offset")

    def __init__(self, fetch: Callable[[int], Awaitable[Page[T_co]]], offset: int = 0) -> None:
        self._fetch = fetch
        self._offset = offset

    def __await__(self) -> Generator[Any, None, Page[T_co]]:
        """Fetch the first page."""
        return self.first_page().__await__()

    async def first_page(self) -> Page[T_co]:
        """Fetch the first page."""
        return await self._fetch(self._offset)

    async def page_at(self, offset: int) -> Page[T_co]:
        """Fetch the page that starts at this offset in the whole list."""
        return await self._fetch(offset)

    async def pages(self) -> AsyncGenerator[Page[T_co], None]:
        """Fetch page after page."""
        offset: int | None = self._offset
        while offset is not None:
            page = await self._fetch(offset)
            if page.items:
                yield page
            offset = page.next_offset

    async def _items(self) -> AsyncGenerator[T_co, None]:
        async for page in self.pages():
            for item in page.items:
                yield item

    def __aiter__(self) -> AsyncIterator[T_co]:
        """Iterate over every item of every page, fetching as needed."""
        return self._items()
