"""What a command's handler gets to work with, and the table the handlers enter themselves in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

from attrs import frozen

from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import INVALID_ARGUMENTS
from voxsip.emulator._state.account import Account

__all__ = ["HANDLERS", "Context", "Handler", "command", "money"]

DEFAULT_PAGE = 20

T = TypeVar("T")


@frozen(kw_only=True)
class Context:
    """One command in the making.

    Args:
        account: the account that the token speaks for.
        values: typed parameters; what was not given is not in there.
        price: what one SIP registration costs.
        max_registrations: how many an account may have, or None.
        max_users: how many users an account may have.
        api_address: host and port of this server.
        page_cap: most rows in a page, whatever was asked.
        shift: rows that appeared (positive) or vanished (negative) ahead of a page being read.
    """

    account: Account
    values: Mapping[str, Any]
    price: Decimal
    max_registrations: int | None = None
    max_users: int = 1000
    api_address: str = "localhost"
    page_cap: int = 1000
    shift: int = 0

    def page(self, rows: Iterable[T]) -> list[T]:
        """Cut out the page that `count` and `offset` ask for.

        Raises:
            RefusedError: 101 for a negative count or offset.
        """
        count = self.values.get("count", DEFAULT_PAGE)
        offset = self.values.get("offset", 0)
        if count < 0 or offset < 0:
            raise RefusedError(INVALID_ARGUMENTS, "count and offset must not be negative")
        if offset:
            offset = max(0, offset - self.shift)
        return list(islice(rows, offset, offset + min(count, self.page_cap)))


Handler = Callable[[Context], dict[str, Any]]

HANDLERS: dict[str, Handler] = {}


def command(name: str) -> Callable[[Handler], Handler]:
    """Enter a handler in the table under a command's name."""

    def enter(handler: Handler) -> Handler:
        HANDLERS[name] = handler
        return handler

    return enter


def money(amount: Decimal) -> int | float:
    """Return an amount as the JSON number it goes out as."""
    return int(amount) if amount == amount.to_integral_value() else float(amount)
