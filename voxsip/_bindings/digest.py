"""Digests of rows and checksums of inputs, made without any secret in them.

A digest of a password can be guessed back by trying passwords, so secrets take no part: a row whose
password alone changed has the digest it had before. Formatting takes no part either: a digest covers
names and values, whatever the order, quoting or file format they came in.
"""

from __future__ import annotations

from functools import partial
from hashlib import blake2b

import orjson

from voxsip._bindings.rows import SECRET_COLUMNS, Request

DIGEST_SIZE = 16
"""Bytes of a row's digest: enough that two rows of a billion never share one by accident."""
new_checksum = partial(blake2b, digest_size=DIGEST_SIZE)
"""Begins the checksum of an input: it is updated with the digest of each row, in order."""


def digest_of(values: object) -> bytes:
    """Return the digest of JSON-able values, in whatever order their names come."""
    return blake2b(
        orjson.dumps(values, None, orjson.OPT_SORT_KEYS), digest_size=DIGEST_SIZE
    ).digest()


def row_digest(row: Request) -> bytes:
    """Return the digest of a row: of the values that it has, by name."""
    values = row.params()
    if row.account_id is not None:
        values["account_id"] = row.account_id
    for name in SECRET_COLUMNS:
        values.pop(name, None)
    return digest_of(values)
