"""Watching a call from outside: how many attempts it took, and what each failed one met.

Free on the happy path: the client looks for a trace only once an attempt has failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from voxsip._errors import VoxsipError

_current: ContextVar[CallTrace | None] = ContextVar("voxsip_call_trace", default=None)


class CallTrace:
    """Counts the attempts of the calls made inside its `with` block, in this task.

    Args:
        on_failure: called with the error of every failed attempt, at once.

    Attributes:
        failures: attempts that failed since the block began or `reset` was called.
        waited: Seconds that attempts since then spent in the client's own queue, before they left.
    """

    __slots__ = ("_token", "failures", "on_failure", "waited")

    def __init__(self, on_failure: Callable[[VoxsipError], None] | None = None) -> None:
        self.on_failure: Callable[[VoxsipError], None] | None = on_failure
        self.failures: int = 0
        self.waited: float = 0.0
        self._token: Token[CallTrace | None] | None = None

    @property
    def attempts(self) -> int:
        """Attempts of one call that succeeded: the failed ones and the last."""
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
    """Report failures inside the block to the trace around this call, without counting attempts.

    A lookup's failures say something of the server, but they are no attempts of the call it is for.
    """
    trace = _current.get()
    failures = trace.failures if trace is not None else 0
    try:
        yield
    finally:
        if trace is not None:
            trace.failures = failures


def note_failure(error: VoxsipError) -> None:
    """Report a failed attempt to the trace around this call, if any."""
    trace = _current.get()
    if trace is not None:
        trace.failures += 1
        if trace.on_failure is not None:
            trace.on_failure(error)


def note_wait(seconds: float) -> None:
    """Report to the trace around this call, if any, how long an attempt waited to leave."""
    trace = _current.get()
    if trace is not None:
        trace.waited += seconds
