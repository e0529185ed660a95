"""The one identity rule, as planning uses it: one key for all spellings of a login."""

from __future__ import annotations

from functools import lru_cache

from voxsip._protocol.identity import fold_host, fold_name

# Many registrations, few servers.
_fold_host = lru_cache(maxsize=1024)(fold_host)


def login_key(sip_username: str, proxy: str) -> str:
    """Return what two logins share if a server might take one for the other."""
    return f"{fold_name(sip_username)}\0{_fold_host(proxy)}"


def same_host(one: str, other: str) -> bool:
    """Return whether two addresses of a server differ in spelling at most."""
    return one == other or _fold_host(one) == _fold_host(other)
