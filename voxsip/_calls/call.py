"""Makes one call, from arguments to model: encodes, waits for the rate limit, sends, decodes.

This module has the path without failures; `recovery` has what follows a failed attempt.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl

import attrs
from yarl import URL

from voxsip._auth.tokens import Tokens
from voxsip._calls.creates import Creates
from voxsip._calls.halt import HaltedError, check_halted, wait_to_send
from voxsip._calls.limiter import RateLimiter
from voxsip._calls.pages import check_count, page_fetcher, start_offset
from voxsip._calls.recovery import Recovery, explain_deadline, report_cancelled
from voxsip._calls.request import Request
from voxsip._calls.retry import Retrier
from voxsip._calls.trace import note_wait
from voxsip._clock import SYSTEM, Clock
from voxsip._config import RequestEncoding, is_number
from voxsip._errors import (
    CLOCK_CODES,
    APIError,
    AuthorizationError,
    InvalidArgumentError,
    UnexpectedReplyError,
    VoxsipError,
    is_too_fast,
)
from voxsip._lazy import IMPORTS
from voxsip._printable import brief
from voxsip._protocol.command import Command
from voxsip._protocol.paging import AsyncPager
from voxsip._protocol.reply import (
    LONGEST_REPLY,
    RawReply,
    failure_of,
    http_date,
    result_of,
    unexpected,
)
from voxsip._protocol.structuring import list_structurer, structurer
from voxsip._redaction.frames import clear_values, place_of
from voxsip._redaction.values import SecretText, reveal
from voxsip._transport.attempt_timeout import AttemptTimeout
from voxsip._transport.session_pool import LoopState, SessionPool
from voxsip._transport.write_guard import WRITE_GUARD

if TYPE_CHECKING:
    from voxsip._calls.observer import CallWatch, Observer  # noqa: TC004 - only for clients with hooks
    from voxsip._protocol.downloads import AsyncDownload

T = TypeVar("T")
Decoder = Callable[[dict[str, Any]], T]
log = logging.getLogger("voxsip")
LONGEST_QUERY = 2000
"""The longest query in bytes; "auto" sends a longer one as a form: servers and proxies refuse or cut long URLs."""
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@attrs.define(eq=False, kw_only=True, repr=False)
class CallExecutor:
    """Executes the calls of one client; the `Caller` of generated groups.

    Args:
        base_url: The base URL without a slash at its end.
        pool: The sessions that send requests.
        tokens: The source of the `Authorization` header.
        retrier: The policy for attempts after the first.
        creates: The record of which create an object belongs to.
        timeout: The time limits of one attempt.
        encoding: The place of the arguments, query or form; "auto" decides for each call.
        limiter: The limiter of the request rate, or None.
        deadline: The seconds for a whole call without a deadline of its own, or None.
        observer: The observer that calls the hooks; None if there are none.
        clock: The clock that tells the time and waits.
    """

    base_url: str
    pool: SessionPool
    tokens: Tokens
    retrier: Retrier
    creates: Creates
    timeout: AttemptTimeout
    encoding: RequestEncoding = "auto"
    limiter: RateLimiter | None = None
    deadline: float | None = None
    observer: Observer | None = None
    clock: Clock = SYSTEM

    _scheme: str = attrs.field(init=False)
    _authority: str = attrs.field(init=False)
    _path: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Parse the base URL once: building a URL from parts costs half of parsing it."""
        base = URL(self.base_url, encoded=True)
        self._scheme = base.scheme
        self._authority = base.raw_authority
        self._path = base.raw_path.rstrip("/")

    def invoke(
        self, command: Command, values: dict[str, Any], reply: type[T], deadline: float | None
    ) -> Coroutine[Any, Any, T]:
        """Send a command and decode its reply into a model."""
        return self.execute(command, values, structurer(reply), deadline)

    def paginate(
        self, command: Command, values: dict[str, Any], item: type[T], deadline: float | None
    ) -> AsyncPager[T]:
        """List over pages; `deadline` applies to each page."""
        command.encode(values)  # a wrong argument raises here, not at the first page
        check_deadline(deadline)
        check_count(command, values)
        return AsyncPager(
            page_fetcher(self, command, values, list_structurer(item), deadline),
            start_offset(values),
        )

    def download(
        self, command: Command, values: dict[str, Any], deadline: float | None
    ) -> AsyncDownload:
        """Prepare a command whose reply is a file."""
        from voxsip._calls.download import open_download  # noqa: PLC0415 - few calls
        from voxsip._protocol import downloads  # noqa: PLC0415 - few calls

        command.encode(values)  # a wrong argument raises here, not when the file is read
        check_deadline(deadline)
        return downloads.AsyncDownload(partial(open_download, self, command, values, deadline))

    async def execute(
        self,
        command: Command,
        values: dict[str, Any],
        decode: Decoder[T],
        deadline: float | None,
        *,
        streamed: bool = False,
    ) -> T:
        """Send a command and return its reply, decoded by a function.

        With `streamed`, the function gets a reply that is a file as {"chunks": its content}, which may be read later.
        """
        request = Request(command, values, command.encode(values), streamed=streamed)
        if command.files:
            request.files = command.contents(values)
        seconds = self.deadline if deadline is None else deadline
        watch = self._watch(request)
        try:
            if seconds is None:
                result = await self._send_with_retries(request, decode)
            else:
                result = await self._run_until(request, decode, seconds)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                report_cancelled(request, error)
            if watch is not None:
                watch.end(error)
            raise
        finally:
            request.last = None  # the error's frames hold the request: avoid a reference cycle
        if watch is not None:
            watch.end(None)
        return result

    def _watch(self, request: Request) -> CallWatch | None:
        """Return the watch that reports a call to hooks and the log; None without them."""
        observer = self.observer
        if log.isEnabledFor(logging.DEBUG):
            with IMPORTS:
                from voxsip._calls.observer import LOG_ONLY  # noqa: PLC0415 - seldom needed

            observer = LOG_ONLY if observer is None else observer.with_log()
        if observer is not None:
            request.watch = observer.watch(request, self.clock)
        return request.watch

    async def send_once(self, request: Request, decode: Decoder[T]) -> T:
        """Make one attempt.

        Raises:
            VoxsipError: The attempt failed; the class says whether the command may have been executed.
        """
        watch = request.watch
        if self.limiter is None and watch is None:
            loop_state = self.pool.loop_state() or await self.pool.open_loop_state()
            await loop_state.slots.acquire()  # `async with` costs three times as much
        else:
            entered = self.clock.monotonic()
            if self.limiter is not None:
                await wait_to_send(self.limiter.acquire())
            loop_state = self.pool.loop_state() or await self.pool.open_loop_state()
            await loop_state.slots.acquire()
            left = self.clock.monotonic()
            if self.limiter is not None:
                note_wait(left - entered)
            if watch is not None:
                watch.left, watch.queued = left, left - entered
        handled = sys.exception()
        try:
            try:
                check_halted(request.command.name)
                bearer = self.tokens.bearer()
                request.attempts += 1
                request.in_flight = True
                if request.exclusive:
                    self.creates.leaves(request)
                request.reply = await self._post(loop_state, request, bearer)
                request.in_flight = False
            finally:
                loop_state.slots.release()
            result = self._read(request, request.reply, decode, bearer)
        except BaseException as error:
            request.reply = None
            clear_values(error, handled)  # frames of the transport hold the plain request and reply
            if watch is not None and not isinstance(error, HaltedError):
                watch.failed(error)
            raise
        if watch is not None:
            watch.succeeded()
        return result

    def _post(
        self, loop_state: LoopState, request: Request, bearer: str
    ) -> Coroutine[Any, Any, RawReply]:
        """Build the plain HTTP request and return the coroutine that sends it."""
        command = request.command
        headers = {"Authorization": reveal(bearer)}
        query = reveal(request.encoded)
        body = None
        # Its connection is not used again: a create must never get another call's reply, and aiohttp may still write
        # a body after the reply was read (Python 3.11).
        single_use = command.retry == "create"
        if command.files:
            from voxsip._protocol.multipart import encode_multipart  # noqa: PLC0415 - few calls

            fields = parse_qsl(query, keep_blank_values=True)
            query = ""
            body, headers["Content-Type"] = encode_multipart(fields, request.files)
        elif self._as_form(request, len(query)):
            single_use = single_use or self.encoding == "auto"
            query, body = "", query.encode()
            headers |= FORM_HEADERS
        url = URL.build(
            scheme=self._scheme,
            authority=self._authority,
            path=f"{self._path}/{command.name}",
            query_string=query,
            encoded=True,
        )
        if request.streamed:
            return self.pool.open(loop_state, command.name, url, headers, body, self.timeout)
        limit = LONGEST_REPLY[command.result]
        return self.pool.post(
            loop_state, command.name, url, headers, body, self.timeout, limit, single_use
        )

    def _read(self, request: Request, reply: RawReply, decode: Decoder[T], bearer: str) -> T:
        """Decode a reply; raise the error for one that is no result."""
        if reply.chunks is not None:
            return decode({"chunks": reply.chunks})
        command = request.command
        data = result_of(
            reply,
            command.result,
            with_result=command.with_result,
            unique=command.retry == "create",
        )
        if data is None:
            raise self._failure(request, reply, bearer)
        try:
            return decode(data)
        except (
            ValueError,
            TypeError,
            LookupError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            what = f"a reply of an unexpected shape ({type(error).__name__})"
            place = place_of(error)
        failure = unexpected(request.command.name, reply, what, self._secrets(request, bearer))
        failure.add_note(place)  # not the error itself: its text may quote the reply
        raise failure

    async def send_with_retries(self, request: Request, decode: Decoder[T]) -> T:
        """Make a call within another, such as a lookup, with retries by the policy."""
        watch = self._watch(request)
        try:
            result = await self._send_with_retries(request, decode)
        except BaseException as error:
            if watch is not None:
                watch.end(error)
            raise
        if watch is not None:
            watch.end(None)
        return result

    async def _send_with_retries(self, request: Request, decode: Decoder[T]) -> T:
        if not request.exclusive and request.command.looked_up(request.values):
            async with self.creates.exclusive(request):
                claiming = self.creates.claiming(request, decode)
                return await self._send_with_retries(request, claiming)
        self.retrier.budget.earn()
        try:
            return await self.send_once(request, decode)
        except VoxsipError as error:
            first = error
            request.in_flight = False
        return await Recovery(self, request, decode).after(first)

    async def _run_until(self, request: Request, decode: Decoder[T], seconds: float) -> T:
        check_deadline(seconds)
        if seconds <= 0:  # such as the difference to a moment that has passed: nothing is sent
            raise explain_deadline(request, seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._send_with_retries(request, decode)
        except TimeoutError:
            failure = explain_deadline(request, seconds)
        raise failure

    def _as_form(self, request: Request, length: int) -> bool:
        """Returns whether the arguments go in the body, as secret and long ones do."""
        if length and self.pool.given is not None and WRITE_GUARD.get() is not None:
            return True  # over a session of the user's, only a body can be held back while it is written
        if self.encoding == "auto":
            return (
                (
                    request.command.form and not request.command.secret
                )  # a command of long texts; other commands are judged by their arguments
                or length > LONGEST_QUERY
                or type(request.encoded) is SecretText
            )
        return self.encoding == "form"

    def _failure(
        self, request: Request, reply: RawReply, bearer: str
    ) -> APIError | UnexpectedReplyError:
        command = request.command
        secrets = self._secrets(request, bearer)
        error = failure_of(command.name, reply, secrets, unique=command.retry == "create")
        if isinstance(error, AuthorizationError):
            server_time = (
                http_date(reply.headers.get("Date")) if error.code in CLOCK_CODES else None
            )
            error.renewable = self.tokens.renew(bearer, server_time)
        elif self.limiter is not None and is_too_fast(error):
            self.limiter.note_throttled(error.retry_after)
        return error

    def _secrets(self, request: Request, bearer: str) -> tuple[str, ...]:
        """Return the texts to redact if the server or a proxy echoes them."""
        proxy = self.pool.proxy
        told = "" if proxy is None else reveal(proxy.authorization or "").removeprefix("Basic ")
        token = SecretText(bearer.removeprefix("Bearer "))
        return (*request.secrets(), token, *((SecretText(told),) if told else ()))


def check_deadline(value: Any) -> None:
    """Check a deadline: a number of seconds, infinity included, or None.

    Raises:
        InvalidArgumentError: It is something else.
    """
    if value is None or is_number(value) or (isinstance(value, float) and math.isinf(value)):
        return
    raise InvalidArgumentError(f"deadline: expected seconds, got {brief(value)}", field="deadline")
