"""Events of a client's calls: `AsyncClient(on_event=hook)` calls the hook with them.

A *call* is one method of a client, one page of a list, or one page of the list that looks for a lost create; it makes
one or more *attempts*, each an HTTP request. Every call has these events, in this order: a `CallStarted`; for each
attempt an `AttemptEnded`, then a `Throttled` if the attempt was throttled, and a `RetryPlanned` if the call continues;
a `CallEnded`.

No event holds an argument, a reply, a token, or text of the server, so events may be logged, counted and sent anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

__all__ = [
    "AttemptEnded",
    "CallEnded",
    "CallStarted",
    "Event",
    "EventHook",
    "RetryPlanned",
    "Status",
    "Throttled",
]

Status = Literal["done", "failed", "unknown", "cancelled"]

# Named tuples: an instance takes a tenth of the time of a frozen attrs class, and each call makes three.


class CallStarted(NamedTuple):
    """A call begins; the hook runs in the task and the context of its caller.

    Attributes:
        call: Number of the call; no other call of the process has it.
        command: The API command.
        url: Address of its requests, without arguments.
    """

    call: int
    command: str
    url: str


class AttemptEnded(NamedTuple):
    """An attempt has ended, with a reply or without.

    Attributes:
        call: Number of the call; no other call of the process has it.
        command: The API command.
        attempt: Number of the attempt, from 1.
        seconds: Duration, from the moment it left the client's queue.
        queued: Seconds that it waited before that, for the rate limit and for a free connection.
        error: Name of the class of its error, such as "RateLimitError"; None if it succeeded.
        code: Number of the API's error, or None.
        http_status: Status of the reply, or None if none came.
    """

    call: int
    command: str
    attempt: int
    seconds: float
    queued: float
    error: str | None
    code: int | None
    http_status: int | None


class Throttled(NamedTuple):
    """An attempt was throttled, because calls come too fast or for that request alone.

    Attributes:
        call: Number of the call; no other call of the process has it.
        command: The API command.
        attempt: Number of the attempt, from 1.
        code: Number of the API's error; None for an HTTP 429.
        retry_after: Seconds that the server asked to wait, or None.
    """

    call: int
    command: str
    attempt: int
    code: int | None
    retry_after: float | None


class RetryPlanned(NamedTuple):
    """Another attempt follows, or a lookup of what the last one may have made.

    Attributes:
        call: Number of the call; no other call of the process has it.
        command: The API command.
        attempt: Number of the attempt that failed.
        delay: Seconds until then.
        error: Name of the class of its error.
        code: Number of the API's error, or None.
    """

    call: int
    command: str
    attempt: int
    delay: float
    error: str
    code: int | None


class CallEnded(NamedTuple):
    """A call has ended.

    Attributes:
        call: Number of the call; no other call of the process has it.
        command: The API command.
        status: "done"; "failed": it raised, and nothing was executed; "unknown": it raised, and the server may have
            executed it; "cancelled": its task was cancelled, and the server may have executed it.
        seconds: Duration of all attempts and waits together.
        attempts: Number of requests sent.
        error: Name of the class of the error that it raised, or None.
        code: Number of the API's error, or None.
        http_status: Status of the last attempt's reply, or None if none came.
    """

    call: int
    command: str
    status: Status
    seconds: float
    attempts: int
    error: str | None
    code: int | None
    http_status: int | None


Event = CallStarted | AttemptEnded | Throttled | RetryPlanned | CallEnded
"""Any event that a hook is called with."""

EventHook = Callable[[Event], None]
"""A function that takes an event. It runs in the event loop (for a `Client`, in its thread), so it must not block."""
