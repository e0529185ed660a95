"""Service-account keys: an RSA pair, and the credentials file that a client is given.

Making an RSA pair costs a tenth of a second and more, so one pair serves a whole process and the
keys of its emulators differ by `key_id` only. Good enough for a server that guards nothing; a
signature by any other pair is refused.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import TYPE_CHECKING

import orjson
from attrs import field, frozen
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

if TYPE_CHECKING:
    from pathlib import Path

_BITS = 2048
_lock = threading.Lock()


@frozen(kw_only=True)
class KeyPair:
    """Hold both halves of a key as PEM text."""

    private: str = field(repr=False)
    public: str


def key_pair() -> KeyPair:
    """Return this process's key pair; the first call makes it."""
    with _lock:
        return _make()


@cache
def _make() -> KeyPair:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private=private.decode(), public=public.decode())


def write_credentials(path: Path, *, account_id: int, email: str, key_id: str, pem: str) -> Path:
    """Write a credentials file that only its owner can read."""
    document = {
        "account_email": email,
        "account_id": account_id,
        "key_id": key_id,
        "private_key": pem,
    }
    return write_private(path, orjson.dumps(document, option=orjson.OPT_INDENT_2))


def write_private(path: Path, content: bytes) -> Path:
    """Write a file with mode 0600 from its first byte on, whatever was there before."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return path
