"""The listening socket, which can reset a connection before anyone says a word on it."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Listener", "listen"]

_BACKLOG = 1024
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # linger for no time at all: close sends a reset


class Listener(socket.socket):
    """A socket that asks, for every connection it accepts, whether to reset it."""

    resets: Callable[[], bool] | None = None

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept the next connection that is not reset."""
        while True:
            connection, address = super().accept()
            if self.resets is None or not self.resets():
                return connection, address
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            connection.close()


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
