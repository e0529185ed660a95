"""The context that a command's handler works with, and the table of all handlers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from attrs import field, frozen

from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import File, Scan
from voxsip.emulator._service.values import INVALID_ARGUMENTS
from voxsip.emulator._state.account import Account

DEFAULT_PAGE = 20
INSUFFICIENT_MONEY = 127

T = TypeVar("T")


@frozen(kw_only=True)
class Context:
    """One command that is being executed.

    Args:
        account: the account that the token speaks for.
        values: the parameters that were given, typed.
        price: the price of one SIP registration.
        max_registrations: the number of registrations an account may have, or None.
        max_users: the number of users an account may have.
        api_address: host and port of this server.
        page_cap: most rows in a page, whatever was asked.
        shift: rows that appeared (positive) or vanished (negative) ahead of a page being read.
        children: the accounts that this one is the parent of, by id.
        accounts: all accounts of the server.
        uncounted: takes the files of reports, whose size has yet to be found out.
    """

    account: Account
    values: Mapping[str, Any]
    price: Decimal
    max_registrations: int | None = None
    max_users: int = 1000
    api_address: str = "localhost"
    page_cap: int = 1000
    shift: int = 0
    children: Mapping[int, Account] = field(factory=dict)
    accounts: Collection[Account] = ()
    uncounted: list[File] = field(factory=list)

    def page(self, rows: Iterable[T]) -> list[T]:
        """Cut out the page that `count` and `offset` ask for.

        Raises:
            RefusedError: 101 for a negative count or offset.
        """
        return list(islice(rows, *self.bounds()))

    def listed(
        self, rows: Sequence[T], describe: Callable[[T], Any] = lambda row: row
    ) -> dict[str, Any]:
        """Return the reply of a list command: its page and the number of all rows."""
        page = [describe(row) for row in self.page(rows)]
        return {"result": page, "total_count": len(rows), "count": len(page)}

    def bounds(self, page: int = DEFAULT_PAGE) -> tuple[int, int]:
        """Return where the requested page begins and ends.

        Args:
            page: rows of a page if no `count` is given.

        Raises:
            RefusedError: 101 for a negative count or offset.
        """
        count = self.values.get("count", page)
        offset = self.values.get("offset", 0)
        if count < 0 or offset < 0:
            raise RefusedError(INVALID_ARGUMENTS, "count and offset must not be negative")
        if offset:
            offset = max(0, offset - self.shift)
        return offset, offset + min(count, self.page_cap)

    def pay(self, amount: Decimal, kind: str, description: str) -> int:
        """Take money from the account, and return the number of the transaction.

        Raises:
            RefusedError: 127 if there is less than that.
        """
        self.afford(amount)
        return self.account.pay(amount, kind, description)

    def afford(self, amount: Decimal) -> None:
        """Check that there is money enough.

        Raises:
            RefusedError: 127 if there is less than that.
        """
        if self.account.balance < amount:
            raise RefusedError(INSUFFICIENT_MONEY, details={"required_money": money(amount)})

    def brief(self) -> dict[str, Any]:
        """Return the account as replies to paid commands have it."""
        account = self.account
        return {
            "account_id": account.id,
            "balance": money(account.balance),
            "currency": account.currency,
            "frozen": False,
        }


Reply = dict[str, Any] | File | Scan
Handler = Callable[[Context], Reply]
H = TypeVar("H", bound=Handler)

HANDLERS: dict[str, Handler] = {}


def command(name: str) -> Callable[[H], H]:
    """Enter a handler in the table under a command's name."""

    def enter(handler: H) -> H:
        HANDLERS[name] = handler
        return handler

    return enter


def money(amount: Decimal) -> int | float:
    """Return an amount as the JSON number it goes out as."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
