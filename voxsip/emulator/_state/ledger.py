"""What an account has paid, and for what."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

SUBSCRIPTION = "subscription_charge"
RESOURCE = "resource_charge"


class Transaction(NamedTuple):
    """One payment; the amount is negative if the account paid it."""

    id: int
    performed_at: str
    amount: Decimal
    kind: str
    description: str


class Ledger:
    """Number and keep the transactions of an account."""

    __slots__ = ("transactions",)

    def __init__(self) -> None:
        self.transactions: list[Transaction] = []

    def note(self, performed_at: str, amount: Decimal, kind: str, description: str) -> int:
        """Note a payment and return its number."""
        number = len(self.transactions) + 1
        self.transactions.append(Transaction(number, performed_at, amount, kind, description))
        return number
