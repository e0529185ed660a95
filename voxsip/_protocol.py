"""The protocol as pure functions: a reply's bytes become a result or a typed error.

Requests are built by `Command.encode`; here is the way back. No I/O, no loop, no HTTP library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import attrs
import orjson

from voxsip._errors import APIError, Disposition, RateLimitError, UnexpectedReplyError, error_class
from voxsip._redact import redact, redact_details

SHOWN = 200
"""Characters of an unreadable body that an error shows."""
OK = 200
TOO_MANY_REQUESTS = 429
_UNKNOWN_BELOW_500 = frozenset({408})
_DELAY_IN_TEXT = re.compile(r"(\d{1,6})\s*(?:s\b|sec)", re.IGNORECASE)


@attrs.define(slots=True)
class RawReply:
    """An HTTP reply as the transport hands it up; header values as text, None where absent."""

    status: int
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False, factory=dict)


def decode(command: str, reply: RawReply) -> dict[str, Any]:
    """Return the decoded reply of a command that succeeded.

    Arguments:
        command: the API command, for error messages.
        reply: what came back.

    Raises:
        APIError: the server refused, by error number or with HTTP 429.
        UnexpectedReplyError: anything the API does not send.
    """
    try:
        data = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        _refuse_unreadable(command, reply)
    if type(data) is not dict:
        _refuse(command, reply, f"expected a JSON object, got {type(data).__name__}")
    if "error" in data and data["error"] is not None:
        _raise_api_error(command, reply, data["error"])
    if reply.status != OK:
        _refuse_unreadable(command, reply)
    if "result" not in data:
        _refuse(command, reply, "the reply has no result")
    return data


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date; None where absent or unreadable.

    Arguments:
        headers: the reply's headers.
        now: what an HTTP date is counted from; by default the reply's own `Date`, so that no clock matters.
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return float(text[:12])
    at = http_date(text)
    start = now or http_date(headers.get("Date")) or datetime.now(UTC)
    return None if at is None else max(0.0, (at - start).total_seconds())


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date as aware UTC; None where absent or unreadable."""
    if not text:
        return None
    try:
        value = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def scrub(error: APIError | UnexpectedReplyError, secrets: Iterable[str]) -> None:
    """Take the call's secrets out of an error that quotes the server."""
    secrets = tuple(secrets)
    error.args = tuple(redact(arg, secrets) if isinstance(arg, str) else arg for arg in error.args)
    if isinstance(error, APIError):
        error.message = redact(error.message, secrets)
        error.details = redact_details(error.details, secrets)
    else:
        error.body_start = redact(error.body_start, secrets)


def _raise_api_error(command: str, reply: RawReply, error: object) -> NoReturn:
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or type(code) is not int:
        _refuse(command, reply, "the reply has an error without a number")
    text = error.get("msg")
    message = redact(text) if isinstance(text, str) else ""
    details = error.get("details")
    cls = error_class(code)
    raise cls(
        message,
        code=code,
        command=command,
        http_status=reply.status,
        details=redact_details(details) if isinstance(details, dict) else None,
        retry_after=_named_delay(reply, message, details) if cls is RateLimitError else retry_after(reply.headers),
    )


def _named_delay(reply: RawReply, message: str, details: object) -> float | None:
    """Seconds a refusal names: in the header, in its details, or in its text (416 says "after N seconds")."""
    named = retry_after(reply.headers)
    if named is None and isinstance(details, dict):
        value = details.get("retry_after")
        named = float(value) if isinstance(value, int | float) and value >= 0 else None
    if named is None and (found := _DELAY_IN_TEXT.search(message)):
        named = float(found[1])
    return named


def _refuse_unreadable(command: str, reply: RawReply) -> NoReturn:
    if reply.status == TOO_MANY_REQUESTS:
        raise RateLimitError(
            "too many requests",
            code=None,
            command=command,
            http_status=reply.status,
            retry_after=retry_after(reply.headers),
        )
    what = "an empty body" if not reply.body else "a body that is not the API's JSON"
    _refuse(command, reply, what)


def _refuse(command: str, reply: RawReply, what: str) -> NoReturn:
    start = redact(_text(reply.body))[:SHOWN]
    shown = f": {start}" if start else ""
    raise UnexpectedReplyError(
        f"{command}: HTTP {reply.status}, {what}{shown}",
        command=command,
        http_status=reply.status,
        body_start=start,
        disposition=_disposition(reply.status),
        retry_after=retry_after(reply.headers),
    )


def _disposition(status: int) -> Disposition:
    """A gateway's 3xx and 4xx say that the request went no further; everything else says nothing."""
    if 300 <= status < 500 and status not in _UNKNOWN_BELOW_500:  # noqa: PLR2004 - HTTP classes
        return Disposition.REFUSED
    return Disposition.UNKNOWN


def _text(body: bytes) -> str:
    """Decode more than is shown, so that a secret cut by the limit is still recognized and hidden."""
    return " ".join(body[: SHOWN * 20].decode("utf-8", "replace").split())
