"""Chooses the source of a client's tokens: its arguments, or the environment."""

from __future__ import annotations

import os

from voxsip._auth.credentials import ServiceAccount, from_environment
from voxsip._auth.tokens import StaticToken, TokenCache, Tokens
from voxsip._clock import SYSTEM, Clock
from voxsip._errors import ConfigurationError
from voxsip._printable import brief

Credentials = str | os.PathLike[str] | ServiceAccount | None


def make_tokens(
    credentials: Credentials, token: str | None, account_id: int | None, clock: Clock = SYSTEM
) -> Tokens:
    """Return the source of tokens that the arguments, or the environment, name.

    Raises:
        ConfigurationError: No credentials are given, or credentials and a token, or they are broken.
    """
    if account_id is not None and (type(account_id) is not int or account_id < 1):
        raise ConfigurationError(
            f"account_id: expected a whole number above 0, got {brief(account_id)}"
        )
    if credentials is not None and token is not None:
        raise ConfigurationError("give credentials or a token, not both")
    if token is None:
        found = from_environment() if credentials is None else credentials
        if isinstance(found, ServiceAccount):
            return TokenCache(found, account_id, clock=clock)
        if credentials is not None:
            return TokenCache(ServiceAccount.from_file(found), account_id, clock=clock)
        token = os.fspath(found)
    if account_id is not None:
        raise ConfigurationError(
            "account_id: a ready token names its account itself; leave account_id out"
        )
    given: object = token  # a value of a wrong type is `Hidden` here
    if (
        not isinstance(given, str)
        or not token
        or not token.isascii()
        or any(c.isspace() for c in token)
    ):
        raise ConfigurationError("token: expected the token's text, without spaces or 'Bearer'")
    return StaticToken(token)
