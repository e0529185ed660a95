"""The exception tree, and the table from error number to class.

Numbers and their meaning come from the Management API's error list (spec/errors.json has all of them). Only numbers
that change the client's behavior have a class of their own.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeGuard

from voxsip._lazy import IMPORTS
from voxsip._printable import printable

if TYPE_CHECKING:
    from decimal import Decimal


SHOWN = 200
"""Characters of the server's text that a repr shows."""


class Disposition(enum.Enum):
    """The meaning of a failed attempt, which decides whether it is retried."""

    NOT_SENT = "the server never saw the request"
    THROTTLED = "throttled, not executed"
    TOKEN = "refused for the token it carried, not executed"  # noqa: S105 - a description
    UNKNOWN = "executed or not: the reply does not say"
    REFUSED = "refused, not executed"


class VoxsipError(Exception):
    """Base class of voxsip's errors.

    Attributes:
        attempts: attempts of the call, including the failed one, whether or not they reached the server; 0 if none.
        outcome_unknown: True if the server may have executed the command although the call failed.
    """

    attempts: int = 0
    disposition: Disposition = Disposition.REFUSED
    may_have_executed: bool = False
    """Whether an earlier attempt of the call may have been executed, and this error does not say otherwise."""

    @property
    def outcome_unknown(self) -> bool:
        """Whether the server may have executed the command although the call failed."""
        return self.may_have_executed or self.disposition is Disposition.UNKNOWN

    def __str__(self) -> str:
        """Return the text; invisible characters, as a server may send, are escaped."""
        return printable(super().__str__(), keep_lines=True)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by state: constructors with keyword-only arguments cannot be pickled."""
        return _restore, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(VoxsipError):
    """Credentials, a URL or an option cannot work.

    The text names the file and the field, never their content.

    Attributes:
        in_use: True if another job is using the journal now; nothing was sent.
        missing: True if the store has no job of that name yet.
        exists: True if a new job has the name of another in the store; nothing was sent.
    """

    in_use: bool = False
    missing: bool = False
    exists: bool = False


class InvalidArgumentError(VoxsipError, ValueError):
    """An argument is wrong; nothing was sent.

    Attributes:
        field: the wrong argument, or None if several are wrong.
    """

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TransportError(VoxsipError):
    """The request or its reply was lost.

    Attributes:
        retry_after: seconds the server asked the client to wait, or None.
    """

    retry_after: float | None = None


class NotSentError(TransportError):
    """The server never received the request; repeating it is safe.

    Attributes:
        permanent: True if repeating cannot help, for example after an untrusted certificate.
    """

    disposition = Disposition.NOT_SENT

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class ProxyError(NotSentError):
    """The proxy cannot be reached or cannot connect; the server received nothing.

    Attributes:
        proxy: Host and port of the proxy.
        http_status: HTTP status of the proxy's answer, or None.
    """

    def __init__(
        self, message: str, *, proxy: str, http_status: int | None = None, permanent: bool = False
    ) -> None:
        super().__init__(message, permanent=permanent)
        self.proxy = proxy
        self.http_status = http_status


class ProxyAuthenticationError(ProxyError):
    """The proxy requires a user name and a password, or refused them (HTTP 407)."""


class OutcomeUnknownError(TransportError):
    """The request was sent and no reply arrived: it may have been executed or not."""

    disposition = Disposition.UNKNOWN


class UnexpectedReplyError(VoxsipError):
    """The reply is not one of the API, such as HTML, a truncated body or unknown JSON.

    Attributes:
        command: the API command.
        http_status: status of the reply.
        body_start: first characters of the body, without secrets.
        retry_after: seconds the server asked the client to wait, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        command: str,
        http_status: int,
        body_start: str = "",
        disposition: Disposition = Disposition.UNKNOWN,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.command = command
        self.http_status = http_status
        self.body_start = body_start
        self.disposition = disposition
        self.retry_after = retry_after


