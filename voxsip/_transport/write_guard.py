"""Checks, just before a request is written, that this process may still send for its job.

A process that was suspended after it got its slot, and resumes after another took its job over, must not send. So the
check is made when the bytes of the body are written, not before. If a process is suspended between this check and the
system call, no client can prevent the request.

A kept connection is checked here once more: on Python 3.11 aiohttp writes a body in a separate task, and before that a
reply to another request may have arrived on the connection, or even have been accepted as the reply to this one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload

WRITE_GUARD: ContextVar[Callable[[], bool] | None] = ContextVar("voxsip_write_guard", default=None)
"""The function that returns whether a request may be written now; None for tasks that belong to no leased job."""


class WriteRefusedError(Exception):
    """The guard refused, or the connection is not silent: no byte was written."""


class GuardedPayload(BytesPayload):
    """A body that is written only if a guard and the connection allow it.

    Args:
        body: The bytes.
        content_type: The content type of the body.
        guard: The function that returns whether the body may be written; None for always.
        is_silent: The function that takes a protocol and returns whether no bytes wait on its connection; None for no
            check.

    Attributes:
        refused: Whether the guard refused.
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
        """Check that a reply which has arrived is one to this request.

        Raises:
            WriteRefusedError: The body is not written yet, so the reply is to another request; it will not be written.
        """
        if not self.begun:
            self._given_up = True
            raise WriteRefusedError

    def has_refused(self, error: BaseException | None) -> bool:
        """Returns whether an error of aiohttp was caused by a refusal to write."""
        while error is not None and not self.begun:
            if isinstance(error, WriteRefusedError):
                return True
            error = error.__cause__ or error.__context__
        return False

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the body if the guard allows it and no bytes wait on the connection."""
        if self._guard is not None and not self._guard():
            self.refused = True
            raise WriteRefusedError
        protocol = getattr(writer, "protocol", None)
        if self._given_up or (self._is_silent is not None and not self._is_silent(protocol)):
            raise WriteRefusedError
        self.begun = True
        await super().write_with_length(writer, content_length)
