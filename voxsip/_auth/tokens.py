"""Service accounts, and the tokens minted from them.

A token is made locally, kept until shortly before its end and shared by all calls: no lock and no await,
so that no caller can be cancelled out of another's token.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from copy import copy
from datetime import datetime
from typing import Protocol

import orjson

from voxsip._auth.credentials import ServiceAccount
from voxsip._auth.signing import Signer
from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError
from voxsip._redaction.values import SecretText

LIFETIME = 3600
"""Seconds a token lives: the most the API takes."""
BACKDATED = 10
"""Seconds a token's start lies in the past, so that a clock slightly ahead does no harm."""
FURTHEST = 2 * 366 * 24 * 3600
"""Seconds by which a server's `Date` may correct the clock, two years: a token of another age would wait for its time to come."""
SAME = 60
"""Seconds within which two corrections are one."""
MARGIN = 300
"""Seconds before its end from which a token is no longer used."""


class Tokens(Protocol):
    """A source of `Authorization` header values."""

    @property
    def account_id(self) -> int | None:
        """The account acted for, if the source knows it."""
        ...

    def bearer(self) -> str:
        """Return the header value to send now."""
        ...

    def renew(self, refused: str, server_time: datetime | None) -> bool:
        """Record that the server refused a header value; returns whether another one can be obtained."""
        ...

    def for_account(self, account_id: int) -> Tokens:
        """Return a source of tokens that act for another account.

        Raises:
            ConfigurationError: there is no key to sign with.
        """
        ...


class StaticToken:
    """A ready token, used as it is; it cannot be renewed."""

    __slots__ = ("_bearer",)

    def __init__(self, token: str) -> None:
        self._bearer = SecretText("Bearer " + token)

    def __repr__(self) -> str:
        return "StaticToken(***)"

    @property
    def account_id(self) -> int | None:
        """The account that the token names as its issuer; None if it cannot be read."""
        try:
            claims = self._bearer.split(".")[1]
            issuer = orjson.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iss"]
            return int(issuer)
        except (LookupError, TypeError, ValueError):
            return None

    def bearer(self) -> str:
        """Return the header value."""
        return self._bearer

    def renew(self, refused: str, server_time: datetime | None) -> bool:  # noqa: ARG002 - protocol
        """Return False: there is no other token."""
        return False

    def for_account(self, account_id: int) -> Tokens:
        """Refuse: a token names its account."""
        raise ConfigurationError(
            f"account_id: a ready token cannot act for account {account_id}; use the parent account's credentials"
        )


class TokenCache:
    """Mints a token when there is none, hands out the same one until shortly before it expires.

    Args:
        account: the service account whose key signs.
        account_id: the account acted for (`iss`); a parent's key may sign for a child account.
        clock: dates the tokens and measures their age.
    """

    __slots__ = (
        "_account_id",
        "_bearer",
        "_clock",
        "_fresh_until",
        "_offset",
        "_signer",
    )

    def __init__(
        self,
        account: ServiceAccount,
        account_id: int | None = None,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        self._signer: Signer = account.signer
        self._account_id = account.account_id if account_id is None else account_id
        self._clock = clock
        self._offset = 0.0
        self._bearer = SecretText()
        self._fresh_until = float("-inf")

    def __repr__(self) -> str:
        return f"TokenCache(account_id={self._account_id})"

    def bearer(self) -> str:
        """Return the header value to send now, minting a token if need be."""
        if self._clock.monotonic() < self._fresh_until:
            return self._bearer
        return self._mint()

    def renew(self, refused: str, server_time: datetime | None) -> bool:
        """Drop a refused token and set the clock right; the next `bearer` mints again.

        Of many calls refused with one token only the first changes anything. A correction of more than two years is not
        believed, and one whose token is refused in turn, at once or for the same reason, is dropped.

        Args:
            refused: the header value the server did not accept.
            server_time: the server's clock where the refusal may be the clock's fault, else None.
        """
        if refused == self._bearer:
            self._offset = self._corrected(server_time)
            self._fresh_until = float("-inf")
        return True

    def _corrected(self, server_time: datetime | None) -> float:
        """Return the offset to use after a token minted under the present one was refused."""
        age = self._clock.monotonic() - (self._fresh_until - LIFETIME + BACKDATED + MARGIN)
        if server_time is None:
            return self._offset if age >= SAME else 0.0
        offset = server_time.timestamp() - self._clock.wall()
        helped = self._offset == 0.0 or abs(offset - self._offset) >= SAME
        return offset if abs(offset) <= FURTHEST and helped else 0.0

    def for_account(self, account_id: int) -> TokenCache:
        """Return a source of tokens that act for another account, signed with the same key."""
        other = copy(self)
        other._account_id = account_id  # noqa: SLF001 - of this class
        other._bearer, other._fresh_until = SecretText(), float("-inf")  # noqa: SLF001
        return other

    @property
    def account_id(self) -> int:
        """The account acted for."""
        return self._account_id

    def _mint(self) -> str:
        issued = int(self._clock.wall() + self._offset) - BACKDATED
        claims = {"iss": str(self._account_id), "iat": issued, "exp": issued + LIFETIME}
        self._bearer = SecretText("Bearer " + self._signer.sign(claims))
        self._fresh_until = self._clock.monotonic() + LIFETIME - BACKDATED - MARGIN
        return self._bearer
