"""The interface of the client that generated groups use."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from voxsip._protocol.command import Command
    from voxsip._protocol.downloads import AsyncDownload
    from voxsip._protocol.paging import AsyncPager

T = TypeVar("T")


class Caller(Protocol):
    """The client as generated code sees it."""

    def invoke(
        self, command: Command, values: dict[str, object], reply: type[T], deadline: float | None
    ) -> Coroutine[Any, Any, T]:
        """Send a command and decode its reply into a model."""
        ...

    def paginate(
        self, command: Command, values: dict[str, object], item: type[T], deadline: float | None
    ) -> AsyncPager[T]:
        """List over pages; `deadline` applies to each page."""
        ...

    def download(
        self, command: Command, values: dict[str, object], deadline: float | None
    ) -> AsyncDownload:
        """Prepare a command whose reply is a file."""
        ...


class Runner(Protocol):
    """The blocking client as generated code sees it."""

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end; return its result or raise its error."""
        ...
