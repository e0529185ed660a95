"""OpenTelemetry: spans and metrics of a client's calls (extra `otel`).

`AsyncClient(on_event=Telemetry())` makes a client span for every call and a histogram of attempts; names follow the
stable HTTP semantic conventions. They contain no argument, reply, token or text of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voxsip._version import __version__
from voxsip.events import AttemptEnded, CallEnded, CallStarted, Event, RetryPlanned

try:
    from opentelemetry.context import Context, attach, detach, get_current
    from opentelemetry.metrics import get_meter
    from opentelemetry.trace import (
        Span,
        SpanKind,
        StatusCode,
        get_tracer,
        set_span_in_context,
    )
except ImportError as _missing:
    raise ImportError(
        "voxsip.otel: opentelemetry-api is not installed; install the extra: pip install 'voxsip[otel]'"
    ) from _missing

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

__all__ = ["Telemetry"]

SCHEMA = "https://opentelemetry.io/schemas/1.23.0"
"""The version of the semantic conventions in which those for HTTP became stable."""
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds in seconds that the conventions recommend."""
Attributes = dict[str, str | int | float]
_Open = tuple[Span, Context, Token[Context], Attributes]
"""A call in progress: its span, the context with it, the token that restores the context before, and attributes."""


class Telemetry:
    """An event hook that makes spans and metrics; pass it as `on_event`.

    One object may serve several clients. A span is the current one while its call runs, so that spans of the HTTP
    library's own instrumentation are its children. Its events are the attempts; a call that succeeds at the first has
    none. The metric is `http.client.request.duration`, of every attempt.

    Args:
        tracer_provider: The provider that receives spans; None for the global one.
        meter_provider: The provider that receives metrics; None for the global one.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self._tracer = get_tracer("voxsip", __version__, tracer_provider, SCHEMA)
        meter = get_meter("voxsip", __version__, meter_provider, SCHEMA)
        self._durations = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=BUCKETS,
        )
        self._open: dict[int, _Open] = {}
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            CallStarted: self._start,
            AttemptEnded: self._note_attempt,
            RetryPlanned: self._note_retry,
            CallEnded: self._end,
        }

    def __call__(self, event: Event) -> None:
        """Process an event."""
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def _start(self, event: CallStarted) -> None:
        name, attributes, shared = _described(event.url, event.command)
        outer = get_current()  # passed on, because the SDK would look it up five times
        span = self._tracer.start_span(name, outer, SpanKind.CLIENT, attributes)
        context = set_span_in_context(span, outer)
        self._open[event.call] = span, context, attach(context), shared

    def _note_attempt(self, event: AttemptEnded) -> None:
        span, context, _, shared = self._open[event.call]
        said: Attributes = {}
        if event.http_status is not None:
            said["http.response.status_code"] = event.http_status
        if event.error is not None:
            said["error.type"] = event.error
        self._durations.record(event.seconds, shared | said, context)
        if (event.attempt > 1 or said.get("error.type")) and span.is_recording():
            said |= {
                "voxsip.attempt": event.attempt,
                "voxsip.seconds": event.seconds,
                "voxsip.queued": event.queued,
            }
            if event.code is not None:
                said["voxsip.error_code"] = event.code
            span.add_event("voxsip.attempt", said)

    def _note_retry(self, event: RetryPlanned) -> None:
        span = self._open[event.call][0]
        if span.is_recording():
            span.add_event("voxsip.retry", {"voxsip.delay": event.delay})

    def _end(self, event: CallEnded) -> None:
        span, context, token, _ = self._open.pop(event.call)
        if get_current() is context:  # else a dropped coroutine is closed in another context
            detach(token)
        if span.is_recording():
            if event.http_status is not None:
                span.set_attribute("http.response.status_code", event.http_status)
            if event.attempts > 1:
                span.set_attribute("http.request.resend_count", event.attempts - 1)
            if event.error is not None:
                span.set_attribute("error.type", event.error)
                span.set_attribute("voxsip.status", event.status)
                if event.code is not None:
                    span.set_attribute("voxsip.error_code", event.code)
                span.set_status(StatusCode.ERROR, event.error)
        span.end()


@lru_cache(maxsize=512)
def _described(url: str, command: str) -> tuple[str, Attributes, Attributes]:
    """Return a command's span name, span attributes and metric attributes."""
    parts = urlsplit(url)
    shared: Attributes = {
        "http.request.method": "POST",
        "server.address": parts.hostname or "",
        "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        "voxsip.command": command,
    }
    return f"POST {parts.path}", {**shared, "url.full": url}, shared
