"""Sends requests over aiohttp sessions, one pair for each event loop.

A client may be used in several runs of `asyncio.run`: the sessions of a loop are closed when the loop ends. It may also
be used after a fork: the child drops the parent's sessions without touching their sockets.
"""

from __future__ import annotations

import asyncio
import os
import ssl as ssl_module
import weakref
from collections.abc import AsyncGenerator, Awaitable
from contextlib import suppress
from io import BytesIO
from typing import Any

import aiohttp
from aiohttp import hdrs
from yarl import URL

from voxsip._errors import NotSentError, TransportError
from voxsip._protocol.reply import LONGEST_TEXT, RawReply
from voxsip._transport.attempt_timeout import AttemptTimeout, AttemptTimers
from voxsip._transport.connector import (
    CheckedConnector,
    NotConnectedError,
    SingleUseConnector,
)
from voxsip._transport.failures import (
    PROXY_AUTHENTICATION_REQUIRED,
    explain_failure,
    refused_by_proxy,
)
from voxsip._transport.proxy import Proxy
from voxsip._transport.write_guard import WRITE_GUARD, GuardedPayload, WriteRefusedError
from voxsip._version import __version__

USER_AGENT = f"voxsip/{__version__}"
LARGE_BODY = 1 << 20
"""The largest body in bytes that is written at once; a larger one is written in pieces, so as not to block the loop."""


class LoopState:
    """The sessions of one event loop, their slots, and the timers of attempts."""

    __slots__ = ("__weakref__", "closer", "release", "session", "single_use", "slots", "timers")

    def __init__(
        self,
        session: aiohttp.ClientSession,
        slots: Slots,
        timers: AttemptTimers,
        closer: AsyncGenerator[None, None] | None,
        single_use: aiohttp.ClientSession | None = None,
    ) -> None:
        self.session = session
        self.single_use = single_use or session
        self.slots = slots
        self.timers = timers
        self.closer = closer
        self.release: weakref.finalize[..., LoopState] | None = None

    def detach(self) -> None:
        """Cancel the closing at garbage collection: the caller closes the sessions."""
        if self.release is not None:
            self.release.detach()


class Slots(asyncio.Semaphore):
    """A semaphore that is cheap to take while nobody waits."""

    def locked(self) -> bool:
        """Returns whether `acquire` would wait."""
        return not self._value or (bool(self._waiters) and super().locked())


