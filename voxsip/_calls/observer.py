"""Reports calls to a client's hooks and the log, without arguments and replies.

A client makes an `Observer` if it has hooks. Without hooks and a log at DEBUG this module is not imported.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import count

from voxsip._calls.recovery import label_of, parts_of
from voxsip._calls.request import Request
from voxsip._clock import Clock
from voxsip._errors import (
    ConfigurationError,
    Disposition,
    VoxsipError,
)
from voxsip.events import (
    AttemptEnded,
    CallEnded,
    CallStarted,
    Event,
    EventHook,
    RetryPlanned,
    Status,
    Throttled,
)

log = logging.getLogger("voxsip")
_numbers = count(1)
_new = tuple.__new__  # takes half the time of the class's own


class Observer:
    """Passes the events of one client's calls to its hooks.

    Args:
        hooks: The functions that take events, called in this order; when a call ends in reverse, so that contexts nest.
        base_url: The client's base URL.

    Attributes:
        watch: The function to call when a call begins; takes the request and the clock, returns a `CallWatch`.
    """

    __slots__ = ("_failed", "_hooks", "_reversed", "base_url", "watch")

    def __init__(self, hooks: Iterable[EventHook], base_url: str) -> None:
        self._hooks = tuple(hooks)
        self._reversed = self._hooks[::-1]
        self._failed: set[int] = set()
        self.base_url = base_url
        self.watch = partial(CallWatch, self)

    def with_log(self) -> Observer:
        """Return an observer that also writes the log at DEBUG."""
        observer = Observer((log_attempt, *self._hooks), self.base_url)
        observer._failed = self._failed
        return observer

    def tell(self, event: Event) -> None:
        """Call every hook; an error of a hook is logged the first time, then ignored."""
        for hook in self._reversed if type(event) is CallEnded else self._hooks:
            try:
                hook(event)
            except (Exception, asyncio.CancelledError) as error:
                self._note_failure(hook, error)

    def _note_failure(self, hook: EventHook, error: BaseException) -> None:
        if id(hook) in self._failed:
            return
        self._failed.add(id(hook))
        name = getattr(hook, "__qualname__", type(hook).__qualname__)
        log.error("on_event: %s failed; its later errors are not logged", name, exc_info=error)


class CallWatch:
    """Reports the events of one call.

    Attributes:
        left: The monotonic time in seconds at which the latest attempt left the client's queue.
        queued: The seconds that this attempt waited there.
    """

    __slots__ = (
        "_began",
        "_command",
        "_ended",
        "_now",
        "_number",
        "_request",
        "_status",
        "_tell",
        "_told",
        "left",
        "queued",
    )
    left: float
    queued: float

    def __init__(self, observer: Observer, request: Request, clock: Clock) -> None:
        self._tell = tell = observer.tell
        self._request = request
        self._now = now = clock.monotonic
        self._began = now()
        self._ended = 0.0
        self._command = command = request.command.name
        self._number = number = next(_numbers)
        self._status: int | None = None
        self._told = 0
        tell(_new(CallStarted, (number, command, f"{observer.base_url}/{command}")))

    def succeeded(self) -> None:
        """Report that an attempt has its reply."""
        self._ended = ended = self._now()
        request, left = self._request, self.left
        self._status = status = None if request.reply is None else request.reply.status
        self._tell(
            _new(
                AttemptEnded,
                (
                    *(self._number, self._command, request.attempts, ended - left, self.queued),
                    *(None, None, status),
                ),
            )
        )

    def failed(self, error: BaseException) -> None:
        """Report how an attempt failed, if one was made."""
        attempt = self._request.attempts
        if attempt == self._told:
            return
        self._told = attempt
        seconds = self._now() - self.left
        number, command = self._number, self._command
        name, code, self._status = parts_of(error)
        self._tell(
            AttemptEnded(number, command, attempt, seconds, self.queued, name, code, self._status)
        )
        if isinstance(error, VoxsipError) and error.disposition is Disposition.THROTTLED:
            retry_after = getattr(error, "retry_after", None)
            self._tell(Throttled(number, command, attempt, code, retry_after))

    def retry(self, error: VoxsipError, delay: float) -> None:
        """Report that another attempt follows, and in how many seconds."""
        name, code, _ = parts_of(error)
        attempt = self._request.attempts
        self._tell(RetryPlanned(self._number, self._command, attempt, delay, name, code))

    def end(self, error: BaseException | None) -> None:
        """Report that the call is over."""
        request = self._request
        request.watch = None  # avoid a reference cycle
        status: Status = "done"
        name = code = None
        if error is not None:
            status = _status_of(error)
            name, code, _ = parts_of(error)
        seconds, last = (self._ended or self._now()) - self._began, self._status
        number, command, attempts = self._number, self._command, request.attempts
        self._tell(_new(CallEnded, (number, command, status, seconds, attempts, name, code, last)))


def log_attempt(event: Event) -> None:
    """Log at DEBUG how an attempt ended and how long it took; this is a hook."""
    if not isinstance(event, AttemptEnded):
        return
    if event.error is None:
        log.debug("%s: done (attempt %d, %.3f s)", event.command, event.attempt, event.seconds)
    else:
        label = label_of(event.error, event.code, event.http_status)
        log.debug(
            "%s: attempt %d failed after %.3f s: %s",
            *(event.command, event.attempt, event.seconds, label),
        )


LOG_ONLY = Observer((log_attempt,), "")
"""The observer of clients without hooks, for the log at DEBUG."""


def make_observer(on_event: EventHook | Iterable[EventHook], base_url: str) -> Observer | None:
    """Return an observer that calls these hooks; None if there are none.

    Raises:
        ConfigurationError: A hook is not callable, or is a coroutine function.
    """
    several = isinstance(on_event, Iterable) and not isinstance(on_event, str | bytes | Mapping)
    given: Iterable[object] = on_event if several else (on_event,)  # type: ignore[assignment]
    hooks: list[EventHook] = []
    for hook in given:
        if not callable(hook):
            raise ConfigurationError(
                f"on_event: expected a function, or a list of functions, got {type(hook).__name__}"
            )
        if inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(type(hook).__call__):
            raise ConfigurationError(
                "on_event: expected a plain function, got a coroutine function; it is called within the event loop, and "
                "may start a task or fill a queue"
            )
        hooks.append(hook)
    return Observer(hooks, base_url) if hooks else None


def _status_of(error: BaseException) -> Status:
    if isinstance(error, VoxsipError):
        return "unknown" if error.outcome_unknown else "failed"
    return "cancelled" if isinstance(error, asyncio.CancelledError | GeneratorExit) else "failed"
