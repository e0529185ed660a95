"""What a fault does to a request and to its reply."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from voxsip.emulator._service.errors import RefusedError

if TYPE_CHECKING:
    from voxsip.emulator._faults.delays import Pauses
    from voxsip.emulator._faults.fault import Fault

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
_FILE = "application/octet-stream"


def drop(request: web.BaseRequest) -> web.Response:
    """Close the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


class Injection:
    """Let faults strike one request.

    Args:
        request: the request.
        now: gives the server's time as this request sees it.
        pauses: the pauses to wait for.
    """

    def __init__(self, request: web.BaseRequest, now: Callable[[], float], pauses: Pauses) -> None:
        self._request = request
        self._now = now
        self._pauses = pauses

    async def before(self, fault: Fault) -> web.StreamResponse | None:
        """Let a fault strike before the work; None means that the work continues."""
        match fault.kind:
            case "delay":
                await self._pauses.wait(fault.seconds or 0)
            case "refuse":
                return drop(self._request)
            case "http" if fault.when == "before":
                return self._gateway(fault)
            case "error" | "token_error" if fault.when != "after":
                return self._api_error(fault)
        return None

    async def after(self, fault: Fault, body: bytes) -> web.StreamResponse | None:
        """Let a fault strike after the work; None means that the reply is left as it is."""
        match fault.kind:
            case "lose_reply":
                return drop(self._request)
            case "http" if fault.when == "after":
                return self._gateway(fault)
            case "error" if fault.when == "after":
                return self._api_error(fault)
            case "truncated" if fault.how == "connection":
                return await self._stream([body[: len(body) // 2]], len(body), 0)
            case "truncated":
                return self.answer(body[: len(body) // 2])
            case "not_json" | "empty":
                return self.answer((fault.body or "").encode())
            case "wrong_shape":
                return self.answer(orjson.dumps(_SHAPES[fault.shape or "list"]))
            case "wrong_content_type":
                return self.answer(body, content_type=fault.content_type or "text/html")
            case "slow_body":
                size = -(-len(body) // _PIECES)
                chunks = [body[start : start + size] for start in range(0, len(body), size)]
                return await self._stream(chunks, len(body), (fault.seconds or 0) / len(chunks))
        return None

    def answer(
        self, body: bytes, *, content_type: str = "application/json", status: int = 200
    ) -> web.Response:
        """Return a whole reply."""
        return web.Response(body=body, status=status, headers=self._headers(content_type))

    def _gateway(self, fault: Fault) -> web.Response:
        status = fault.status or 503
        reason = _REASONS.get(status, b"Error")
        body, content_type = b"", "text/html"
        if fault.body == "html":
            body = _HTML % (status, reason, status, reason)
        elif fault.body == "json":
            body, content_type = orjson.dumps({"message": reason.decode()}), "application/json"
        return self._named_delay(fault, self.answer(body, content_type=content_type, status=status))

    def _api_error(self, fault: Fault) -> web.Response:
        details = dict(fault.details) if fault.details is not None else None
        refused = RefusedError(fault.code or 0, fault.msg, details)
        return self._named_delay(fault, self.answer(orjson.dumps(refused.body())))

    def _named_delay(self, fault: Fault, response: web.Response) -> web.Response:
        if fault.retry_after is not None:
            response.headers["Retry-After"] = (
                formatdate(self._now() + fault.retry_after, usegmt=True)
                if fault.retry_after_form == "date"
                else f"{fault.retry_after:g}"
            )
        return response

    async def _stream(self, chunks: list[bytes], length: int, pause: float) -> web.StreamResponse:
        """Send a body in chunks; close the connection if it is cut."""
        kind = "application/json" if chunks[:1] and chunks[0][:1] == b"{" else _FILE
        response = web.StreamResponse(headers=self._headers(kind))
        response.content_length = length
        try:
            await response.prepare(self._request)
            for chunk in chunks:
                await self._pauses.wait(pause)
                await response.write(chunk)
        except ConnectionError:  # the client has gone
            return response
        if sum(map(len, chunks)) < length and self._request.transport is not None:
            self._request.transport.close()
        return response

    def _headers(self, content_type: str) -> dict[str, str]:
        return {"Content-Type": content_type, "Date": formatdate(int(self._now()), usegmt=True)}
