"""A call on its way: what is sent, and what has become of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from voxsip._errors import VoxsipError
from voxsip._protocol.command import Command
from voxsip._protocol.reply import RawReply

if TYPE_CHECKING:
    from voxsip._calls.observer import CallWatch  # noqa: TC004 - only for clients with hooks

NO_FILES: Mapping[str, tuple[str, bytes]] = {}


@attrs.define(eq=False, repr=False)
class Request:
    """A command, its encoded arguments, and the state of its attempts. Its repr shows no argument."""

    command: Command
    values: dict[str, Any]
    encoded: str
    files: Mapping[str, tuple[str, bytes]] = NO_FILES
    """Name and content of the files among the arguments, by parameter."""
    streamed: bool = False
    """Whether the reply is a file, to be read in chunks."""
    attempts: int = 0
    """Requests that left."""
    in_flight: bool = False
    """Whether one has left whose reply is still awaited."""
    may_have_executed: bool = False
    """Whether the server may have done the work in an attempt that failed."""
    last: VoxsipError | None = None
    """What the latest failed attempt met."""
    exclusive: bool = False
    """Whether no other create of the same thing is in flight (creates only)."""
    sent: float = 0.0
    """When the latest attempt left, in monotonic seconds (creates only)."""
    started: float = 0.0
    """When the first attempt left that may have been executed, in monotonic seconds (creates only)."""
    watch: CallWatch | None = None
    """Tells hooks and the log of the call; None if nobody listens."""
    reply: RawReply | None = None
    """The latest reply; None after an attempt that failed, whose tracebacks must not show it."""

    def __repr__(self) -> str:
        return f"<Request {self.command.name}>"

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must not show."""
        return self.command.secrets_in(self.values)
