"""Connections that hold bytes nobody asked for are not used again.

A gateway that answers late, or twice, leaves a reply on an idle connection; aiohttp (issue 13656) gives it to the request
that is sent next over that connection. Before a kept connection is handed out it is looked at: aiohttp's own flag tells of bytes that it
has read, the kernel of bytes that nobody has read yet. A reply that crosses the request on its way cannot be seen by any
client: what must not be told wrongly goes over a connection of its own.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from voxsip._transport.write_guard import WRITE_GUARD, WriteRefusedError

_connect = aiohttp.TCPConnector.connect

if (
    _connect.__code__.co_varnames[:4] != ("self", "req", "traces", "timeout")
    or not isinstance(getattr(ResponseHandler, "should_close", None), property)
    or not ResponseHandler.__dictoffset__  # it takes an attribute of ours
):
    raise ImportError(
        f"aiohttp {aiohttp.__version__} hands out connections in a way that voxsip does not know: "
        "replies could be mixed up; install another version of aiohttp or of voxsip"
    )


LAST_SECONDS = 1.0
"""How long a pool that closes waits for aborted connections to end."""


class NotConnectedError(Exception):
    """No connection came about, so that nothing was sent, whatever the error below says.

    A proxy may close the connection, or answer anything, before it leads anywhere.
    """

    def __init__(self, error: aiohttp.ClientError | OSError) -> None:
        super().__init__()
        self.error = error


class SingleUseConnector(aiohttp.TCPConnector):
    """Hands out new connections."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open: dict[asyncio.Future[None], asyncio.Transport] = {}

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:  # noqa: ASYNC109 - aiohttp's
        """Return a connection.

        Raises:
            NotConnectedError: There is none.
        """
        try:
            connection = await super().connect(req, traces, timeout)
        except (aiohttp.ClientError, OSError) as error:
            raise NotConnectedError(error) from None
        protocol = connection.protocol
        if protocol is not None and (transport := protocol.transport) and (end := protocol.closed):
            self._open[end] = transport
            end.add_done_callback(self._forget)
        return connection

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close; end also what has begun its goodbye: aiohttp forgets such a connection, and a peer may never answer."""
        for transport in self._open.values():
            transport.abort()  # before anything is awaited: this may be cancelled
        await super().close(abort_ssl=abort_ssl)
        if self._open:
            await asyncio.wait(list(self._open), timeout=LAST_SECONDS)

    def _forget(self, end: asyncio.Future[None]) -> None:
        del self._open[end]
        end.exception()  # seen: the call has told of it


class CheckedConnector(aiohttp.TCPConnector):
    """Hands out kept connections only if nothing waits on them."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:  # noqa: ASYNC109 - aiohttp's
        """Return a connection that is new, or kept and silent; close the others.

        Raises:
            NotConnectedError: There is none.
            WriteRefusedError: Another process has taken the job over. A request without a body is written at once
                after this; one with a body looks again (`GuardedPayload`).
        """
        while True:
            try:
                connection = await _connect(self, req, traces, timeout)
            except (aiohttp.ClientError, OSError) as error:
                raise NotConnectedError(error) from None
            protocol: Any = connection.protocol
            if protocol is None:
                break
            # a new connection is not asked for: TLS session tickets may wait there
            poll: Any = getattr(protocol, "voxsip_poll", _NEW)
            if poll is _NEW:
                protocol.voxsip_poll = None
                break
            if poll is None:
                poll = protocol.voxsip_poll = _poll_of(connection)
            if not (protocol.should_close or poll(0)):  # aiohttp has just seen that it is connected
                break
            connection.close()
        guard = WRITE_GUARD.get()
        if guard is not None and not guard():
            connection.close()
            raise WriteRefusedError
        return connection

    def is_silent(self, protocol: Any) -> bool:
        """Returns whether nothing waits on a connection; a new one counts as silent.

        Args:
            protocol: The connection's.
        """
        poll = getattr(protocol, "voxsip_poll", None)
        if poll is None:
            return True
        # one that is being closed may have given its descriptor to another
        return protocol.is_connected() and not protocol.should_close and not poll(0)


_NEW = object()


def _poll_of(connection: Connection) -> Callable[[int], object]:
    """Return what asks the kernel whether it has bytes for a connection, or its end; made once, it costs little."""
    transport = connection.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or (descriptor := sock.fileno()) < 0:
        return lambda _: True  # it is being closed
    if not hasattr(select, "poll"):  # Windows
        return lambda _: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll.poll
