"""Connectors that do not reuse a connection on which an unexpected reply waits.

A gateway that answers late, or twice, leaves a reply on an idle connection; aiohttp (issue 13656) gives it to the next
request over that connection. So a kept connection is checked before it is used: a flag of aiohttp shows bytes that it
has read, the kernel shows bytes that it has not. No client can detect a reply that arrives while the request is being
sent, so a request that must not get a wrong reply, such as a create, uses a connection of its own.
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
"""Seconds that a closing pool waits for aborted connections to end."""


class NotConnectedError(Exception):
    """There is no connection, so nothing was sent, whatever the wrapped error says.

    A proxy may close the connection, or answer anything, before it connects to the server.
    """

    def __init__(self, error: aiohttp.ClientError | OSError) -> None:
        super().__init__()
        self.error = error


class SingleUseConnector(aiohttp.TCPConnector):
    """A connector that makes a new connection for each request."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._open: dict[asyncio.Future[None], asyncio.Transport] = {}

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:  # noqa: ASYNC109 - aiohttp's
        """Return a new connection.

        Raises:
            NotConnectedError: No connection could be made.
            WriteRefusedError: Another process has taken the job over. This is the last check of a request without a
                body, such as a purchase without a password.
        """
        try:
            connection = await super().connect(req, traces, timeout)
        except (aiohttp.ClientError, OSError) as error:
            raise NotConnectedError(error) from None
        protocol = connection.protocol
        if protocol is not None and (transport := protocol.transport) and (end := protocol.closed):
            self._open[end] = transport
            end.add_done_callback(self._forget)
        return _if_held(connection)

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close all connections, including those in TLS shutdown.

        aiohttp does not wait for those, and a peer may never answer.
        """
        for transport in self._open.values():
            transport.abort()  # before the first await, which may be cancelled
        await super().close(abort_ssl=abort_ssl)
        if self._open:
            await asyncio.wait(list(self._open), timeout=LAST_SECONDS)

    def _forget(self, end: asyncio.Future[None]) -> None:
        del self._open[end]
        end.exception()  # mark as retrieved: the call has reported it


class CheckedConnector(aiohttp.TCPConnector):
    """A connector that reuses a connection only if no bytes wait on it."""

    async def connect(self, req: Any, traces: Any, timeout: Any) -> Connection:  # noqa: ASYNC109 - aiohttp's
        """Return a connection that is new, or kept and silent; close the others.

        Raises:
            NotConnectedError: No connection could be made.
            WriteRefusedError: Another process has taken the job over. This is the last check of a request without a
                body; one with a body is checked again when it is written (`GuardedPayload`).
        """
        while True:
            try:
                connection = await _connect(self, req, traces, timeout)
            except (aiohttp.ClientError, OSError) as error:
                raise NotConnectedError(error) from None
            protocol: Any = connection.protocol
            if protocol is None:
                break
            # a new connection is not checked: TLS session tickets may wait on it
            poll: Any = getattr(protocol, "voxsip_poll", _NEW)
            if poll is _NEW:
                protocol.voxsip_poll = None
                break
            if poll is None:
                poll = protocol.voxsip_poll = _poll_of(connection)
            if not (protocol.should_close or poll(0)):  # aiohttp has just seen that it is connected
                break
            connection.close()
        return _if_held(connection)

    def is_silent(self, protocol: Any) -> bool:
        """Returns whether no bytes wait on a connection; a new one counts as silent.

        Args:
            protocol: The protocol of the connection.
        """
        poll = getattr(protocol, "voxsip_poll", None)
        if poll is None:
            return True
        # the descriptor of a connection that is being closed may belong to another by now
        return protocol.is_connected() and not protocol.should_close and not poll(0)


_NEW = object()


def _if_held(connection: Connection) -> Connection:
    """Return a connection if this process may still send over it.

    Raises:
        WriteRefusedError: Another process has taken the job over; the connection is closed.
    """
    guard = WRITE_GUARD.get()
    if guard is not None and not guard():
        connection.close()
        raise WriteRefusedError
    return connection


def _poll_of(connection: Connection) -> Callable[[int], object]:
    """Return a function that asks the kernel whether a connection has bytes or ended.

    It is made once for each connection, since a call of it is cheap.
    """
    transport = connection.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is None or (descriptor := sock.fileno()) < 0:
        return lambda _: True  # it is being closed
    if not hasattr(select, "poll"):  # Windows
        return lambda _: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return poll.poll
