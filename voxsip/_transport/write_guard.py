"""A last look before a request is written: whether this process may still send for its job.

A process that was stopped after it got its slot, and is woken after another took its job over, must not send. So the look
is taken where the body's bytes are written, not before. What stops between this look and the system call cannot be
held back by any client.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

WRITE_GUARD: ContextVar[Callable[[], bool] | None] = ContextVar("voxsip_write_guard", default=None)
"""Returns whether a request may be written now; None for tasks that belong to no leased job."""

SUPPORTED = hasattr(BytesPayload, "write_with_length")
"""Whether aiohttp writes the head with the body (from 3.12): else the head has left when the guard is asked."""


class WriteRefusedError(Exception):
    """The guard said no: no byte of the body was written."""


class GuardedPayload(BytesPayload):
    """A body that asks before it is written.

    Attributes:
        refused: Whether it was not.
    """

    def __init__(self, body: bytes, guard: Callable[[], bool], content_type: str) -> None:
        super().__init__(body, content_type=content_type)
        self._guard = guard
        self.refused = False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the body if the guard agrees."""
        if not self._guard():
            self.refused = True
            raise WriteRefusedError
        await super().write_with_length(writer, content_length)
