"""One account: its money, its things, and the binding of a registration.

Methods keep the indices consistent; commands check what is allowed.
"""

from __future__ import annotations

import calendar
from collections import Counter, deque
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from voxsip.emulator._state.directory import Directory, Ids
from voxsip.emulator._state.ledger import Ledger
from voxsip.emulator._state.model import Application, Registration, Rule, User
from voxsip.emulator._state.sessions import KEY as SESSION, Sessions

if TYPE_CHECKING:
    from decimal import Decimal

    from voxsip.emulator._service.clock import Clock
    from voxsip.emulator._service.limit import TokenBucket
    from voxsip.emulator._state.table import Row

SETTLE = 1.0
"""Seconds for which a registration is in progress after it was made or changed, and a report until it is ready."""
_LONGEST_AUDIT = 10_000


class Account(Directory):
    """Keep the state of one account.

    Args:
        id: account id.
        balance: money at the start.
        ids: source of new ids.
        clock: source of timestamps.

    Attributes:
        limit: the calls a second that it may make; None for any number.
        ledger: the payments and their reasons.
        audit: number, time and name of the latest commands that changed something.
        settings: the account's own data as it was set, in wire form.
        password: digest of the password that was set last.
        api_key: the key that callbacks are signed with, together with the salt.
        callback_salt: the salt of callbacks.
        active: whether it may be used; its parent decides.
        refused: calls that were refused for their rate.
        executed: the number of calls that did their work, by command.
    """

    def __init__(self, id: int, *, balance: Decimal, ids: Ids, clock: Clock) -> None:
        super().__init__(ids=ids, clock=clock)
        self.id = id
        self.balance: Decimal = balance
        self.ledger: Ledger = Ledger()
        self.audit: deque[tuple[int, str, str]] = deque(maxlen=_LONGEST_AUDIT)
        self.settings: dict[str, Any] = {}
        self.active = True
        self.password = b""
        self.api_key: str = f"emulator-api-key-{id}"
        self.callback_salt = ""
        self.name: str = f"account-{id}"
        self.email: str = f"{self.name}@example.com"
        self.currency = "USD"
        self.limit: TokenBucket | None = None
        self.refused = 0
        self.executed: Counter[str] = Counter()
        self.created: str = self.timestamp()
        self.registrations: dict[int, Registration] = {}
        self.sessions: Sessions = Sessions(id, clock, ids.of(SESSION))
        self.conferences: dict[str, Row] = {}
        self.key_values: dict[int, dict[str, Row]] = {}
        self.plans: dict[str, Row] = {}
        self._by_sip_username: dict[str, dict[int, Registration]] = {}
        self._by_user: dict[int, Registration] = {}

    def remove_application(self, application: Application) -> None:
        """Remove an application, its rules and its users; its registrations stay, unbound."""
        for registration in self.registrations.values():
            if registration.application_id == application.id:
                self.bind(registration, None, None, None)
        for rule in self.rules_of(application.id):
            self._drop_rule(rule)
        for user in [item for item in self.users.values() if item.application_id == application.id]:
            self._drop_user(user)
        self.key_values.pop(application.id, None)
        self._drop_application(application)

    def remove_rule(self, rule: Rule) -> None:
        """Remove a rule and clear it from the registrations bound to it."""
        for registration in self.registrations.values():
            if registration.rule_id == rule.id:
                self.bind(registration, registration.application_id, None, registration.user_id)
        self._drop_rule(rule)

    def remove_user(self, user: User) -> None:
        """Remove a user and clear it from the registration bound to it."""
        holder = self.holder(user.id)
        if holder is not None:
            self.bind(holder, holder.application_id, holder.rule_id, None)
        self._drop_user(user)

    def add_registration(
        self,
        sip_username: str,
        proxy: str,
        price: Decimal,
        *,
        auth_user: str | None = None,
        outbound_proxy: str | None = None,
        is_persistent: bool = True,
        bought: datetime | None = None,
    ) -> Registration:
        """Add a registration and charge its price; the money must suffice."""
        now = self.clock.now()
        moment = bought or self.clock.utc()
        registration = Registration(
            id=next(self.ids.registration),
            sip_username=sip_username,
            proxy=proxy,
            price=price,
            purchase_date=moment.strftime("%Y-%m-%d %H:%M:%S"),
            next_renewal=month_later(moment.date()),
            last_updated=int(now),
            ready_at=now + SETTLE,
            auth_user=auth_user,
            outbound_proxy=outbound_proxy,
            is_persistent=is_persistent,
        )
        self.balance -= price
        self.registrations[registration.id] = registration
        self._by_sip_username.setdefault(sip_username, {})[registration.id] = registration
        return registration

    def rename_registration(self, registration: Registration, sip_username: str) -> None:
        """Let a registration log in as another SIP user."""
        self._drop_sip_username(registration)
        registration.sip_username = sip_username
        same = self._by_sip_username.setdefault(sip_username, {})
        same[registration.id] = registration
        # Back to id order: lookups page through this table as through the whole one.
        self._by_sip_username[sip_username] = dict(sorted(same.items()))

    def remove_registration(self, registration: Registration) -> None:
        """Remove a registration and free its user; nothing is paid back."""
        self.bind(registration, None, None, None)
        self._drop_sip_username(registration)
        del self.registrations[registration.id]

    def registrations_of(self, sip_username: str) -> dict[int, Registration]:
        """Return the registrations that log in as one SIP user, by id."""
        return self._by_sip_username.get(sip_username, {})

    def holder(self, user_id: int) -> Registration | None:
        """Return the one registration that a user is bound to."""
        return self._by_user.get(user_id)

    def bind(
        self,
        registration: Registration,
        application_id: int | None,
        rule_id: int | None,
        user_id: int | None,
    ) -> None:
        """Put a registration's binding in place, all three parts of it.

        A user that another registration holds is taken from it; that one keeps its application
        and its rule.
        """
        if user_id != registration.user_id:
            if registration.user_id is not None:
                del self._by_user[registration.user_id]
            if user_id is not None:
                loser = self.holder(user_id)
                if loser is not None:
                    loser.user_id = None
                    self.touch(loser)
                self._by_user[user_id] = registration
        registration.application_id = application_id
        registration.rule_id = rule_id
        registration.user_id = user_id
        self.touch(registration)

    def pay(self, amount: Decimal, kind: str, description: str) -> int:
        """Take an amount from the balance; return the number of the transaction."""
        self.balance -= amount
        return self.ledger.note(self.timestamp(), -amount, kind, description)

    def touch(self, registration: Registration) -> None:
        """Note that a registration has just been changed."""
        registration.last_updated = int(self.clock.now())

    def restart(self, registration: Registration) -> None:
        """Let a registration log in again, which takes a moment."""
        self.touch(registration)
        registration.ready_at = self.clock.now() + SETTLE

    def in_progress(self, registration: Registration) -> bool:
        """Returns whether a registration is still logging in."""
        return self.clock.now() < registration.ready_at

    def _drop_sip_username(self, registration: Registration) -> None:
        same = self._by_sip_username[registration.sip_username]
        del same[registration.id]
        if not same:
            del self._by_sip_username[registration.sip_username]


def month_later(day: date) -> date:
    """Return the same day of the next month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
