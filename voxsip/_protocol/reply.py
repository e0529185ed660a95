"""Decodes the bytes of a reply into a result or a typed error; `Command.encode` makes the request.

Pure functions: no I/O, no loop, no HTTP library.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import attrs
import orjson

from voxsip._clock import utc_now
from voxsip._errors import (
    APIError,
    Disposition,
    RateLimitError,
    ServerError,
    UnexpectedReplyError,
    error_class,
)
from voxsip._protocol.command import ResultKind
from voxsip._redaction.text import LONGEST_SPELLING, redact_details, redact_start

SHOWN = 200
"""Characters of an unexpected body that an error shows."""
BOM = b"\xef\xbb\xbf"
MOST_VALUES = 1_000_000
"""The most values, estimated, in a reply that is parsed: a page of 1000 rows has a few ten thousand."""
_MB = 1024 * 1024
LONGEST_REPLY: Mapping[ResultKind, int] = {
    "one": _MB,
    "true": _MB,
    "success": _MB,
    "object": 8 * _MB,
    "list": 64 * _MB,
    "any": 64 * _MB,
}
"""The most bytes of a reply, decompressed, by the kind of its `result`."""
LONGEST_TEXT = 4000
"""Characters of the server's message that an error keeps."""
OK = 200
TOO_MANY_REQUESTS = 429
SERVER_FAILURE = 500
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]+)?")  # a fraction is not in the RFC, but is sent
_DELAY_IN_TEXT = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*(?:s\b|sec)", re.IGNORECASE)


Body = bytes | bytearray | memoryview


@attrs.define(eq=False)
class RawReply:
    """An HTTP reply as the transport returns it.

    Args:
        status: The HTTP status.
        body: The body, decompressed.
        headers: The headers; names are looked up in any case.
        limit: The number of bytes after which reading stopped; None if the body is complete.
        chunks: The rest of a body that is a file, still to be read; None for other replies.
    """

    status: int
    body: Body = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False, factory=dict)
    limit: int | None = None
    chunks: AsyncIterator[bytes] | None = attrs.field(repr=False, default=None)


def _is_one(value: object) -> bool:
    return type(value) is int and value == 1


HOLDS: Mapping[ResultKind, Callable[[object], bool]] = {
    "one": _is_one,
    "true": lambda value: value is True or _is_one(value),
    "list": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
    "any": lambda value: value is not None,
    "success": lambda value: (
        value is True or _is_one(value) or (isinstance(value, list | dict) and bool(value))
    ),
}
"""Returns whether a `result` says that the command was executed, by kind."""


def result_of(
    reply: RawReply,
    kind: ResultKind = "any",
    *,
    with_result: bool = True,
    unique: bool = False,
) -> dict[str, Any] | None:
    """Return the decoded reply of a command that succeeded, None for anything else.

    `failure_of` explains the other replies.

    Args:
        reply: The reply.
        kind: The kind of `result` in the command's replies.
        with_result: Whether every reply of the command has a `result`, as nearly all do.
        unique: Whether to refuse a reply that says one thing twice, as `failure_of` does.
    """
    if reply.status != OK or reply.limit is not None:
        return None
    try:
        data = _parse(reply.body, unique=unique)
    except ValueError:
        return None
    if type(data) is not dict or data.get("error") is not None:
        return None
    said = HOLDS[kind](data["result"]) if "result" in data else not with_result
    return data if said else None


class TooManyValuesError(ValueError):
    """A body whose values would take far more memory than its bytes."""


