"""Counts the attempts of a call from outside it, and reports the error of each that failed.

A call that succeeds at once costs nothing: the client looks for a trace only when an attempt has failed or has waited
for the rate limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from voxsip._errors import InvalidArgumentError, VoxsipError

_current: ContextVar[CallTrace | None] = ContextVar("voxsip_call_trace", default=None)


class CallTrace:
    """A counter of attempts of the calls made inside its `with` block, in this task.

    Args:
        on_failure: The function called at once with the error of every failed attempt.

    Raises:
        InvalidArgumentError: It is no function.

    Attributes:
        failures: The attempts that failed since the block began or `reset` was called.
        waited: The seconds that attempts have waited in the client's own queue since then.
    """

    __slots__ = ("_token", "failures", "on_failure", "waited")

    def __init__(self, on_failure: Callable[[VoxsipError], None] | None = None) -> None:
        if on_failure is not None and not callable(on_failure):
            raise InvalidArgumentError(
                f"on_failure: expected a function, got {type(on_failure).__name__}",
                field="on_failure",
            )
        self.on_failure: Callable[[VoxsipError], None] | None = on_failure
        self.failures: int = 0
        self.waited: float = 0.0
        self._token: Token[CallTrace | None] | None = None

    @property
    def attempts(self) -> int:
        """The attempts of a call that succeeded: the failed ones and the last."""
        return self.failures + 1

    def reset(self) -> None:
        """Start counting again, for the next call."""
        self.failures = 0
        self.waited = 0.0

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _current.reset(self._token)
            self._token = None


@contextmanager
def uncounted() -> Iterator[None]:
    """Report failures inside the block to the call's trace without counting them.

    Failures of a lookup show the state of the server, but are no attempts of the call that needs the lookup.
    """
    trace = _current.get()
    failures = trace.failures if trace is not None else 0
    try:
        yield
    finally:
        if trace is not None:
            trace.failures = failures


def note_failure(error: VoxsipError) -> None:
    """Report a failed attempt to the call's trace, if it has one."""
    trace = _current.get()
    if trace is not None:
        trace.failures += 1
        if trace.on_failure is not None:
            trace.on_failure(error)


def note_wait(seconds: float) -> None:
    """Report to the call's trace, if it has one, how long an attempt waited to leave."""
    trace = _current.get()
    if trace is not None:
        trace.waited += seconds
