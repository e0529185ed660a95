"""Fingerprints of rows and of a whole input, made without any secret in them.

A digest of a password can be guessed back by trying passwords, so secrets take no part: a row whose
password alone changed has the digest it had before. Formatting takes no part either: a digest covers
names and values, whatever the order, quoting or file format they came in.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import blake2b

import orjson

DIGEST_SIZE = 16
"""Bytes of a row's digest: enough that two rows of a billion never share one by accident."""

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def row_digest(params: Mapping[str, object], secret: Collection[str] = ()) -> bytes:
    """Return the digest of a row's parameters.

    Args:
        params: names and values; None counts as absent. Dates and decimals count by their text.
        secret: names of parameters that must take no part.
    """
    known = {
        name: value for name, value in params.items() if value is not None and name not in secret
    }
    try:
        text = orjson.dumps(known, str, _OPTIONS)
    except (
        orjson.JSONEncodeError
    ):  # beyond 64 bits, or half a character: a row that will fail, later
        text = json.dumps(known, default=str, sort_keys=True).encode()
    return blake2b(text, digest_size=DIGEST_SIZE).digest()


class InputChecksum:
    """The checksum of a whole input: its rows' digests in order.

    Made of digests and not of a file's bytes, because the bytes hold passwords.
    """

    __slots__ = ("_hash", "rows")

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=DIGEST_SIZE)
        self.rows = 0

    def add(self, digest: bytes) -> None:
        """Take the next row's digest."""
        self._hash.update(digest)
        self.rows += 1

    def hexdigest(self) -> str:
        """Return the checksum of the rows so far."""
        return self._hash.hexdigest()
