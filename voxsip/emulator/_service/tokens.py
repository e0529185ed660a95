"""Who is calling: bearer tokens, verified as the service documents them.

RS256 and nothing else, with the key that `kid` names; python-jose does the signature through its
cryptography backend, named here so that no other can take its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from attrs import define, field, frozen
from jose import jws
from jose.backends.cryptography_backend import CryptographyRSAKey
from jose.exceptions import JOSEError

from voxsip.emulator._service.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voxsip.emulator._service.clock import Clock

AUTHORIZATION_FAILED = 100
MALFORMED = 447
LIVES_TOO_LONG = 454
FROM_THE_FUTURE = 455
EXPIRED = 456

LONGEST_LIFE = 3600
_ALGORITHM = "RS256"
_MOST_CACHED = 4096
_LONGEST_TOKEN = 8192


@frozen(kw_only=True)
class Grant:
    """The permission of a verified token: an account, roles and a time."""

    account_id: int
    roles: frozenset[str]
    issued: float
    expires: float


@define(kw_only=True)
class _Key:
    owner: int
    roles: frozenset[str]
    public: CryptographyRSAKey = field(repr=False)


class TokenVerifier:
    """Verify tokens, remembering those seen until they expire.

    Args:
        clock: the server's clock.
        may_act: returns whether the owner of a key (first account id) may act on an account
            (second): on itself, and on its children.
    """

    def __init__(self, clock: Clock, may_act: Callable[[int, int], bool]) -> None:
        self._clock = clock
        self._may_act = may_act
        self._keys: dict[str, _Key] = {}
        self._seen: dict[str, Grant] = {}

    def add_key(self, key_id: str, public_pem: str, *, owner: int, roles: frozenset[str]) -> None:
        """Accept tokens signed with one more key."""
        public = CryptographyRSAKey(public_pem, _ALGORITHM)
        self._keys[key_id] = _Key(owner=owner, roles=roles, public=public)
        self._seen.clear()

    def verify(self, header: str | None) -> Grant:
        """Return what an `Authorization` header grants.

        Raises:
            RefusedError: 100, 447, 454, 455 or 456.
        """
        if header is None:
            raise RefusedError(AUTHORIZATION_FAILED, "No authorization given")
        grant = self._seen.get(header)
        if grant is None:
            grant = self._read(header)
            if len(self._seen) >= _MOST_CACHED:
                self._seen.clear()
            self._seen[header] = grant
        now = self._clock.now()
        if grant.expires - grant.issued > LONGEST_LIFE or grant.expires <= grant.issued:
            raise RefusedError(LIVES_TOO_LONG)
        if grant.issued > now:
            raise RefusedError(FROM_THE_FUTURE)
        if grant.expires <= now:
            raise RefusedError(EXPIRED)
        return grant

    def _read(self, header: str) -> Grant:
        scheme, _, token = header.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or token.count(".") != 2 or len(token) > _LONGEST_TOKEN:
            raise RefusedError(MALFORMED)
        try:
            head = jws.get_unverified_header(token)
        except (JOSEError, ValueError, RecursionError):
            raise RefusedError(MALFORMED) from None
        key_id = head.get("kid")
        if head.get("alg") != _ALGORITHM or not isinstance(key_id, str):
            raise RefusedError(MALFORMED)
        key = self._keys.get(key_id)
        if key is None:
            raise RefusedError(AUTHORIZATION_FAILED)
        try:
            payload = jws.verify(token, key.public, [_ALGORITHM])
        except JOSEError:
            raise RefusedError(AUTHORIZATION_FAILED) from None
        account_id, issued, expires = _claims(payload)
        if not self._may_act(key.owner, account_id):
            raise RefusedError(AUTHORIZATION_FAILED)
        return Grant(account_id=account_id, roles=key.roles, issued=issued, expires=expires)


def _claims(payload: bytes) -> tuple[int, float, float]:
    """Return `iss` (text or number), `iat` and `exp` of a verified payload."""
    try:
        claims = orjson.loads(payload)
        issuer, issued, expires = claims["iss"], claims["iat"], claims["exp"]
        account_id = int(issuer)
    except (ValueError, TypeError, KeyError, OverflowError):
        raise RefusedError(MALFORMED) from None
    if type(issuer) not in {int, str} or not {type(issued), type(expires)} <= {int, float}:
        raise RefusedError(MALFORMED)
    return account_id, issued, expires
