"""Interfaces of `CallExecutor` that other modules use: one attempt, one call with its retries, or a whole command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from voxsip._calls.request import Request
from voxsip._calls.retry import Retrier
from voxsip._clock import Clock
from voxsip._protocol.command import Command

T = TypeVar("T")
Decoder = Callable[[dict[str, Any]], T]


class SendsWithRetries(Protocol):
    """Sends a request as often as the retry policy allows."""

    @property
    def clock(self) -> Clock:
        """The clock that tells the time and waits."""
        ...

    async def send_with_retries(self, request: Request, decode: Decoder[T]) -> T:
        """Return the decoded reply, or raise the last attempt's error."""
        ...


class Looks(SendsWithRetries, Protocol):
    """Sends requests, and has the policy of how long lookups are repeated."""

    @property
    def retrier(self) -> Retrier:
        """The retrier of later attempts, which has the policy."""
        ...


class LooksUp(Protocol):
    """Finds the object that a create of unknown outcome made."""

    async def look(self, calls: Looks, request: Request) -> dict[str, Any] | None:
        """Return the reply that the create would have had, or None."""
        ...


class Executor(Looks, Protocol):
    """Sends requests once, with the retrier and the lookups of one client."""

    @property
    def creates(self) -> LooksUp:
        """The lookups of creates."""
        ...

    async def send_once(self, request: Request, decode: Decoder[T]) -> T:
        """Make one attempt; return the decoded reply or raise the attempt's error."""
        ...


class Executes(Protocol):
    """Sends a command and decodes its reply."""

    async def execute(
        self,
        command: Command,
        values: dict[str, Any],
        decode: Decoder[T],
        deadline: float | None,
        *,
        streamed: bool = False,
    ) -> T:
        """Return the decoded reply; a streamed one may be a file."""
        ...
