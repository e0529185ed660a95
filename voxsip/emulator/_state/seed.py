"""What a fresh account holds: the same things under the same ids, every time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from voxsip.emulator._state.sessions import Place

if TYPE_CHECKING:
    from decimal import Decimal

    from voxsip.emulator._state.account import Account

SEED_PROXY = "sip.example.com"


def seed(
    account: Account,
    *,
    applications: int,
    users: int,
    registrations: int,
    price: Decimal,
    calls: int = 0,
    call_data: str = "",
) -> None:
    """Fill an account.

    Applications are `app-1`…, each with one rule `rule-1`; users are `user-1`…, user *i* in
    application (*i* - 1) mod `applications` + 1, or in none if there is none; registrations are
    `sip-1`… at one proxy, unbound, logged in, and paid for a day ago, so that none looks as if it was bought after the
    server started. Calls lie a minute apart, in turn at the applications, the last a minute ago.
    """
    yesterday = account.clock.utc() - timedelta(days=1)
    made = [account.add_application(f"app-{number}") for number in range(1, applications + 1)]
    for application in made:
        account.add_rule(application.id, "rule-1", ".*")
    places = [Place(item.id, item.name, "rule-1") for item in made]
    account.sessions.seed(calls, places, call_data)
    for number in range(1, users + 1):
        home = made[(number - 1) % applications].id if made else None
        account.add_user(home, f"user-{number}", f"User {number}")
    for number in range(1, registrations + 1):
        registration = account.add_registration(
            f"sip-{number}", SEED_PROXY, price, bought=yesterday
        )
        registration.ready_at = account.clock.now()
        account.balance += price
