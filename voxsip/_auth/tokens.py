"""Sources of tokens: a ready one, or those minted with a service account's key.

A token is minted locally, kept until shortly before it expires and shared by all calls. Minting takes no lock and no
await, so cancelling one call cannot cost another its token.
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
"""Seconds until a token expires: the most that the API accepts."""
BACKDATED = 10
"""Seconds by which `iat` lies in the past, so that a clock slightly ahead does no harm."""
FURTHEST = 2 * 366 * 24 * 3600
"""The most seconds (two years) by which a server's `Date` corrects the clock; a wrong date is not believed."""
SAME = 60
"""Seconds within which two corrections count as the same."""
MARGIN = 300
"""Seconds before its expiry when a token is replaced."""


class Tokens(Protocol):
    """A source of `Authorization` header values."""

    @property
    def account_id(self) -> int | None:
        """The account that calls act for, if the source knows it."""
        ...

    def bearer(self) -> str:
        """Return the header value to send now."""
        ...

    def renew(self, refused: str, server_time: datetime | None) -> bool:
        """Record that the server refused a header value.

        Returns:
            Whether another value can be obtained.
        """
        ...

    def for_account(self, account_id: int) -> Tokens:
        """Return a source of tokens that act for another account.

        Raises:
            ConfigurationError: There is no key to sign with.
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
        """Raise: a token is valid for one account only."""
        raise ConfigurationError(
            f"account_id: a ready token cannot act for account {account_id}; use the parent account's credentials"
        )


class TokenCache:
    """A source that mints tokens and reuses each until shortly before it expires.

    Args:
        account: The service account whose key signs.
        account_id: The account that calls act for (`iss`); a parent's key may sign for a child account.
        clock: The clock that dates the tokens and measures their age.
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
        """Return the header value to send now; mint a token if the last has expired."""
        if self._clock.monotonic() < self._fresh_until:
            return self._bearer
        return self._mint()

    def renew(self, refused: str, server_time: datetime | None) -> bool:
        """Drop a refused token and correct the clock; the next `bearer` mints again.

        If many calls are refused with the same token, only the first changes anything. A correction of more than two
        years is ignored. A correction is dropped if a token minted with it is refused at once, or is refused and the
        server's time asks for the same correction again.

        Args:
            refused: The header value that the server refused.
            server_time: The server's time if a wrong clock may be the cause, else None.
        """
        if refused == self._bearer:
            self._offset = self._corrected(server_time)
            self._fresh_until = float("-inf")
        return True

    def _corrected(self, server_time: datetime | None) -> float:
        """Return the clock offset to use after a token was refused."""
        age = self._clock.monotonic() - (self._fresh_until - LIFETIME + BACKDATED + MARGIN)
        if server_time is None:
            return self._offset if age >= SAME else 0.0
        offset = server_time.timestamp() - self._clock.wall()
        helped = self._offset == 0.0 or abs(offset - self._offset) >= SAME
        return offset if abs(offset) <= FURTHEST and helped else 0.0

    def for_account(self, account_id: int) -> TokenCache:
        """Return a source of tokens for another account, signed with the same key."""
        other = copy(self)
        other._account_id = account_id  # noqa: SLF001 - of this class
        other._bearer, other._fresh_until = SecretText(), float("-inf")  # noqa: SLF001
        return other

    @property
    def account_id(self) -> int:
        """The account that calls act for."""
        return self._account_id

    def _mint(self) -> str:
        issued = int(self._clock.wall() + self._offset) - BACKDATED
        claims = {"iss": str(self._account_id), "iat": issued, "exp": issued + LIFETIME}
        self._bearer = SecretText("Bearer " + self._signer.sign(claims))
        self._fresh_until = self._clock.monotonic() + LIFETIME - BACKDATED - MARGIN
        return self._bearer
