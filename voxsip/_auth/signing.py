"""Signs tokens by RS256 with python-jose and its cryptography backend.

These libraries are imported with the first key, since importing cryptography is slow.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Protocol

from voxsip._lazy import IMPORTS
from voxsip._redaction.frames import clear_values
from voxsip._redaction.values import conceal

ALGORITHM = "RS256"


class Signer(Protocol):
    """Makes a JWT of claims."""

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the signed token in compact form (RFC 7519)."""
        ...


class JoseSigner:
    """Signs with an RSA key, parsed once.

    Args:
        private_key: The key in PEM, unencrypted.
        key_id: The key's id, sent in the header as `kid`.

    Raises:
        ValueError: The text is not an RSA private key; the error says why, without its content.
    """

    __slots__ = ("_headers", "_jws", "_key")

    def __init__(self, private_key: str, key_id: str) -> None:
        with IMPORTS:
            from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 - see module
            from jose import jws  # noqa: PLC0415 - see module
            from jose.backends.cryptography_backend import CryptographyRSAKey  # noqa: PLC0415 - see module

        private_key = conceal(private_key)
        try:
            key = CryptographyRSAKey(private_key, ALGORITHM)
        except Exception:
            key = None  # the parser's error may quote the key
        if key is None or not isinstance(key.prepared_key, RSAPrivateKey):
            raise ValueError(_why_unusable(private_key))
        self._key = key
        self._jws = jws
        self._headers = {"kid": key_id}

    def __repr__(self) -> str:
        return "JoseSigner(***)"

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return the signed token in compact form."""
        handled = sys.exception()
        try:
            return str(
                self._jws.sign(dict(claims), self._key, headers=self._headers, algorithm=ALGORITHM)
            )
        except BaseException as error:
            clear_values(error, handled)  # frames of the library hold the token
            raise


def _why_unusable(private_key: str) -> str:
    if "BEGIN" not in private_key:
        return "is not in PEM form (it starts with -----BEGIN PRIVATE KEY-----)"
    if "ENCRYPTED" in private_key:
        return "is encrypted; store it without a passphrase"
    if "PRIVATE KEY" not in private_key:
        return "is a public key or a certificate; the private key is needed"
    return "cannot be read as an RSA private key"
