"""A plan as its user holds it, saves it and loads it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

import attrs

from voxsip._clock import utc_now
from voxsip._errors import InvalidArgumentError
from voxsip._printable import counted
from voxsip._version import __version__
from voxsip.bulk import Quote
from voxsip.plan._file import digest_of, read_plan, unreadable, write_plan
from voxsip.plan._model import Change, Refusal, Thresholds


@attrs.frozen(kw_only=True)
class Plan:
    """What has to change for the live state to become the desired one.

    Attributes:
        changes: The calls, in the order in which they are made.
        counts: Numbers by name: "created", "updated", "bound", "moved", "unbound", "deleted" (changes);
            "unchanged" (rows that need nothing), "refused" (rows that cannot be planned), "unmanaged"
            (registrations that no row mentions), "rows".
        price: The price of the new registrations and the balance; None if none is created.
        refused: The rows that cannot be planned; a plan with any of them is not applied.
        thresholds: The limits on how much the plan may change.
        account_id: The account it was made for, or None if the token does not tell.
        base_url: The API it was made with.
        scope: The scope that `prune` was limited to, or None if nothing is pruned.
        options: The options it was made with.
        source: The input, as its user calls it, or None.
        checksum: The checksum of the input without its passwords.
        created: The time at which it was made (UTC).
        voxsip: The version that made it.
        digest: The digest of a saved plan's lines; "" until it is saved.
        path: The file it was saved to or loaded from, or None.
        gaps: The number of users who are without a registration for a while, since deletions come first.
        passwords: Passwords that are in the input itself, by change; saved nowhere.
    """

    changes: tuple[Change, ...] = attrs.field(
        repr=lambda changes: f"<{counted(len(changes), 'change')}>"
    )
    counts: Mapping[str, int]
    price: Quote | None = None
    refused: tuple[Refusal, ...] = ()
    thresholds: Thresholds = attrs.field(factory=Thresholds)
    account_id: int | None = None
    base_url: str = ""
    scope: Mapping[str, Any] | None = None
    options: Mapping[str, bool] = attrs.field(factory=dict)
    source: str | None = None
    checksum: str = ""
    created: datetime = attrs.field(factory=lambda: utc_now().replace(microsecond=0))
    voxsip: str = __version__
    digest: str = ""
    path: str | None = None
    gaps: int = 0
    passwords: Mapping[int, str] = attrs.field(factory=dict, repr=False, eq=False)

    def __bool__(self) -> bool:
        """Return whether anything has to change."""
        return bool(self.changes)

    def head(self) -> dict[str, Any]:
        """Return all but the changes, as JSON-able data."""
        price = self.price
        return {
            "voxsip": self.voxsip,
            "account_id": self.account_id,
            "base_url": self.base_url,
            "created": self.created.isoformat(),
            "input": {"source": _writable(self.source), "checksum": self.checksum},
            "scope": None if self.scope is None else dict(self.scope),
            "options": dict(self.options),
            "thresholds": self.thresholds.to_dict(),
            "counts": dict(self.counts),
            "gaps": self.gaps,
            "price": None
            if price is None
            else {
                "price": str(price.price),
                "rows": price.rows,
                "total": str(price.total),
                "balance": str(price.balance),
                "currency": price.currency,
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the whole plan as JSON-able data; it holds no password."""
        return {
            **self.head(),
            "changes": [change.to_dict() for change in self.changes],
            "refused": [refusal.to_dict() for refusal in self.refused],
        }

    def save(self, path: str | os.PathLike[str]) -> Self:
        """Save the plan for its owner's eyes; return it with its path and digest.

        Args:
            path: The file. An earlier plan there is replaced, unless its journal is beside it.

        Raises:
            InvalidArgumentError: The plan has refused rows, or something else is at the path.
            ConfigurationError: The file cannot be written.
        """
        self.check_rows()
        digest = write_plan(path, self.head(), self._lines())
        return attrs.evolve(self, path=os.fspath(path), digest=digest)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a saved plan.

        Raises:
            InvalidArgumentError: It is no plan, is cut short, was edited, or is of another version.
            ConfigurationError: The file cannot be read.
        """
        head, changes, digest = read_plan(path)
        try:
            known = _known(head, tuple(map(Change.from_dict, changes)))
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise unreadable(path) from None
        return cls(**known, path=os.fspath(path), digest=digest)

    def fingerprint(self) -> str:
        """Return the digest of the plan's lines, saved or not."""
        return self.digest or digest_of(self.head(), self._lines())

    def check_rows(self) -> None:
        """Look whether every row could be planned.

        Raises:
            InvalidArgumentError: Some are refused.
        """
        if self.refused:
            count = len(self.refused)
            raise InvalidArgumentError(
                f"plan: {counted(count, 'refusal')}; correct the rows and plan again",
                field="plan",
            )

    def _lines(self) -> Iterator[dict[str, Any]]:
        return (change.to_dict() for change in self.changes)


def _writable(text: str | None) -> str | None:
    """Return a text that JSON can hold: the name of a file need not be UTF-8."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()


def _known(head: Mapping[str, Any], changes: tuple[Change, ...]) -> dict[str, Any]:
    """Return what a plan's file tells, as the plan takes it."""
    limits, price = head["thresholds"], head["price"]
    return {
        "changes": changes,
        "counts": head["counts"],
        "price": None
        if price is None
        else Quote(
            price=Decimal(price["price"]),
            rows=price["rows"],
            balance=Decimal(price["balance"]),
            currency=price["currency"],
        ),
        "thresholds": Thresholds(
            **{field.name: limits[field.name] for field in attrs.fields(Thresholds)}
        ),
        "account_id": head["account_id"],
        "base_url": head["base_url"],
        "scope": head["scope"],
        "options": head["options"],
        "source": head["input"]["source"],
        "checksum": head["input"]["checksum"],
        "created": datetime.fromisoformat(head["created"]),
        "voxsip": head["voxsip"],
        "gaps": head["gaps"],
    }
