"""What a test may look at: the account, its registrations and what was executed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import orjson
from attrs import field, frozen

from voxsip.emulator._service.context import HANDLERS, money

if TYPE_CHECKING:
    from voxsip.emulator._service.service import Service
    from voxsip.emulator._state.model import Registration

_PARTS = ("account", "registrations", "counters", "sampled")


@frozen(eq=False)
class State(Mapping[str, Any]):
    """A copy of the state of one account: a mapping with attributes.

    Args:
        account: its `balance`.
        registrations: one mapping each, in id order; what it is not bound to is None. No passwords:
            the emulator keeps none.
        counters: the numbers of requests that named a command (`received`) and that did their work, by command
            (`executed`): reads as well as changes, refused ones not. Of all accounts together in the state of the main
            one; of a child its own, all of which were executed.
        sampled: commands that keep no state: their replies are made from the spec.
        refused: calls of the account that were refused for their rate; an attribute only.
    """

    account: dict[str, Any]
    registrations: list[dict[str, Any]]
    counters: dict[str, dict[str, int]]
    sampled: list[str] = field(factory=list)
    refused: int = 0

    @classmethod
    def of(cls, service: Service, account_id: int | None = None) -> State:
        """Copy the state as it is between two commands.

        Args:
            service: the emulator's.
            account_id: a child account; None for the main one.

        Raises:
            LookupError: there is no such account.
        """
        with service.lock:
            account = service.main if account_id is None else service.accounts[account_id]
            if account is service.main:
                received, executed = service.received, service.executed
            else:
                received = executed = {name: account.executed[name] for name in service.executed}
            return cls(
                {"balance": money(account.balance)},
                [_registration(row) for row in account.registrations.values()],
                {
                    command: {"received": number, "executed": executed[command]}
                    for command, number in received.items()
                },
                [command for command in service.received if command not in HANDLERS],
                account.refused,
            )

    def to_json(self) -> bytes:
        """Return the state as `GET /_emulator/state` answers it."""
        return orjson.dumps(dict(self))

    def __getitem__(self, key: str) -> Any:
        if key not in _PARTS:
            raise KeyError(key)
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(_PARTS)

    def __len__(self) -> int:
        return len(_PARTS)


def _registration(row: Registration) -> dict[str, Any]:
    return {
        "sip_registration_id": row.id,
        "sip_username": row.sip_username,
        "proxy": row.proxy,
        "auth_user": row.auth_user,
        "outbound_proxy": row.outbound_proxy,
        "is_persistent": row.is_persistent,
        "purchase_date": row.purchase_date,
        "application_id": row.application_id,
        "rule_id": row.rule_id,
        "user_id": row.user_id,
    }
