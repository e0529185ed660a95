"""What buying will cost: shown, and agreed to, before the first purchase."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voxsip._printable import counted
from voxsip.cli._display.events import print_event
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._terminal import questions as ask

if TYPE_CHECKING:
    from voxsip import AsyncClient


async def confirm(
    client: AsyncClient, rows: int, *, yes: bool, as_json: bool, at_most: bool = False
) -> None:
    """Show price times rows beside the balance; ask, unless `yes`.

    Arguments:
        client: asks for price and balance.
        rows: how many are to be bought.
        yes: go on without asking.
        as_json: show it as an event.
        at_most: some rows may turn out to be there already, so that less may be enough.

    Raises:
        CommandError: the money does not suffice, or nobody agreed. Nothing was bought.
    """
    if rows and not yes and not ask.on_terminal():
        raise CommandError("nothing was bought: pass --yes to go on without being asked")
    quote = await client.bulk.quote(rows)
    if as_json:
        figures = {"price": quote.price, "total": quote.total, "balance": quote.balance}
        print_event("quote", rows=rows, **figures, currency=quote.currency)
    most = "at most " if at_most else ""
    print_message(
        f"{counted(rows, 'registration')} at {quote.price:f} {quote.currency}: {most}{quote.total:f}; "
        f"the balance is {quote.balance:f}"
    )
    if not quote.enough and not at_most:
        raise CommandError("the money does not suffice; nothing was bought", Exit.STOPPED)
    if rows and not yes:
        ask.confirm("Buy them?", "nothing was bought")
