"""What buying will cost: shown, and agreed to, before the first purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip import AuthorizationError
from voxsip._printable import counted
from voxsip.cli._display.events import print_event
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._terminal import questions as ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip import AsyncClient


async def confirm(
    client: AsyncClient,
    accounts: Mapping[int | None, int],
    *,
    yes: bool,
    as_json: bool,
    at_most: bool = False,
) -> None:
    """Show price times rows beside the balance of each account; ask, unless `yes`.

    Args:
        accounts: the number of registrations to buy for each account; None is the client's own.
        at_most: some rows may turn out to be there already, so that less may be enough.

    Raises:
        CommandError: the money does not suffice, or nobody agreed. Nothing was bought.
        AuthorizationError: the key is refused for every account.
    """
    if accounts and not yes and not ask.on_terminal():
        raise CommandError("nothing was bought: pass --yes to continue without being asked")
    lacking = refused = 0
    for number, rows in (accounts or {None: 0}).items():
        who = "" if number is None else f"account {number}: "
        try:
            quote = await client.bulk.quote(rows, account_id=number)
        except AuthorizationError as error:
            refused += 1
            if number is None or refused == len(accounts):
                raise
            print_message(f"{who}the key may not act for it, its rows will fail: {error}")
            continue
        if as_json:
            figures = {"price": quote.price, "total": quote.total, "balance": quote.balance}
            named = {} if number is None else {"account_id": number}
            print_event("quote", **named, rows=rows, **figures, currency=quote.currency)
        most = "at most " if at_most else ""
        print_message(
            f"{who}{counted(rows, 'registration')} at {quote.price:f} {quote.currency}: {most}{quote.total:f}; "
            f"the balance is {quote.balance:f}"
        )
        lacking += not quote.enough
    if lacking and not at_most:
        which = "" if len(accounts) < 2 else f" of {lacking:,} of {len(accounts):,} accounts"
        raise CommandError(f"the money{which} does not suffice; nothing was bought", Exit.STOPPED)
    if accounts and not yes:
        ask.confirm("Buy them?", "nothing was bought")
