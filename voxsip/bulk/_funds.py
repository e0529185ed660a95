"""What buying will cost, asked of the API before the first purchase."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from voxsip._bindings.rows import CreateRequest, read_row
from voxsip._errors import Disposition, InvalidArgumentError, UnexpectedReplyError
from voxsip._printable import brief, counted
from voxsip.bulk._outcomes import Quote

if TYPE_CHECKING:
    from voxsip._base_client import BaseAsyncClient
    from voxsip._generated.accounts.models import SubscriptionTemplate
    from voxsip.bulk._live.existing import Existing
    from voxsip.bulk._source import Source

log = logging.getLogger("voxsip.bulk")
TEMPLATE = "SIP_REGISTRATION"


async def read_quote(client: BaseAsyncClient, rows: int | None) -> Quote:
    """Compare the price of so many registrations with the account's balance.

    Args:
        rows: the number of rows to buy; None if it is not known.

    Raises:
        InvalidArgumentError: the number of rows is not a whole number from 0; nothing was sent.
        VoxsipError: price or balance could not be read.
    """
    given: object = rows
    if given is not None and (type(given) is not int or given < 0):
        raise InvalidArgumentError(
            f"rows: expected a whole number from 0, got {brief(given)}", field="rows"
        )
    prices = [
        (_price(template), template.currency or "")
        async for template in client.accounts.get_subscription_price(
            subscription_template_type=TEMPLATE
        )
    ]
    # With several templates the one the server will take is not known: count on the dearest.
    known = [(price, currency) for price, currency in prices if price is not None]
    if not known or len(known) < len(prices):
        raise _unreadable("GetSubscriptionPrice", f"no price for {TEMPLATE}")
    price, currency = max(known)
    info = (await client.accounts.get_account_info(return_live_balance=True)).result
    if info.balance is None:
        raise _unreadable("GetAccountInfo", "no balance")
    if any(one and info.currency and one != info.currency for _, one in known):
        raise _unreadable("GetSubscriptionPrice", f"a price that is not in {info.currency}")
    return Quote(
        price=price,
        rows=rows,
        balance=info.balance,
        currency=info.currency or currency,
    )


async def can_pay(
    client: BaseAsyncClient, rows: int | None, hold: Callable[..., Awaitable[Quote]] | None = None
) -> bool:
    """Returns whether the money covers so many purchases, or one if unknown.

    Args:
        rows: the number of rows to buy; None if it is not known.
        hold: shares the account's money with other jobs from now on: given what reads price and balance, returns what is
            left of it.
    """
    if hold is not None:
        quote = await hold(lambda: read_quote(client, rows))
    elif rows == 0:
        return True
    else:
        quote = await read_quote(client, rows)
    if rows != 0 and not quote.enough:
        log.warning(
            "bulk create: %s at %s %s, %s left: nothing is bought",
            "some rows" if rows is None else counted(rows, "row"),
            quote.price,
            quote.currency,
            quote.balance,
        )
    return rows == 0 or quote.enough


def count_purchases(
    source: Source, existing: Existing | None, settled: int, account: Container[int | None]
) -> int | None:
    """Count the rows still to be bought for an account; None if unknown.

    Args:
        existing: the registrations that exist and are not bought again, or None.
        settled: rows that earlier runs ended, or may have bought.
        account: the ids by which rows name the account.
    """
    if existing is None:
        counts = source.count_accounts()
        if counts is not None:
            rows = sum(count for number, count in counts.items() if number in account)
            return max(0, rows - settled)
        if source.length is not None and None in account:
            return max(0, source.length - settled)
        # A resumed stream may have nothing left to buy; if the money is short, a refusal stops the job.
        return 0 if settled else None
    items = source.again()
    if items is None:
        return None
    return existing.missing(row for row in _readable(items) if row.account_id in account)


def _readable(items: Iterable[object]) -> Iterator[CreateRequest]:
    for item in items:
        try:
            yield read_row(CreateRequest, item)
        except InvalidArgumentError:
            continue


def _unreadable(command: str, what: str) -> UnexpectedReplyError:
    return UnexpectedReplyError(
        f"{command}: {what} in the reply, so the cost is unknown and nothing was bought; "
        "ask for the price, or buy with check_funds=False",
        command=command,
        http_status=200,
        disposition=Disposition.REFUSED,
    )


def _price(template: SubscriptionTemplate) -> Decimal | None:
    """Return the price that one purchase reserves, taxes included; None if unknown."""
    zero = Decimal(0)
    month = template.price if template.price_in_currency is None else template.price_in_currency
    once = (
        template.installation_price
        if template.installation_price_in_currency is None
        else template.installation_price_in_currency
    )
    taxes = (template.tax_reserve or zero, template.installation_tax_reserve or zero)
    parts = (month, once or zero, *taxes)
    other = template.subscription_template_type not in {None, TEMPLATE}
    if month is None or other or any(part is None or part < 0 for part in parts):
        return None
    return month + (once or zero) + sum(taxes)
