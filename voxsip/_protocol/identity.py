"""Decides whether two purchases mean the same registration; docs/bulk-ordering.md explains the rule to users.

Registrations of two accounts are different. Within an account, a registration is identified by its SIP user name and
proxy. Two are *equal* if both are written the same; *near* if only the spelling differs (case, spaces around, Unicode
form, `sip:` in front, `:5060` or a dot at the end of the host), so that a service may store them as one registration;
else they are different. A registration that is near another is never bought on a guess.

Used by the check of files, the engine's keys, lookups and `skip_unchanged`. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache

DEFAULT_PORT = ":5060"
LARGEST_ID = 2**63 - 1
"""Ids are signed 64-bit numbers on the wire."""
_SCHEMES = ("sip:", "sips:")


def fold_name(name: str) -> str:
    """Return the common form of all spellings of a name."""
    if name.isascii():
        return name.strip().lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    visible = (sign for sign in text if unicodedata.category(sign) != "Cf")
    return "".join(visible).strip()


@lru_cache(maxsize=1024)  # many registrations, few servers
def fold_host(host: str) -> str:
    """Return the common form of all spellings of a SIP server's address."""
    text = fold_name(host)
    for scheme in _SCHEMES:
        text = text.removeprefix(scheme)
    text = text.removesuffix(DEFAULT_PORT).rstrip(".").strip()
    if text.isascii():
        return text
    try:
        return text.encode("idna").decode()
    except UnicodeError:
        return text


def fold_login(sip_username: str, proxy: str) -> tuple[str, str]:
    """Return the key that is the same for equal and near registrations only."""
    return fold_name(sip_username), fold_host(proxy)


def login_key(sip_username: str, proxy: str) -> str:
    """Return `fold_login` as one text, where memory matters."""
    return "\0".join(fold_login(sip_username, proxy))


def fold_of(parameter: str) -> Callable[[str], str]:
    """Return the function that folds the values of this parameter."""
    return fold_host if parameter == "proxy" else fold_name


def are_near(pairs: Iterable[tuple[str, object, object]]) -> bool:
    """Returns whether values are equal or differ only in spelling.

    Args:
        pairs: The parameter, the wanted value and the value found, for each comparison. A value found that is None,
            because the service left it out, matches every wanted one.
    """
    return all(_near(fold_of(name), one, other) for name, one, other in pairs)


def spellings(name: str) -> tuple[str, ...]:
    """Return the spellings in which a service may store a user name, as given first."""
    found = {name: None}
    for change in (str.strip, _nfc, _nfd, str.lower, fold_name):
        for text in list(found):
            found[change(text)] = None
    return tuple(found)


def in_capitals(name: str) -> tuple[str, ...]:
    """Return the spellings of a user name in capitals, as few services store it."""
    return tuple(dict.fromkeys(map(str.upper, spellings(name))))


def _near(fold: Callable[[str], str], one: object, other: object) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one == other or fold(one) == fold(other)
    if other is None:  # the service may leave it out
        return True
    if isinstance(one, str) and type(other) is int:  # a name of digits, sent as a number
        return fold(one) == str(other)
    return one == other


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)