class SessionPool:
    """A pool of sessions that sends requests over those of the running loop.

    Args:
        max_connections: The most requests in flight per loop; others wait, and their timeout starts later.
        ssl: The TLS context to use, or None for the system's trust.
        session: The user's session to use instead of own ones; it is never closed here. None for own ones.
        proxy: The proxy of requests, or None.
        app_info: The name and version of the program, for the `User-Agent`; or None.

    Attributes:
        given: The user's session, or None; its connections are not checked.
    """

    def __init__(
        self,
        *,
        max_connections: int,
        ssl: ssl_module.SSLContext | None,
        session: aiohttp.ClientSession | None = None,
        proxy: Proxy | None = None,
        app_info: str | None = None,
    ) -> None:
        self.proxy = proxy
        self.app_info = app_info
        self._user_agent = USER_AGENT if app_info is None else f"{USER_AGENT} {app_info}"
        self._max_connections = max_connections
        self._ssl: ssl_module.SSLContext | bool = True if ssl is None else ssl
        self.given = session
        self._loop_states: dict[asyncio.AbstractEventLoop, LoopState] = {}
        _pools.add(self)

    def loop_state(self) -> LoopState | None:
        """Return the running loop's state; None if the loop is new to this pool."""
        return self._loop_states.get(asyncio.get_running_loop())

    async def post(
        self,
        loop_state: LoopState,
        command: str,
        url: URL,
        headers: dict[str, str],
        body: bytes | None,
        timeout: AttemptTimeout,  # noqa: ASYNC109 - per attempt
        limit: int,
        single_use: bool,
    ) -> RawReply:
        """Send one POST and read its reply; the caller holds a slot.

        Args:
            loop_state: The state of the running loop.
            command: The command, for error messages.
            url: The encoded URL.
            headers: The headers to add to the session's own.
            body: The encoded form, or None for an empty body.
            timeout: The timeout of this attempt.
            limit: The largest reply in bytes, decompressed.
            single_use: Whether to use a new connection, on which no other reply can wait.

        Raises:
            NotSentError: The server never received the request.
            OutcomeUnknownError: The reply was lost.
        """
        session = loop_state.single_use if single_use else loop_state.session
        data: bytes | BytesIO | GuardedPayload | None = body
        guarded = None
        if body:
            guard = WRITE_GUARD.get()
            is_silent = getattr(session.connector, "is_silent", None)
            if guard or (is_silent and len(body) <= LARGE_BODY):
                kind = headers.get("Content-Type", "text/plain")
                data = guarded = GuardedPayload(body, kind, guard=guard, is_silent=is_silent)
            elif len(body) > LARGE_BODY:
                data = BytesIO(body)
        try:
            with loop_state.timers.attempt(timeout.total):
                response = await self._start(session, url, headers, data, timeout)
                try:
                    if guarded is not None:
                        guarded.check()
                    stream = response.content
                    content: bytes | bytearray = (
                        stream.read_nowait()  # as nearly all: all of it came with the headers
                        if stream.is_eof()
                        else await self._read(response, limit)
                    )
                except BaseException:
                    response.close()
                    raise
        except WriteRefusedError:
            failure: TransportError = _refused(command, guarded)
        except NotConnectedError as refusal:
            failure = explain_failure(command, refusal.error, self.proxy, connecting=True)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            refused = guarded is not None and (guarded.refused or guarded.has_refused(error))
            failure = (
                _refused(command, guarded)
                if refused
                else explain_failure(command, error, self.proxy)
            )
        except RuntimeError:
            if not loop_state.session.closed:
                raise
            failure = self._closed(command)
        else:
            if self.proxy is None or not self._is_proxys(url, response):
                if len(content) > limit:
                    return RawReply(
                        response.status, content[:LONGEST_TEXT], response.headers, limit
                    )
                return RawReply(response.status, content, response.headers)
            failure = refused_by_proxy(command, self.proxy, response.status)
        raise failure

    async def open(
        self,
        loop_state: LoopState,
        command: str,
        url: URL,
        headers: dict[str, str],
        body: bytes | None,
        timeout: AttemptTimeout,  # noqa: ASYNC109 - per attempt
    ) -> RawReply:
        """Send one POST whose reply may be a file, and read the start of the reply.

        The start shows whether the reply is an error. The request uses a connection of its own. The arguments and
        errors are those of `post`. The reply's `chunks` must be read to their end, or closed.
        """
        from voxsip._transport.streaming import (  # noqa: PLC0415 - few calls
            ENCODINGS,
            Body,
            is_error,
            iterate,
            read_ahead,
        )

        headers["Accept-Encoding"] = ENCODINGS

        try:
            with loop_state.timers.attempt(timeout.total):
                response = await self._start(
                    loop_state.single_use, url, headers, body, timeout, auto_decompress=False
                )
                try:
                    content = Body(response)
                    start = await read_ahead(content)
                except BaseException:
                    response.close()
                    raise
        except NotConnectedError as refusal:
            failure = explain_failure(command, refusal.error, self.proxy, connecting=True)
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            failure = explain_failure(command, error, self.proxy)
        except RuntimeError:
            if not loop_state.session.closed:
                raise
            failure = self._closed(command)
        else:
            if self.proxy is not None and self._is_proxys(url, response):
                response.close()
                raise refused_by_proxy(command, self.proxy, response.status)
            if is_error(response.status, start):
                response.close()
                return RawReply(response.status, memoryview(start), response.headers)
            chunks = iterate(command, response, start, content, timeout.total)
            return RawReply(response.status, memoryview(b""), response.headers, chunks=chunks)
        raise failure

    async def aclose(self) -> None:
        """Close this pool's own sessions, each in its loop; loops that ended did so."""
        here = asyncio.get_running_loop()
        for loop, loop_state in list(self._loop_states.items()):
            del self._loop_states[loop]
            loop_state.detach()
            if loop_state.closer is None or loop.is_closed():
                continue
            if loop is here:
                await loop_state.closer.aclose()
            elif loop.is_running():
                await asyncio.wrap_future(
                    asyncio.run_coroutine_threadsafe(_close(loop_state.closer), loop)
                )

    async def open_loop_state(self) -> LoopState:
        """Open the running loop's sessions and return its state."""
        loop = asyncio.get_running_loop()
        if self.given is not None:
            slots = Slots(self._slots_of(self.given))
            loop_state = LoopState(self.given, slots, AttemptTimers(loop), None)
        else:
            slots = Slots(self._max_connections)
            session = self._new_session(
                CheckedConnector(limit=self._max_connections, ssl=self._ssl)
            )
            single_use = self._new_session(
                SingleUseConnector(limit=self._max_connections, ssl=self._ssl, force_close=True)
            )
            closer = _closing(session, single_use, weakref.ref(self), loop)
            await anext(closer)  # from now on the loop closes this generator when it ends
            loop_state = LoopState(session, slots, AttemptTimers(loop), closer, single_use)
            loop_state.release = weakref.finalize(loop_state, _release, os.getpid(), loop, closer)
            loop_state.release.atexit = False
        return self._loop_states.setdefault(loop, loop_state)

    def _new_session(self, connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={hdrs.ACCEPT: "application/json", hdrs.USER_AGENT: self._user_agent},
        )

    def _start(
        self,
        session: aiohttp.ClientSession,
        url: URL,
        headers: dict[str, str],
        data: bytes | BytesIO | GuardedPayload | None,
        timeout: AttemptTimeout,
        **options: Any,
    ) -> Awaitable[aiohttp.ClientResponse]:
        """Begin a POST; add missing headers to `headers`.

        aiohttp is told only what it does not assume: each option costs a thousand instructions.
        """
        if data is not None:
            options["data"] = data
        if self.given is not None:
            options |= {"raise_for_status": False, "ssl": self._ssl}
            if self.app_info is not None:
                headers["User-Agent"] = self._user_agent
        if self.proxy is not None:
            options |= self.proxy.options(url, headers, self._user_agent)
        return session.request(
            hdrs.METH_POST,
            url,
            headers=headers,
            allow_redirects=False,
            timeout=timeout.connecting,
            **options,
        )

    @staticmethod
    def _is_proxys(url: URL, response: aiohttp.ClientResponse) -> bool:
        """Returns whether a reply comes from the proxy, not from the server.

        With a tunnel, aiohttp raises for the proxy's replies itself.
        """
        return response.status == PROXY_AUTHENTICATION_REQUIRED and url.scheme == "http"

    def _slots_of(self, session: aiohttp.ClientSession) -> int:
        """Return the number of slots for a session that the user gave.

        It is at most the connector's limit: waiting in the connector would use up the time of the attempt.
        """
        connector = session.connector
        limits = () if connector is None else (connector.limit, connector.limit_per_host)
        return min((self._max_connections, *filter(None, limits)))

    async def _read(self, response: aiohttp.ClientResponse, limit: int) -> bytearray:
        """Read a body; stop when it is longer than the limit."""
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > limit:
                response.close()
                break
        return content

    def _closed(self, command: str) -> NotSentError:
        """Return the error for a closed session; the next attempt opens an own one again."""
        if self.given is not None:
            return NotSentError(
                f"{command}: not sent: the session given to the client is closed", permanent=True
            )
        return NotSentError(f"{command}: not sent: the client was closed meanwhile")

    def _drop(self, loop: asyncio.AbstractEventLoop, session: aiohttp.ClientSession) -> None:
        """Remove the state of a loop that ends, which would keep the loop alive."""
        loop_state = self._loop_states.get(loop)
        if loop_state is not None and loop_state.session is session:
            loop_state.detach()
            del self._loop_states[loop]

    def _forget(self) -> None:
        """Drop the parent's sessions in a forked child, without closing them."""
        _abandoned.extend(self._loop_states.values())
        self._loop_states = {}