def _parse(body: Body, *, unique: bool = False) -> Any:
    """Parse JSON, with or without a byte order mark.

    JSON parsers take the last of several members of one name (RFC 8259, 4, calls it unpredictable). With `unique`, such
    a body is none: parsing takes ten times as long, so only creates, which may buy something, ask for it.

    A value of two bytes takes about a hundred as an object, so a body that could hold more than `MOST_VALUES` is not
    parsed.

    Raises:
        ValueError: The body is not JSON, or has two members of one name in an object.
        TooManyValuesError: The body has too many values.
    """
    if body and body[0] == BOM[0] and body[: len(BOM)] == BOM:
        body = body[len(BOM) :]
    if len(body) > MOST_VALUES:
        whole: Any = body.obj if isinstance(body, memoryview) else body  # a view has no `count`
        if sum(map(whole.count, (b",", b"[", b"{"))) > MOST_VALUES:
            raise TooManyValuesError
    if unique:
        try:
            json.loads(bytes(body), object_pairs_hook=_unique)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return orjson.loads(body)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members.

    Raises:
        ValueError: Two have one name.
    """
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("two members have one name")
    return made


def failure_of(
    command: str, reply: RawReply, secrets: Iterable[str] = (), *, unique: bool = False
) -> APIError | UnexpectedReplyError:
    """Explain a reply that `result_of` did not accept.

    Args:
        command: The API command.
        reply: The reply.
        secrets: The values to remove from the error, in case the server echoes them.
        unique: Whether to believe no reply that says one thing twice.
    """
    try:
        data = _parse(reply.body, unique=unique)
    except TooManyValuesError:
        data, what = None, f"a reply of more than {MOST_VALUES} values"
    except ValueError:
        data = None
        what = "a body that is not the API's JSON" if reply.body else "an empty body"
        if reply.limit is not None:
            what = f"a reply of more than {reply.limit} bytes"
    else:
        what = "a reply without a result"
        if isinstance(data, dict) and "result" in data:
            what = "a result that does not say success"
    said = isinstance(data, dict) and HOLDS["success"](data.get("result"))
    if isinstance(data, dict) and data.get("error") is not None:
        error = data["error"]
        code = error.get("code") if isinstance(error, dict) else None
        if said:
            what = "a result and an error at once"
        elif type(code) is int and code > 0:
            return _api_error(command, reply, error, tuple(secrets))
        else:
            what = "an error without a number"
    if reply.status == TOO_MANY_REQUESTS and not said:  # what says success may have been done
        return RateLimitError(
            "too many requests",
            code=None,
            command=command,
            http_status=reply.status,
            retry_after=retry_after(reply.headers),
        )
    return unexpected(command, reply, what, secrets)


def unexpected(
    command: str, reply: RawReply, what: str, secrets: Iterable[str] = ()
) -> UnexpectedReplyError:
    """Make the error for a reply that the API itself does not send.

    It shows the status and the first characters, secrets removed. No status proves that the command was not executed:
    gateways answer 3xx and 4xx after it was, too.
    """
    secrets = tuple(secrets)
    # the bytes are cut before they are decoded; a character has at most four
    read = 4 * (LONGEST_TEXT + 2 * LONGEST_SPELLING * max(map(len, secrets), default=0)) + 4
    text = str(reply.body[:read], "utf-8", "replace")
    start = " ".join(redact_start(text, secrets, LONGEST_TEXT).split())[:SHOWN]
    return UnexpectedReplyError(
        f"{command}: HTTP {reply.status}, {what}{f': {start}' if start else ''}",
        command=command,
        http_status=reply.status,
        body_start=start,
        retry_after=retry_after(reply.headers),
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3) in seconds; None if absent or unreadable.

    Args:
        headers: The reply's headers.
        now: The time from which the seconds to an HTTP date are counted; by default the reply's own `Date`, so that
            this machine's clock does not matter.
    """
    text = headers.get("Retry-After")
    if not text:
        return None
    if _SECONDS.fullmatch(text.strip()):
        return float(text.strip()[:12])
    at = http_date(text)
    start = now or http_date(headers.get("Date")) or utc_now()
    return None if at is None else max(0.0, (at - start).total_seconds())


def http_date(text: str | None) -> datetime | None:
    """Read an HTTP date as aware UTC; None if absent or unreadable."""
    if not text:
        return None
    try:
        value = parsedate_to_datetime(text)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def _api_error(
    command: str, reply: RawReply, error: dict[str, Any], secrets: tuple[str, ...]
) -> APIError:
    code = error["code"]
    text = error.get("msg")
    details = error.get("details")
    cls = _class_of(code, reply.status)
    return cls(
        redact_start(text, secrets, LONGEST_TEXT) if isinstance(text, str) else "",
        code=code,
        command=command,
        http_status=reply.status,
        details=redact_details(details, secrets) if isinstance(details, dict) else None,
        retry_after=_named_delay(reply, text, details)
        if cls is RateLimitError
        else retry_after(reply.headers),
    )


def _class_of(code: int, status: int) -> type[APIError]:
    """Return the class for an error number and an HTTP status.

    HTTP 429 overrides a number that means "refused", since a gateway may have set it. HTTP 5xx overrides every number,
    even one that means "not executed": the command may have been executed before.
    """
    cls = error_class(code)
    if cls.disposition is Disposition.REFUSED and status == TOO_MANY_REQUESTS:
        return RateLimitError
    if status >= SERVER_FAILURE:
        return ServerError
    return cls


def _named_delay(reply: RawReply, message: object, details: object) -> float | None:
    """Return the delay in seconds named by a reply's header, details or text.

    Error 416 names it in the text: "after N seconds".
    """
    named = retry_after(reply.headers)
    if named is None and isinstance(details, dict):
        value = details.get("retry_after")
        named = float(value) if isinstance(value, int | float) and value >= 0 else None
    if named is None and isinstance(message, str) and (found := _DELAY_IN_TEXT.search(message)):
        named = float(found[1])
    return named
