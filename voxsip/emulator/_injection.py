"""What a fault does to a request and to its reply."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from voxsip.emulator._refused import RefusedError

if TYPE_CHECKING:
    from voxsip.emulator._clock import Clock
    from voxsip.emulator._fault import Fault
    from voxsip.emulator._pauses import Pauses

__all__ = ["answer_after", "answer_before", "drop"]

_HTML = (
    b"<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
    b"<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"
)
_REASONS = {
    429: b"Too Many Requests",
    500: b"Internal Server Error",
    502: b"Bad Gateway",
    503: b"Service Temporarily Unavailable",
    504: b"Gateway Time-out",
}
_SHAPES: dict[str, Any] = {
    "list": [],
    "text": "OK",
    "null": None,
    "no_result": {"unexpected": True},
    "no_code": {"error": {"msg": "Something went wrong"}},
    "error_text": {"error": "Something went wrong"},
}
_PIECES = 4

Wait = Callable[[], Awaitable[None]]


def drop(request: web.BaseRequest) -> web.Response:
    """Close the connection without an answer; aiohttp takes note when it tries to write one."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def answer_before(
    fault: Fault, request: web.BaseRequest, clock: Clock, pauses: Pauses
) -> web.StreamResponse | None:
    """Let a fault strike before the work; None means that the work goes on."""
    match fault.kind:
        case "delay":
            await pauses.wait(fault.seconds or 0)
        case "refuse":
            return drop(request)
        case "http" if fault.when == "before":
            return _gateway(fault, clock)
        case "error" if fault.when == "before":
            return _api_error(fault, clock)
        case "token_error":
            return _api_error(fault, clock)
    return None


async def answer_after(
    fault: Fault, request: web.BaseRequest, clock: Clock, pauses: Pauses, body: bytes
) -> web.StreamResponse | None:
    """Let a fault strike after the work; None means that the reply is left as it is."""
    match fault.kind:
        case "lose_reply":
            return drop(request)
        case "http" if fault.when == "after":
            return _gateway(fault, clock)
        case "error" if fault.when == "after":
            return _api_error(fault, clock)
        case "truncated" if fault.how == "connection":
            half = [body[: len(body) // 2]]
            return await _stream(request, clock, half, len(body), lambda: pauses.wait(0))
        case "truncated":
            return _answer(clock, body[: len(body) // 2])
        case "not_json":
            return _answer(clock, (fault.body or "").encode())
        case "empty":
            return _answer(clock, b"")
        case "wrong_shape":
            return _answer(clock, orjson.dumps(_SHAPES[fault.shape or "list"]))
        case "wrong_content_type":
            return _answer(clock, body, content_type=fault.content_type or "text/html")
        case "slow_body":
            size = -(-len(body) // _PIECES)
            chunks = [body[start : start + size] for start in range(0, len(body), size)]
            pause = (fault.seconds or 0) / len(chunks)
            return await _stream(request, clock, chunks, len(body), lambda: pauses.wait(pause))
    return None


def _gateway(fault: Fault, clock: Clock) -> web.Response:
    status = fault.status or 503
    reason = _REASONS.get(status, b"Error")
    body, content_type = b"", "text/html"
    if fault.body == "html":
        body = _HTML % (status, reason, status, reason)
    elif fault.body == "json":
        body, content_type = orjson.dumps({"message": reason.decode()}), "application/json"
    response = _answer(clock, body, content_type=content_type, status=status)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = (
            formatdate(clock.now() + fault.retry_after, usegmt=True)
            if fault.retry_after_form == "date"
            else f"{fault.retry_after:g}"
        )
    return response


def _api_error(fault: Fault, clock: Clock) -> web.Response:
    details = dict(fault.details) if fault.details is not None else None
    refused = RefusedError(fault.code or 0, fault.msg, details)
    return _answer(clock, orjson.dumps(refused.body()))


def _answer(
    clock: Clock, body: bytes, *, content_type: str = "application/json", status: int = 200
) -> web.Response:
    return web.Response(
        body=body, status=status, headers={"Content-Type": content_type, "Date": clock.http_date()}
    )


async def _stream(
    request: web.BaseRequest, clock: Clock, chunks: list[bytes], length: int, wait: Wait
) -> web.StreamResponse:
    """Send a body in chunks; if they are fewer bytes than promised, close the connection."""
    response = web.StreamResponse(
        headers={"Content-Type": "application/json", "Date": clock.http_date()}
    )
    response.content_length = length
    try:
        await response.prepare(request)
        for chunk in chunks:
            await wait()
            await response.write(chunk)
    except ConnectionError:  # the client has gone
        return response
    if sum(map(len, chunks)) < length and request.transport is not None:
        request.transport.close()
    return response
