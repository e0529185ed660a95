"""Calls a command whose reply is a file, then yields the chunks of its body."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from voxsip._calls.interfaces import Executes
from voxsip._protocol.command import Command


@asynccontextmanager
async def open_download(
    calls: Executes, command: Command, values: dict[str, Any], deadline: float | None
) -> AsyncGenerator[AsyncIterator[bytes], None]:
    """Send the command, with retries until its reply begins, and yield the chunks.

    Args:
        calls: The executor that sends the command.
        command: The command.
        values: The command's arguments.
        deadline: The seconds until the reply begins, for all attempts together.

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
