"""What a bulk job returns: an outcome for every row, and a report of all of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from types import NoneType
from typing import Any, Generic, Literal

import attrs
from typing_extensions import TypeVar

from voxsip._bindings.rows import COLUMNS, SECRET_COLUMNS
from voxsip._bindings.state import Binding
from voxsip._errors import (
    APIError,
    AuthorizationError,
    ForbiddenError,
    InsufficientFundsError,
    ProxyAuthenticationError,
    QuotaExceededError,
    VoxsipError,
)

R = TypeVar("R")
P = TypeVar("P", default=Any)
Kind = Literal["bind", "create", "delete", "apply"]
Status = Literal["done", "unchanged", "failed", "skipped", "unknown"]


_SHOWN = frozenset[str]().union(*COLUMNS.values()) - SECRET_COLUMNS


def _shown(row: object) -> str:
    """Show a row; one that is unreadable may have its password in any column."""
    if type(row) in COLUMNS:
        return repr(row)
    if not isinstance(row, Mapping):
        return f"<{type(row).__name__}>"
    plain = (str, int, float, bool, NoneType)
    return repr({k: v if k in _SHOWN and isinstance(v, plain) else "..." for k, v in row.items()})


@attrs.frozen(kw_only=True)
class Outcome(Generic[R, P]):
    """How one row ended.

    Attributes:
        index: position in the input, from 0.
        row: the request; if it could not be read, the row as given.
        status: "done"; "unchanged" (already applied, not sent); "failed" (refused by the API, or
            invalid and not sent); "skipped" (not sent, since the job stopped); "unknown" (sent, and the
            server may or may not have done it).
        result: the API's reply as its model if the row is done; for a restored row, as far as the journal keeps it. For a
            purchase that is "unchanged", a reply with the existing registration. Otherwise None.
        error: why it failed or is unknown, or None.
        attempts: requests sent for it.
        elapsed: seconds from its first attempt to its end, without waiting for the client's rate limit.
        restored: True if an earlier run of the same job finished it.
    """

    index: int
    row: R = attrs.field(repr=_shown)
    status: Status
    result: P | None = None
    error: VoxsipError | None = None
    attempts: int = 0
    elapsed: float = 0.0
    restored: bool = False


class Stop(enum.StrEnum):
    """Why a job stopped sending rows."""

    FAILURES = "too many failures"
    RATIO = "too high a share of failures"
    AUTHORIZATION = "authorization refused"
    PROXY = "refused by the proxy"
    FUNDS = "insufficient funds"
    QUOTA = "quota exceeded"
    STORE = "the store of the rate does not answer"
    DEADLINE = "deadline reached"
    REQUESTED = "stop requested"
    CANCELLED = "cancelled"
    ERROR = "error"


def stop_reason(kind: Kind, error: type[object]) -> Stop | None:
    """Return the stop reason if the error would affect every row, else None.

    Args:
        kind: the kind of the rows; only purchases need money and quota.
        error: class of what the row met.
    """
    if issubclass(error, AuthorizationError | ForbiddenError):
        return Stop.AUTHORIZATION
    if issubclass(error, ProxyAuthenticationError):
        return Stop.PROXY
    buys = kind in {"create", "apply"}
    if buys and issubclass(error, InsufficientFundsError):
        return Stop.FUNDS
    if buys and issubclass(error, QuotaExceededError):
        return Stop.QUOTA
    return None


@attrs.frozen(kw_only=True)
class Mismatch:
    """A registration whose binding differs from what the rows ask for.

    Attributes:
        sip_registration_id: the registration.
        expected: binding that the rows ask for; parts that they do not determine are -1.
        found: binding that the API shows, or None if the registration does not exist.
        account_id: the child account that it belongs to; None for the client's own.
    """

    sip_registration_id: int
    expected: Binding
    found: Binding | None
    account_id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the mismatch as JSON-compatible data."""
        return {
            "sip_registration_id": self.sip_registration_id,
            "expected": self.expected._asdict(),
            "found": None if self.found is None else self.found._asdict(),
            **({} if self.account_id is None else {"account_id": self.account_id}),
        }


@attrs.define(kw_only=True)
class Report:
    """The totals of a job; while it runs, of the rows that have ended.

    Attributes:
        kind: "bind", "create" or "delete".
        rows: rows that have an outcome: the sum of the five counts that follow.
        restored: rows among them that an earlier run of the job finished.
        seconds: the duration of this run.
        calls: requests that this run sent for rows, including retries.
        retries: requests among them that repeated another.
        errors: number of rows by error: "393 SOME_NAME", or the class if there is no number.
        stopped: why no further rows were sent, or None.
        mismatches: the number of registrations that differ from what the rows ask for, if `verify` is set; None if
            nothing was compared.
        mismatched: the first of them.
        verify_error: why the comparison failed, or None.
        options: The job's options by name, as its journal keeps them.
    """

    kind: str
    rows: int = 0
    done: int = 0
    unchanged: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    restored: int = 0
    seconds: float = 0.0
    calls: int = 0
    retries: int = 0
    errors: dict[str, int] = attrs.field(factory=dict)
    stopped: str | None = None
    mismatches: int | None = None
    mismatched: list[Mismatch] = attrs.field(factory=list)
    verify_error: str | None = None
    options: dict[str, Any] = attrs.field(factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the job ended with all rows done or unchanged, and no mismatch."""
        fine = self.rows == self.done + self.unchanged and not self.mismatches
        return fine and self.stopped is None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-compatible data."""
        plain = attrs.asdict(self, recurse=False)
        plain["errors"] = dict(self.errors)
        plain["options"] = dict(self.options)
        plain["mismatched"] = [item.to_dict() for item in self.mismatched]
        return plain

    def count(self, outcome: Outcome[Any]) -> None:
        """Take in a row's outcome."""
        self.rows += 1
        setattr(self, outcome.status, getattr(self, outcome.status) + 1)
        if outcome.restored:
            self.restored += 1
        elif outcome.attempts:
            self.calls += outcome.attempts
            self.retries += outcome.attempts - 1
        if outcome.error is not None:
            name = error_label(outcome.error)
            self.errors[name] = self.errors.get(name, 0) + 1


def error_label(error: VoxsipError) -> str:
    """Name an error so that rows can be counted by it."""
    if isinstance(error, APIError) and error.code is not None:
        return f"{error.code} {error.name}".rstrip()
    return type(error).__name__


def recorded_error_label(code: int | None, kind: str) -> str:
    """Name an error as `error_label` does, by the number and class in a journal."""
    return kind if code is None else error_label(APIError("", code=code, command=""))


@attrs.frozen(kw_only=True)
class Quote:
    """What buying registrations will cost.

    Attributes:
        price: price of one registration and its first month, in the account's currency.
        rows: registrations to buy, or None if unknown.
        balance: the account's money.
        currency: the currency of all amounts.
    """

    price: Decimal
    rows: int | None
    balance: Decimal
    currency: str = ""

    @property
    def total(self) -> Decimal | None:
        """The price of all rows."""
        return None if self.rows is None else self.price * self.rows

    @property
    def enough(self) -> bool:
        """Whether the balance covers all rows; if their number is unknown, the first one."""
        needed = self.price if self.rows is None else self.price * self.rows
        return self.balance >= needed
