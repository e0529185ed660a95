"""The state of a call: its command and arguments, and its attempts so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voxsip._errors import VoxsipError
from voxsip._protocol.command import Command
from voxsip._protocol.reply import RawReply

if TYPE_CHECKING:
    from voxsip._calls.observer import CallWatch

NO_FILES: Mapping[str, tuple[str, bytes]] = {}


class Request:
    """A command, its arguments and the state of its attempts.

    Its repr shows no argument. The state begins with the class's values: most calls change few of them.

    Args:
        command: The command to send.
        values: Its arguments, by parameter name.
        encoded: The arguments as an encoded parameter string.
        streamed: Whether the reply is a file, to be read in chunks.
    """

    files: Mapping[str, tuple[str, bytes]] = NO_FILES
    """The name and content of each file among the arguments, by parameter."""
    attempts: int = 0
    """The number of attempts that were sent."""
    in_flight: bool = False
    """Whether an attempt was sent whose reply is still awaited."""
    may_have_executed: bool = False
    """Whether an attempt that failed may have been executed."""
    last: VoxsipError | None = None
    """The error of the latest failed attempt."""
    exclusive: bool = False
    """Whether other creates of the same registration wait for this one (creates only)."""
    sent: float = 0.0
    """The time at which the latest attempt was sent, in monotonic seconds (creates only)."""
    started: float = 0.0
    """The time at which the first attempt that may have been executed was sent, in monotonic seconds (creates only)."""
    watch: CallWatch | None = None
    """The watch that reports the call to hooks and the log; None without them."""
    reply: RawReply | None = None
    """The latest reply; None after a failed attempt, since tracebacks must not show it."""

    def __init__(
        self, command: Command, values: dict[str, Any], encoded: str, *, streamed: bool = False
    ) -> None:
        self.command = command
        self.values = values
        self.encoded = encoded
        self.streamed = streamed

    def __repr__(self) -> str:
        return f"<Request {self.command.name}>"

    def secrets(self) -> tuple[str, ...]:
        """Return the secret values among the arguments."""
        return self.command.secrets_in(self.values)
