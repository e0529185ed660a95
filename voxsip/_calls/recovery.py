"""Decides what follows a failed attempt: a new token, a retry, or a lookup before a second purchase.

Whether a command is retried depends on its class in the spec and on the failure:

- never sent, or throttled: every command is retried;
- outcome unknown: idempotent commands and deletes are retried (a delete that then finds no such object is done);
  a create is looked up first, and sent again only if nothing is found;
- refused: the error is raised.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from voxsip._calls.halt import HaltedError, exempt, unhalted
from voxsip._calls.interfaces import Executor
from voxsip._calls.request import Request
from voxsip._calls.trace import note_failure, uncounted
from voxsip._errors import (
    APIError,
    AuthorizationError,
    Disposition,
    NotFoundError,
    NotSentError,
    OutcomeUnknownError,
    UnexpectedReplyError,
    VoxsipError,
)
from voxsip._redaction.text import redact

T = TypeVar("T")
log = logging.getLogger("voxsip")
RENAMING = ("new_", "required_")
"""Prefixes of arguments that change what identifies an object: its name, or a password."""


class Recovery(Generic[T]):
    """The later attempts of one call.

    Args:
        calls: The executor that makes the attempts.
        request: The call.
        decode: The function that makes a result of a decoded reply.
    """

    def __init__(
        self, calls: Executor, request: Request, decode: Callable[[dict[str, Any]], T]
    ) -> None:
        self._calls = calls
        self._request = request
        self._decode = decode
        self._renewed = False
        self._is_final = False  # whether no further attempt could clear up the outcome

    async def after(self, first: VoxsipError) -> T:
        """Continue after a failed first attempt.

        Raises:
            VoxsipError: The last attempt failed; the error has the number of attempts made.
        """
        try:
            self._note(first)
            if self._may_renew(first):
                self._note_retry(first, 0.0)
                try:
                    return await self._send()
                except VoxsipError as error:
                    first = error
            return await self._calls.retrier.again(first, self._turn, self._more, self._note_retry)
        except HaltedError:
            if self._request.last is None or not self._request.may_have_executed:
                raise
            failure = self._request.last
        except VoxsipError as error:
            failure = error
        failure.attempts = self._request.attempts
        failure.may_have_executed = self._leaves_doubt(failure)
        raise failure

    def _leaves_doubt(self, error: VoxsipError) -> bool:
        """Returns whether an attempt before the last may have executed the command.

        A refusal shows that none did, since the service accepts the same command twice. Exceptions: an error number
        that means "already done" (one of several objects may be); an object that a delete does not find; any refusal of
        a delete for which no such number is known; an object whose name an earlier attempt may have changed.
        """
        request, command = self._request, self._request.command
        if error.disposition is not Disposition.REFUSED or not request.may_have_executed:
            return request.may_have_executed
        if isinstance(error, APIError) and error.code in command.done:
            return True
        if command.retry == "delete":
            return isinstance(error, NotFoundError) or not command.done
        return any(
            name.startswith(RENAMING) for name, value in request.values.items() if value is not None
        )

    def _more(self, turns: int) -> bool:
        """Returns whether there may be another turn, which sends or only looks up."""
        limit = self._calls.retrier.policy.attempts
        if self._is_final:
            return False
        if self._must_look():
            return turns <= limit
        command = self._request.command
        if self._request.may_have_executed and command.retry == "create" and not command.unique:
            return False  # it cannot be looked up, and sending it again might execute it twice
        # A turn that fails to reach the rate's store sends nothing, but counts.
        return max(self._request.attempts, turns) < limit

    def _must_look(self) -> bool:
        request = self._request
        return request.may_have_executed and request.command.looked_up(request.values)

    async def _refused_as_second(self, error: APIError) -> T:
        """Look up whether an earlier attempt made the object that the service has already.

        Raises:
            OutcomeUnknownError: It may have existed before the call.
        """
        if self._request.command.looked_up(self._request.values):
            found = await self._look()
            if found is not None:
                return self._decode(found)
        self._is_final = True
        raise OutcomeUnknownError(
            f"{self._request.command.name}: it exists now (error {error.code}), made by an earlier attempt or before"
            " it; the outcome is unknown"
        ) from error

    async def _turn(self) -> T:
        request = self._request
        if self._must_look():
            found = await self._look()
            if found is not None:
                return self._decode(found)
            lookup = request.command.lookup
            if lookup is not None and not lookup.again and request.last is not None:
                self._is_final = True  # the create may still be executed, after this lookup
                raise request.last
        if request.attempts >= self._calls.retrier.policy.attempts and request.last is not None:
            raise request.last  # this turn was for the lookup only
        try:
            return await self._send()
        except AuthorizationError as error:
            if not self._may_renew(error):
                raise
            self._note_retry(error, 0.0)
        return await self._send()

    async def _send(self) -> T:
        try:
            return await self._calls.send_once(self._request, self._decode)
        except APIError as error:
            if self._request.may_have_executed and error.code is not None:
                command = self._request.command
                if error.code in command.done and command.has_single_target(self._request.values):
                    # an earlier attempt, whose reply was lost, has executed the command
                    return self._decode(command.success())
                if error.code == command.unique:
                    return await self._refused_as_second(error)
            self._note(error)
            raise
        except VoxsipError as error:
            self._note(error)
            raise

    def _may_renew(self, error: VoxsipError) -> bool:
        """Returns whether to try again with a new token: True at most once per call."""
        if self._renewed or not (isinstance(error, AuthorizationError) and error.renewable):
            return False
        self._renewed = True
        return True

    def _note(self, error: VoxsipError) -> None:
        request = self._request
        request.in_flight = False
        if isinstance(error, HaltedError):
            return  # no attempt
        request.last = error
        request.may_have_executed = request.may_have_executed or error.outcome_unknown
        if request.may_have_executed and request.command.retry != "create":
            exempt()
        note_failure(error)

    def _note_retry(self, error: VoxsipError, delay: float) -> None:
        """Report to the log and the hooks that another attempt follows, and when."""
        request = self._request
        if log.isEnabledFor(logging.INFO):
            log.info(
                "%s: attempt %d failed (%s); retry in %.2f s",
                request.command.name,
                request.attempts,
                label_of(*parts_of(error)),
                delay,
            )
        if request.watch is not None:
            request.watch.retry(error, delay)

    async def _look(self) -> dict[str, Any] | None:
        """Look up the object that an earlier attempt made.

        If the lookup fails, raise the failure of the last attempt, with a note about the lookup.
        """
        try:
            with uncounted(), unhalted():
                return await self._calls.creates.look(self._calls, self._request)
        except VoxsipError as error:
            log.debug("%s: the lookup failed: %s", self._request.command.name, type(error).__name__)
            failure = self._request.last or error
            note = redact(
                str(error), self._request.secrets()
            )  # a reply may echo what the create sent
            if failure is not error and note not in getattr(failure, "__notes__", ()):
                failure.add_note(note)
        raise failure


def label_of(error: str, code: int | None, status: int | None) -> str:
    """Return an error's class, and its number or HTTP status, as text for the log."""
    if code is not None:
        return f"{error} {code}"
    return error if status is None else f"{error}, HTTP {status}"


