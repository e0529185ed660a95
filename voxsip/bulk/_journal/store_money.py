"""Money of an account that several jobs spend: reserved with each intent, in the statement that writes it.

What may be reserved is the balance as last read, without what was spent since the reading began and what is reserved. So
no clock takes part, and money that is in doubt counts as gone: a purchase in flight may be in the balance already, and is
subtracted all the same until another reading begins after its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from voxsip._clock import Clock
from voxsip._errors import ConfigurationError, InsufficientFundsError
from voxsip.bulk._journal.store_statements import BEGIN_READING, END_READING, LOOK_AT_MONEY
from voxsip.bulk._outcomes import Quote
from voxsip.shared._connection import LoopConnection

SETTLE_SECONDS = 10.0
"""Seconds for which nothing may change before what is reserved is taken for reserved for good."""
LOOK_AGAIN = 0.2
COMMAND, NO_MONEY = "CreateSipRegistration", 127
Read = Callable[[], Awaitable[Quote]]


class Money:
    """What the accounts of one job have left for it.

    Args:
        service: host and port of the API.
        own: the account of rows that name none.
    """

    def __init__(self, connection: LoopConnection, service: str, own: int, clock: Clock) -> None:
        self.payer = (service, own)
        self._connection = connection
        self._clock = clock
        self._readers: dict[int | None, Read] = {}
        self._prices: dict[int | None, Decimal] = {}
        self._nothing_left: dict[int | None, str] = {}
        self._reading = asyncio.Lock()

    def price_of(self, account_id: int | None) -> Decimal | None:
        """Return what a purchase of an account reserves; None if nothing has to be."""
        return self._prices.get(account_id)

    async def hold(self, account_id: int | None, read: Read) -> Quote:
        """Start to reserve the price of an account's purchases; return it and the rest.

        If that does not suffice, waits for purchases in flight to end: till then their price may be subtracted twice.
        """
        self._readers[account_id] = read
        quote, row = await self._read_enough(account_id)
        return Quote(
            price=quote.price, rows=quote.rows, balance=row["free"], currency=quote.currency
        )

    async def find_more(self, account_id: int | None) -> None:
        """Return when the account has money for a purchase again.

        Raises:
            InsufficientFundsError: there is none.
        """
        async with self._reading:
            if account_id not in self._nothing_left:
                why = await self._look_for_more(account_id)
                if why is None:
                    return
                self._nothing_left[account_id] = why
        raise InsufficientFundsError(
            self._nothing_left[account_id],
            code=NO_MONEY,
            command=COMMAND,
            details={"required_money": float(self._prices[account_id])},
        )

    async def _look_for_more(self, account_id: int | None) -> str | None:
        """Return why there is no money, or None."""
        quote, row = await self._read_enough(account_id, 1)
        if row["free"] >= quote.price:
            return None
        held = (
            ""
            if not row["open"]
            else f", and {row['open']:f} reserved for purchases without an outcome"
        )
        remedy = "add money" if not row["open"] else "add money, or resume the jobs that have them"
        currency = f" {quote.currency}" if quote.currency else ""
        return f"not sent: the price is {quote.price:f}{currency}, the balance {quote.balance:f}{held}; {remedy}"

    async def _read_enough(
        self, account_id: int | None, rows: int | None = None
    ) -> tuple[Quote, Any]:
        """Read until the money suffices, certainly does not, or stops changing."""
        while True:
            quote, row, certain = await self._read(account_id)
            needed = quote.price * (rows or (1 if quote.rows is None else quote.rows))
            if row["free"] >= needed or quote.balance < needed or certain:
                return quote, row
            if row["open"] and not await self._changes(account_id, row):
                return quote, row

    async def _changes(self, account_id: int | None, before: Any) -> bool:
        """Wait until a purchase of the account has ended; returns whether one has."""
        monotonic = self._clock.monotonic
        until = monotonic() + SETTLE_SECONDS
        while monotonic() < until:
            await self._clock.sleep(LOOK_AGAIN)
            row = await self._connection.fetchrow(LOOK_AT_MONEY, *self._key(account_id))
            if (row["open"], row["spent"]) != (before["open"], before["spent"]):
                return True
        return False

    async def _read(self, account_id: int | None) -> tuple[Quote, Any, bool]:
        """Read price and balance; purchases that end meanwhile count as not in it.

        Returns:
            the quote, the money as the store has it, and whether there was no purchase that might count twice.
        """
        key = self._key(account_id)
        began = await self._connection.fetchrow(BEGIN_READING, *key)
        quote = await self._readers[account_id]()
        self._prices[account_id] = quote.price
        await self._connection.fetchrow(
            END_READING, *key, began["readings"], began["spent"], quote.balance
        )
        # A statement of its own: one that waited for a newer reading does not see it.
        row = await self._connection.fetchrow(LOOK_AT_MONEY, *key)
        if not all(row[name].is_finite() for name in ("open", "spent", "free")):
            raise ConfigurationError(
                f"store: what it says of the money of account {key[1]} is no amount; when no job runs, delete the account's"
                " line in voxsip.money: it is made again"
            )
        return quote, row, not row["open"] and row["spent"] == began["spent"]

    def _key(self, account_id: int | None) -> tuple[str, int]:
        service, own = self.payer
        return service, own if account_id is None else account_id
