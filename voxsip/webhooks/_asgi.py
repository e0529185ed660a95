"""Makes a receiver an ASGI application, for FastAPI, Starlette, Django or a server alone; it imports none of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, final

from voxsip.webhooks._receiver import Answer, Receiver, check_receiver

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]


class _DisconnectedError(Exception):
    """The client disconnected before its request was complete."""


@final
class ASGIApp:
    """A receiver as an ASGI application; it answers on any path.

    Args:
        receiver: the receiver that answers the requests.

    Raises:
        InvalidArgumentError: It is no receiver.
    """

    def __init__(self, receiver: Receiver) -> None:
        check_receiver(receiver)
        self._receiver = receiver

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Serve one connection of the ASGI protocol."""
        kind = scope["type"]
        if kind == "lifespan":
            await _live(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
        elif kind == "http":
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1")
                for name, value in scope["headers"]
            }
            try:
                answer = await self._receiver.answer(scope["method"], headers, _reader(receive))
            except _DisconnectedError:
                return
            await _send(answer, send, closes=scope.get("http_version", "1.1").startswith("1"))


def _reader(receive: _Receive) -> Callable[[], Awaitable[bytes]]:
    more = True

    async def read() -> bytes:
        nonlocal more
        while more:
            message = await receive()
            if message["type"] != "http.request":
                raise _DisconnectedError
            more = message.get("more_body", False)
            part: bytes = message.get("body", b"")
            if part:
                return part
        return b""

    return read


async def _send(answer: Answer, send: _Send, *, closes: bool) -> None:
    headers = {"content-length": "0", **answer.headers}
    if answer.unread and closes:  # HTTP/2 has no such header
        headers["connection"] = "close"
    raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body"})


async def _live(receive: _Receive, send: _Send) -> None:
    """Answer the lifespan protocol, which servers use for an application of its own."""
    while True:
        step = (await receive())["type"]
        await send({"type": f"{step}.complete"})
        if step == "lifespan.shutdown":
            return