def parts_of(error: BaseException) -> tuple[str, int | None, int | None]:
    """Return an error's class name, API number and HTTP status, or None for either."""
    code = error.code if isinstance(error, APIError) else None
    status = error.http_status if isinstance(error, APIError | UnexpectedReplyError) else None
    return type(error).__name__, code, status


def explain_deadline(request: Request, seconds: float) -> VoxsipError:
    """Return the error of a call whose deadline has passed.

    Args:
        request: The call.
        seconds: The deadline.
    """
    name = request.command.name
    if request.in_flight or request.may_have_executed:
        failure: VoxsipError = OutcomeUnknownError(
            f"{name}: the deadline of {seconds:g} s passed; the outcome is unknown"
        )
    elif request.last is not None:
        failure = request.last
        failure.add_note(f"the deadline of {seconds:g} s passed before another attempt")
    else:
        failure = NotSentError(f"{name}: the deadline of {seconds:g} s passed before it was sent")
    failure.attempts = request.attempts
    return failure


def report_cancelled(request: Request, error: asyncio.CancelledError) -> None:
    """Log and note on the error that a cancelled create may have been executed."""
    if request.command.retry == "create" and (request.in_flight or request.may_have_executed):
        text = f"{request.command.name} was cancelled after it was sent; its outcome is unknown"
        error.add_note(text)
        log.warning("%s", text)
