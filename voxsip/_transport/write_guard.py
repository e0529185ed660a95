"""A last look before a request is written: whether this process may still send for its job.

A process that was stopped after it got its slot, and is woken after another took its job over, must not send. So the look
is taken where the body's bytes are written, not before. What stops between this look and the system call cannot be
held back by any client.

In the same place a kept connection is looked at once more: on Python 3.11 aiohttp writes a body in a task of its own, and
until then a reply to another request may have come over that connection, or may even have been taken for the answer.
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
    """The guard said no, or the connection is not silent: no byte was written."""


class GuardedPayload(BytesPayload):
    """A body that asks before it is written.

    Args:
        body: The bytes.
        content_type: The content type of the body.
        guard: Returns whether it may be written; None for always.
        is_silent: Returns whether nothing waits on a connection, by its protocol; None asks nothing.

    Attributes:
        refused: Whether the guard said no.
        begun: Whether writing has begun.
    """

    def __init__(
        self,
        body: bytes,
        content_type: str,
        *,
        guard: Callable[[], bool] | None = None,
        is_silent: Callable[[object], bool] | None = None,
    ) -> None:
        super().__init__(body, content_type=content_type)
        self._guard = guard
        self._is_silent = is_silent
        self._given_up = False
        self.refused = False
        self.begun = False

    def check(self) -> None:
        """See, once there is a reply, that it is one to this request.

        Raises:
            WriteRefusedError: Nothing of this was written, so that it answers another; nothing will be any more.
        """
        if not self.begun:
            self._given_up = True
            raise WriteRefusedError

    def has_refused(self, error: BaseException | None) -> bool:
        """Returns whether an error is what aiohttp made of a refusal to write."""
        while error is not None and not self.begun:
            if isinstance(error, WriteRefusedError):
                return True
            error = error.__cause__ or error.__context__
        return False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the body if the guard agrees, and nothing waits on the connection."""
        if self._guard is not None and not self._guard():
            self.refused = True
            raise WriteRefusedError
        protocol = getattr(writer, "protocol", None)
        if self._given_up or (self._is_silent is not None and not self._is_silent(protocol)):
            raise WriteRefusedError
        self.begun = True
        await super().write_with_length(writer, content_length)