class APIError(VoxsipError):
    """The API refused a command with an error number.

    Attributes:
        code: the error number, or None if only the HTTP status tells the reason (429 from a gateway).
        message: the server's text, without secrets.
        details: the server's `details` object, without secrets.
        command: the API command.
        http_status: status of the reply (200 for most refusals).
        attempts: requests sent for the call.
    """

    disposition = Disposition.REFUSED

    def __init__(
        self,
        message: str,
        *,
        code: int | None,
        command: str,
        http_status: int = 200,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.command = command
        self.http_status = http_status
        self.details: Mapping[str, Any] = dict(details or {})
        self.retry_after = retry_after
        self.attempts = 1

    @property
    def name(self) -> str:
        """The error's documented name, such as `INSUFFICIENT_MONEY`; "" if it has none."""
        with IMPORTS:
            from voxsip._generated._error_names import NAMES  # noqa: PLC0415 - 457 names nobody needs until then

        return NAMES.get(self.code, "") if self.code is not None else f"HTTP_{self.http_status}"

    def __repr__(self) -> str:
        """Return the class, the command, the number and the start of the server's text."""
        number = f"http_status={self.http_status}" if self.code is None else f"code={self.code}"
        said = self.message if len(self.message) <= SHOWN else f"{self.message[:SHOWN]}..."
        return f"{type(self).__name__}(command={self.command!r}, {number}, message={said!r})"

    def __str__(self) -> str:
        """Return the command, the number and the server's text."""
        number = self.name if self.code is None else f"{self.code} {self.name}".rstrip()
        # A server's text may hold escape sequences, and line breaks that forge lines of a log.
        said = f": {printable(self.message)}" if self.message else ""
        text = f"{self.command}: {number}{said}"
        return text if self.attempts <= 1 else f"{text} (after {self.attempts} attempts)"


class AuthorizationError(APIError):
    """The token or its key was not accepted (100, 447, 454, 455, 456)."""

    disposition = Disposition.TOKEN
    renewable: bool = False
    """Whether a new token can be minted."""


class ForbiddenError(APIError):
    """The key's roles do not allow this command (104)."""


class InvalidRequestError(APIError):
    """The server refused the arguments or their effect (101, 134, unlisted numbers)."""


class NotFoundError(APIError):
    """Nothing has this id or name (107, 116, 117, 147, 156, 275 and similar)."""


class InsufficientFundsError(APIError):
    """The account's money does not cover the command (127)."""

    @property
    def required_money(self) -> Decimal | None:
        """The amount the command needs, in the account's currency, if the server names it."""
        from decimal import Decimal  # noqa: PLC0415 - only failures need it

        value = self.details.get("required_money")
        return Decimal(str(value)) if type(value) in {int, float} else None


class QuotaExceededError(APIError):
    """The account may not have more of these (109 users, 272 SIP registrations)."""


class RateLimitError(APIError):
    """The request was throttled and not executed (162, 340, 416, 484, HTTP 429).

    Attributes:
        retry_after: seconds the server asked the client to wait, or None.
    """

    disposition = Disposition.THROTTLED


class ServerError(APIError):
    """The server failed internally (1, 2, 4, 5, 13): the outcome is unknown."""

    disposition = Disposition.UNKNOWN


CLASS_BY_CODE: Mapping[int, type[APIError]] = MappingProxyType(
    {
        **dict.fromkeys((1, 2, 4, 5, 13), ServerError),
        **dict.fromkeys((100, 447, 454, 455, 456), AuthorizationError),
        104: ForbiddenError,
        **dict.fromkeys((107, 116, 117, 147, 156, 275), NotFoundError),
        127: InsufficientFundsError,
        **dict.fromkeys((109, 272), QuotaExceededError),
        **dict.fromkeys((162, 340, 416, 484), RateLimitError),
    }
)
CLOCK_CODES = frozenset({447, 454, 455, 456})
"""Token errors that a wrong clock can cause."""
_TOO_FAST_CODES = frozenset({340, 416, None})  # None: HTTP 429


def error_class(code: int | None) -> type[APIError]:
    """Return the class for an error number; `InvalidRequestError` for unlisted ones."""
    return InvalidRequestError if code is None else CLASS_BY_CODE.get(code, InvalidRequestError)


def is_too_fast(error: BaseException) -> TypeGuard[RateLimitError]:
    """Returns whether an error means that calls come too fast.

    Other throttling (162, 484) is about one request only.
    """
    return isinstance(error, RateLimitError) and error.code in _TOO_FAST_CODES


def _restore(cls: type[VoxsipError], args: tuple[Any, ...], state: dict[str, Any]) -> VoxsipError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error
