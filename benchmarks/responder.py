"""A server that answers with what it has ready, so that it is never what is measured.

It reads a request's command and offset, and nothing else: no token is verified, no state kept. Two ports, one of which
takes its time. A line on stdin asks for its counters, and may say how many registrations there are; it ends when stdin
does. `python -m benchmarks.responder`
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from benchmarks.cores import pin
from benchmarks.loops import new_uvloop
from voxsip.emulator._http.tls import server_context

LATENCY = 0.05
REGISTRATIONS = 10_000
PAGE = 1_000
_LENGTH = b"\r\ncontent-length:"
_OFFSET = re.compile(rb"offset=(\d+)")


def registration(number: int) -> dict[str, Any]:
    """Return one item of a list, with the fields the API documents."""
    return {
        "sip_registration_id": number,
        "sip_username": f"sip-{number}",
        "proxy": "sip.example.com",
        "auth_user": f"auth-{number}",
        "outbound_proxy": "edge.example.com",
        "purchase_date": "2026-01-15 08:30:00",
        "next_subscription_renewal": "2026-02-15",
        "deactivated": False,
        "successful": True,
        "status_code": 200,
        "error_message": "",
        "is_persistent": True,
        "subscription_price": 1.5,
        "application_id": 4567,
        "application_name": "support.example.voximplant.com",
        "rule_id": 89,
        "rule_name": "incoming",
        "user_id": 2_000_000 + number,
        "user_name": f"user-{number}",
    }


def page(offset: int, total: int = REGISTRATIONS) -> bytes:
    """Return the body of the page that starts at an offset."""
    items = [registration(n + 1) for n in range(offset, min(offset + PAGE, total))]
    reply = {"result": items, "count": len(items), "total_count": total}
    return json.dumps(reply, separators=(",", ":")).encode()


def http(body: bytes) -> bytes:
    head = (
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 15 Jan 2026 08:30:00 GMT\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\nAccess-Control-Allow-Origin: *\r\n\r\n"
    )
    return head.encode() + body


class Replies:
    """Everything the responder can say, and how often it has."""

    def __init__(self) -> None:
        self.bind = http(b'{"result":1}')
        self.list(REGISTRATIONS)
        self.served = 0
        self.connections = 0
        self.bought = 1_000_000

    def list(self, registrations: int) -> None:
        """Have so many registrations from now on."""
        self.page = cache(lambda offset: http(page(offset, registrations)))

    def to(self, request: bytes) -> bytes:
        self.served += 1
        if b"BindSipRegistration" in request:
            return self.bind
        if b"GetSipRegistrations" in request:
            return self.page(_offset(request))
        if b"CreateSipRegistration" in request:
            self.bought += 1
            return http(b'{"result":1,"sip_registration_id":%d}' % self.bought)
        if b"GetSubscriptionPrice" in request:
            return http(b'{"result":[{"price":1.5}]}' if not _offset(request) else b'{"result":[]}')
        if b"GetAccountInfo" in request:
            return http(b'{"result":{"account_id":4000001,"balance":1000000}}')
        return self.bind


def _offset(request: bytes) -> int:
    found = _OFFSET.search(request)
    return int(found[1]) if found else 0


class Connection(asyncio.Protocol):
    """Cuts the stream into requests."""

    def __init__(self, replies: Replies, latency: float) -> None:
        self._replies = replies
        self._latency = latency
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._replies.connections += 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n") + 4) > 3:
            head = self._buffer[:end].lower()
            if (at := head.find(_LENGTH)) > 0:
                end += int(head[at + len(_LENGTH) : head.index(b"\r", at + 2)])
                if len(self._buffer) < end:
                    return
            request, self._buffer = self._buffer[:end], self._buffer[end:]
            reply = self._replies.to(request)
            if self._latency:
                self._loop.call_later(self._latency, self._transport.write, reply)
            else:
                self._transport.write(reply)


async def serve(authority: Path) -> None:
    """Listen on two free ports, say which, and answer until stdin ends."""
    context = server_context(authority)
    replies = Replies()
    loop = asyncio.get_running_loop()
    ports = []
    for latency in (0.0, LATENCY):
        server = await loop.create_server(
            partial(Connection, replies, latency),
            "127.0.0.1",
            0,
            ssl=context,
            backlog=1024,
        )
        ports.append(server.sockets[0].getsockname()[1])
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps(ports), flush=True)
    while order := await reader.readline():
        if registrations := json.loads(order).get("registrations"):
            replies.list(registrations)
        counters = {
            "cpu": time.process_time(),
            "served": replies.served,
            "connections": replies.connections,
        }
        print(json.dumps(counters), flush=True)


def main() -> None:
    authority, *core = sys.argv[1:]
    pin(*core)
    factory = new_uvloop if find_spec("uvloop") else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve(Path(authority)))


if __name__ == "__main__":
    main()
