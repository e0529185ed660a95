"""When two registrations are the same: by SIP user name and proxy."""

from __future__ import annotations

import unicodedata


def login_key(sip_username: str, proxy: str) -> str:
    """Return what two logins share if a server might take one for the other."""
    user, host = sip_username.strip(), proxy.strip()
    if not (user.isascii() and host.isascii()):
        user, host = unicodedata.normalize("NFC", user), unicodedata.normalize("NFC", host)
    host = host.casefold().removesuffix(":5060").rstrip(".")
    return f"{user.casefold()}\0{host}"


def same_login(one_user: str, one_proxy: str, other_user: str, other_proxy: str) -> bool:
    """Return whether two logins that share a key are certainly the same."""
    return one_user == other_user and one_proxy.casefold() == other_proxy.casefold()
