"""A command whose reply is a file: the call as any other, then the chunks of its body."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from voxsip._protocol.command import Command

T = TypeVar("T")


class Streams(Protocol):
    """Sends a command whose reply may be a file."""

    async def execute(
        self,
        command: Command,
        values: dict[str, Any],
        decode: Callable[[dict[str, Any]], T],
        deadline: float | None,
        *,
        streamed: bool = False,
    ) -> T:
        """Return what the decoder makes of the reply."""
        ...


@asynccontextmanager
async def open_download(
    calls: Streams, command: Command, values: dict[str, Any], deadline: float | None
) -> AsyncGenerator[AsyncIterator[bytes], None]:
    """Send the command, with retries until its reply begins, and give the chunks of the file.

    Args:
        calls: Sends it.
        command: The command.
        values: Its arguments.
        deadline: Seconds until the reply begins, all attempts together.

    Raises:
        VoxsipError: The command failed, or the reply broke off.
    """
    chunks = await calls.execute(command, values, _chunks, deadline, streamed=True)
    try:
        yield chunks
    finally:
        await chunks.aclose()


def _chunks(data: dict[str, Any]) -> AsyncGenerator[bytes, None]:
    found: AsyncGenerator[bytes, None] = data["chunks"]
    return found
