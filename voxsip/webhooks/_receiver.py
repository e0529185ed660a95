"""The receiver that every web framework uses: it takes the parts of a request and returns the status of the answer.

As far as is known, the service takes a 2xx status as delivered, and may deliver the callback again after any other. So
a callback is answered with 200 only after its handler has succeeded, and only then counts as seen.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, final
from uuid import uuid4

from attrs import field, frozen

from voxsip._errors import InvalidArgumentError
from voxsip._printable import printable
from voxsip._redaction.values import conceal
from voxsip.webhooks._callbacks import Callback, CallbackError, UnverifiedCallbackError
from voxsip.webhooks._parsing import MAX_BODY, Verifier, check_limit
from voxsip.webhooks._seen import MemorySeenStore, SeenStore

log = logging.getLogger("voxsip.webhooks")

_OK, _BAD_REQUEST, _FORBIDDEN, _NOT_ALLOWED, _TOO_LARGE, _MEDIA_TYPE = 200, 400, 403, 405, 413, 415
_FAILED, _BUSY = 500, 503
# The documents do not name the header; these may hold JSON, and the hash decides. A form or a page cannot.
_MAY_BE_JSON = frozenset(
    {"", "application/json", "text/json", "text/plain", "application/octet-stream"}
)


@frozen(kw_only=True)
class Answer:
    """The answer to a request; it has no body.

    Attributes:
        status: the HTTP status.
        headers: further headers, with names in lower case.
        unread: whether the request's body was not read to its end, so that the connection must be closed.
    """

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    unread: bool = False


@final
class Receiver:
    """A receiver of one account's callbacks: it verifies them and handles each once.

    ```python
    receiver = Receiver(handle, account_id=1, api_key=…, salt=…)
    app.mount("/webhooks", ASGIApp(receiver))                      # FastAPI, Starlette
    app.router.add_post("/webhooks", aiohttp_handler(receiver))    # aiohttp
    ```

    The handler is called with one callback after the other. If it raises, the other callbacks of the request are still
    handled, and the request is answered with HTTP 500; when the service delivers it again, only the callback that
    failed is handled. A callback that is being handled at the moment is answered with 503. Refusals and failures are
    written to the log `voxsip.webhooks`.

    Args:
        handle: the function that handles a callback; one that is not async is called in a thread.
        account_id: the account's id.
        api_key: the account's API key.
        salt: the account's callback salt; "" if it has none.
        seen: the record of callbacks that were handled; by default in the memory of this process.
        max_body: the largest body in bytes; a larger one is refused while it is read.

    Raises:
        InvalidArgumentError: An argument is of a wrong type or empty.
    """

    def __init__(
        self,
        handle: Callable[[Callback], Awaitable[None] | None],
        *,
        account_id: int,
        api_key: str,
        salt: str,
        seen: SeenStore | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        api_key, salt = conceal(api_key), conceal(salt)
        if not callable(handle):
            raise InvalidArgumentError("handle: expected a function", field="handle")
        check_limit(max_body)
        if seen is not None and not callable(getattr(seen, "claim", None)):
            raise InvalidArgumentError("seen: expected a SeenStore", field="seen")
        self._verifier = Verifier(account_id, api_key, salt)
        self._handle = handle
        self._is_async = inspect.iscoroutinefunction(handle) or inspect.iscoroutinefunction(
            getattr(handle, "__call__", None)  # noqa: B004 - the method, to see whether it is async
        )
        self._seen: SeenStore = MemorySeenStore() if seen is None else seen
        self._max_body = max_body

    def __repr__(self) -> str:
        verifier = getattr(self, "_verifier", None)  # a traceback may show one that is being made
        return "<Receiver>" if verifier is None else f"<Receiver of account {verifier.account_id}>"

    async def answer(
        self, method: str, headers: Mapping[str, str], read: Callable[[], Awaitable[bytes]]
    ) -> Answer:
        """Answer one request, for web frameworks that have no adapter here.

        Args:
            method: the HTTP method of the request, in upper case.
            headers: the headers of the request, with names in lower case, or in a mapping that ignores case.
            read: the function that returns the next part of the body; b"" at the end.
        """
        refusal = self._refuse_unread(method, headers)
        if refusal is not None:
            return refusal
        body = bytearray()
        while part := await read():
            body += part
            if len(body) > self._max_body:
                return self._refuse_length()
        try:
            callbacks = self._verifier.read(body, self._max_body)
        except CallbackError as error:
            log.warning("a request is refused: %s", error)
            unverified = isinstance(error, UnverifiedCallbackError)
            return Answer(status=_FORBIDDEN if unverified else _BAD_REQUEST)
        statuses = [await self._handle_once(callback) for callback in callbacks]
        if _FAILED in statuses:
            return Answer(status=_FAILED)
        if _BUSY in statuses:
            return Answer(status=_BUSY, headers={"retry-after": "1"})
        return Answer(status=_OK)

    def _refuse_unread(self, method: str, headers: Mapping[str, str]) -> Answer | None:
        """Return the answer if it does not depend on the body, else None."""
        if method != "POST":
            return Answer(status=_NOT_ALLOWED, headers={"allow": "POST"}, unread=True)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        coding = headers.get("content-encoding", "").strip().lower()
        if (kind not in _MAY_BE_JSON and not kind.endswith("+json")) or coding not in {
            "",
            "identity",
        }:
            log.warning("a request is refused: its content is not plain JSON")
            return Answer(status=_MEDIA_TYPE, unread=True)
        length = headers.get("content-length", "").strip()
        if length.isascii() and length.isdigit():
            digits = length.lstrip("0")
            most = str(self._max_body)
            if (len(digits), digits) > (len(most), most):
                return self._refuse_length()
        return None

    def _refuse_length(self) -> Answer:
        log.warning("a request is refused: its body has more than %d bytes", self._max_body)
        return Answer(status=_TOO_LARGE, unread=True)

    async def _handle_once(self, callback: Callback) -> int:
        """Handle a callback unless it was handled before; return its own HTTP status."""
        key = f"{callback.account_id}:{callback.callback_id}"
        owner = uuid4().hex
        try:
            claim = await self._seen.claim(key, owner)
            if claim == "done":
                return _OK
            if claim != "new":
                return _BUSY
            await self._call(callback)
        except BaseException as error:
            await self._release(key, owner)
            if not isinstance(error, Exception):
                raise
            log.exception(
                "callback %d (%s) was not handled; it is answered with HTTP 500, so that it is delivered again",
                callback.callback_id,
                printable(callback.type),
            )
            return _FAILED
        try:
            await self._seen.complete(key, owner)
        except Exception:
            # The callback was handled: a store that cannot be reached is no reason for a second delivery.
            log.exception("callback %d was handled and could not be noted", callback.callback_id)
        return _OK

    async def _call(self, callback: Callback) -> None:
        result: Any
        if self._is_async:
            result = self._handle(callback)
        else:
            result = await asyncio.to_thread(self._handle, callback)
        if inspect.isawaitable(result):
            await result

    async def _release(self, key: str, owner: str) -> None:
        try:
            await self._seen.release(key, owner)
        except Exception:
            log.exception("the claim of a callback could not be given up; it lapses")


def check_receiver(receiver: object) -> None:
    """Check the receiver that a framework's adapter is given.

    Raises:
        InvalidArgumentError: It is no receiver.
    """
    if not isinstance(receiver, Receiver):
        raise InvalidArgumentError(
            f"receiver: expected a Receiver, got {type(receiver).__name__}", field="receiver"
        )
