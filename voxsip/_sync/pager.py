"""The pager of the blocking client; it uses the loop thread once per page, not once per item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from voxsip._protocol.interfaces import Runner
    from voxsip._protocol.paging import AsyncPager, Page

T_co = TypeVar("T_co", covariant=True)


class Pager(Generic[T_co]):
    """A list command's result: iterate over all items; each iteration reads again."""

    __slots__ = ("_pager", "_runner")

    def __init__(self, runner: Runner, pager: AsyncPager[T_co]) -> None:
        self._runner = runner
        self._pager = pager

    def first_page(self) -> Page[T_co]:
        """Fetch the first page."""
        return self._runner.run(self._pager.first_page())

    def pages(self) -> Iterator[Page[T_co]]:
        """Fetch page after page."""
        page: Page[T_co] | None = self.first_page()
        while page is not None:
            if page.items:
                yield page
            offset = page.next_offset
            page = None if offset is None else self._runner.run(self._pager.page_at(offset))

    def __iter__(self) -> Iterator[T_co]:
        """Iterate over every item of every page, fetching as needed."""
        for page in self.pages():
            yield from page.items