def _refused(command: str, body: GuardedPayload | None) -> NotSentError:
    """Return the error for a request that the guard or the connection's check stopped."""
    guard = WRITE_GUARD.get()
    if body is None or body.refused or (guard is not None and not guard()):
        text = f"{command}: not sent: another process has taken the job over"
        return NotSentError(text, permanent=True)
    return NotSentError(f"{command}: not sent: its connection held a reply to another request")


async def _closing(
    session: aiohttp.ClientSession,
    single_use: aiohttp.ClientSession,
    pool: weakref.ref[SessionPool],
    loop: asyncio.AbstractEventLoop,
) -> AsyncGenerator[None, None]:
    """Close sessions when the loop ends: asyncio closes async generators before that."""
    try:
        yield
    finally:
        if (owner := pool()) is not None:
            owner._drop(loop, session)  # noqa: SLF001 - the closer belongs to the pool
        del owner
        try:
            await single_use.close()
        finally:
            await session.close()


async def _close(closer: AsyncGenerator[None, None]) -> None:
    await closer.aclose()


def _release(
    process: int, loop: asyncio.AbstractEventLoop, closer: AsyncGenerator[None, None]
) -> None:
    """Schedule, in its loop, the closing of a session whose pool was not closed.

    The finalizer holds the closer until then: without that, garbage collection would end the session with a warning
    that it is open.
    """
    if process == os.getpid():
        with suppress(RuntimeError):  # the loop is closed, and the session with it
            loop.call_soon_threadsafe(lambda: loop.create_task(_close(closer)))


_pools: weakref.WeakSet[SessionPool] = weakref.WeakSet()
_abandoned: list[LoopState] = []


def _after_fork_in_child() -> None:
    for pool in list(_pools):
        pool._forget()  # noqa: SLF001 - the hook belongs to the pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
