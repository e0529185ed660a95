"""`voxsip token`."""

from __future__ import annotations

from voxsip.cli._connection import DEFAULT, Connection


def token(*, connection: Connection = DEFAULT) -> int:
    """Print a fresh token, to call the API by hand with `Authorization: Bearer …`.

    It lives for an hour at most. Nothing is sent.
    """
    print(connection.client().bearer())
    return 0
