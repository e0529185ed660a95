"""What a client is told: checked when it is made, so that nothing is left to fail at the first call."""

from __future__ import annotations

import ipaddress
import os
import ssl as ssl_module

from yarl import URL

from voxsip._auth.credentials import ServiceAccount, from_environment
from voxsip._auth.tokens import StaticToken, TokenCache, Tokens
from voxsip._errors import ConfigurationError

BASE_URL = "https://api.voximplant.com/platform_api"
BASE_URL_VARIABLE = "VOXIMPLANT_BASE_URL"

Credentials = str | os.PathLike[str] | ServiceAccount | None
Trust = str | os.PathLike[str] | ssl_module.SSLContext | None


def make_tokens(credentials: Credentials, token: str | None, account_id: int | None) -> Tokens:
    """Return the source of tokens that the arguments, or the environment, name.

    Raises:
        ConfigurationError: none, two, or broken ones.
    """
    if account_id is not None and (type(account_id) is not int or account_id < 1):
        raise ConfigurationError(f"account_id: expected a whole number above 0, got {account_id!r}")
    if credentials is not None and token is not None:
        raise ConfigurationError("give credentials or a token, not both")
    if token is None:
        found = from_environment() if credentials is None else credentials
        if isinstance(found, ServiceAccount):
            return TokenCache(found, account_id)
        if credentials is not None:
            return TokenCache(ServiceAccount.from_file(found), account_id)
        token = str(found)
    if account_id is not None:
        raise ConfigurationError(
            "account_id: a ready token names its account itself; leave account_id out"
        )
    if not token or not token.isascii() or any(c.isspace() for c in token):
        raise ConfigurationError("token: expected the token's text, without spaces or 'Bearer'")
    return StaticToken(token)


def make_base_url(base_url: str | None, *, allow_plain_http: bool) -> str:
    """Return the URL commands are appended to, with no slash at its end.

    Raises:
        ConfigurationError: no http(s) URL, or one that would carry tokens in clear to another machine.
    """
    text = os.environ.get(BASE_URL_VARIABLE) or BASE_URL if base_url is None else base_url
    try:
        url = URL(text)
    except (ValueError, TypeError):
        raise ConfigurationError("base_url: not a URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError("base_url: expected https://host/platform_api")
    if url.user or url.password or url.query_string or url.fragment:
        raise ConfigurationError("base_url: must hold no credentials, query or fragment")
    if url.scheme == "http" and not allow_plain_http and not _is_loopback(url.host):
        raise ConfigurationError(
            f"base_url: http:// to {url.host} would send the token in clear; use https://, or pass allow_plain_http=True"
        )
    return str(url).rstrip("/")


def make_trust(trust: Trust) -> ssl_module.SSLContext | None:
    """Return a context that verifies by the given CA file or as the given context does; None for the system's trust.

    Raises:
        ConfigurationError: a file that holds no certificates, or something else altogether.
    """
    if trust is None or isinstance(trust, ssl_module.SSLContext):
        return trust
    try:
        return ssl_module.create_default_context(cafile=os.fspath(trust))
    except TypeError:
        raise ConfigurationError(
            "ssl: expected the path of a CA file (PEM) or an ssl.SSLContext"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no certificates in it"
        raise ConfigurationError(
            f"ssl: cannot use {os.fspath(trust)} as a CA file: {reason}"
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
