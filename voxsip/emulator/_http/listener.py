"""The listening socket: it can reset a connection before any data is sent, and knows which are still open."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_BACKLOG = 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for no time at all: close sends a reset


class Listener(socket.socket):
    """A socket that asks, for every connection it accepts, whether to reset it."""

    resets: Callable[[], bool] | None = None

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._connections: set[_Connection] = set()
        self._accepts = True
        self._all_closed = asyncio.Event()

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next connection that is not reset."""
        while self._accepts:
            accepted, address = super().accept()
            connection = _Connection(self, accepted)
            self._connections.add(connection)
            if self.resets is None or not self.resets():
                return connection, address
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            connection.close()
        raise BlockingIOError

    def stop_accepting(self) -> None:
        """Leave new connections in the queue: they end with the listener."""
        self._accepts = False

    async def end_connections(self, seconds: float) -> None:
        """End open connections; close them here if the loop does not in time."""
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._connections:
            self._all_closed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._all_closed.wait()
        for connection in list(self._connections):
            connection.close()

    def forget(self, connection: _Connection) -> None:
        """Note that a connection is closed."""
        self._connections.discard(connection)
        if not self._connections:
            self._all_closed.set()


class _Connection(socket.socket):
    def __init__(self, listener: Listener, accepted: socket.socket) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        self.setblocking(False)
        self._listener = listener

    def close(self) -> None:
        super().close()
        self._listener.forget(self)


def listen(host: str, port: int) -> Listener:
    """Return a socket that listens on a host and port; port 0 takes a free one.

    Raises:
        OSError: the address is not ours or is in use.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = Listener(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
