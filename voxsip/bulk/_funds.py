"""What buying will cost, asked of the API before the first purchase."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from voxsip.bulk._outcomes import Quote

if TYPE_CHECKING:
    from voxsip._client import AsyncClient
    from voxsip._generated.accounts.models import SubscriptionTemplate

TEMPLATE = "SIP_REGISTRATION"


async def read_quote(client: AsyncClient, rows: int | None) -> Quote:
    """Hold the price of so many registrations against the account's money.

    Arguments:
        client: asks for price and balance.
        rows: how many are to be bought; None where that is not known.

    Raises:
        VoxsipError: price or balance could not be read.
    """
    prices = [
        (_price(template), template.currency or "")
        async for template in client.accounts.get_subscription_price(
            subscription_template_type=TEMPLATE
        )
    ]
    # With several templates the one the server will take is not known: count on the dearest.
    price, currency = max(prices, default=(Decimal(0), ""))
    info = (await client.accounts.get_account_info(return_live_balance=True)).result
    return Quote(
        price=price,
        rows=rows,
        balance=info.balance if info.balance is not None else Decimal(0),
        currency=info.currency or currency,
    )


def _price(template: SubscriptionTemplate) -> Decimal:
    """Return what one purchase reserves: first fee, first month, and the taxes on both."""
    zero = Decimal(0)
    month = template.price if template.price_in_currency is None else template.price_in_currency
    once = (
        template.installation_price
        if template.installation_price_in_currency is None
        else template.installation_price_in_currency
    )
    taxes = (template.tax_reserve or zero) + (template.installation_tax_reserve or zero)
    return (month or zero) + (once or zero) + taxes
