"""Recognizes names, hosts and passwords that cannot work, in rows of programs and of files and in single calls.

A row is checked when it is made, a command when its arguments are encoded, so such a text is never sent. Each of these
has been bought by mistake: a name with a line break or a zero-width space in it, a host with `https://` before it, and
the `nan` or `NULL` of an empty cell in a data frame or a database.
"""

from __future__ import annotations

import re
import unicodedata

_MISSING = frozenset({
    "nan", "+nan", "-nan", "null", "none", "<na>", "na", "n/a", "#n/a", "#na", "nat", "undefined",
    "#null!", "#ref!", "#value!", "#name?", "#div/0!", "#num!",
})  # fmt: skip
_PEOPLE = frozenset({"na"})
"""Words that may be the name of a person; R and spreadsheets write them for "no value" in capitals only."""
_HOSTS = frozenset({"proxy", "outbound_proxy"})
_LOGINS = frozenset({"sip_username", "auth_user"})
# A host may be followed by its port: "sip:5060" names the host sip.
_SCHEME = re.compile(
    r"(?i)\s*[a-z][a-z0-9+.-]*://|\s*(?:sips?|https?|tel|udp|tcp|tls|wss?):(?!\d+$)"
)
_SIP_URI = re.compile(r"(?i)\s*(?:sips?|tel):(?=.)|\s*[a-z][a-z0-9+.-]*://")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def is_missing(text: str) -> bool:
    """Returns whether programs write this text for no value, such as `nan` or `NULL`."""
    text = text.strip()
    folded = text.casefold()
    return folded in _MISSING and (folded not in _PEOPLE or text.isupper())


def problem_of(column: str, text: str, *, secret: bool = False) -> str | None:
    """Return why a text cannot work in a column, and the remedy; None if it can.

    Args:
        column: The column's name in the API.
        text: The value, not empty.
        secret: Whether the value is a password: only line ends and other control characters are certain
            mistakes in it, and the result quotes nothing of it.

    Returns:
        "problem; remedy", or None.
    """
    if not text.isprintable():
        for place, character in enumerate(text, 1):
            category = unicodedata.category(character)
            if category == "Cc" if secret else category in _INVISIBLE:
                return _unseen(character, category, None if secret else place)
    if is_missing(text):
        what = "it is" if secret else f"{text.strip()!r} is"
        also = ", or name it by its id" if column.endswith("_name") else ""
        return f"{what} what programs write for no value; leave it empty{also}"
    if column in _HOSTS and (scheme := _SCHEME.match(text)):
        return _with_scheme(text, scheme.end(), "a host")
    if column in _LOGINS and (scheme := _SIP_URI.match(text)):
        return _with_scheme(text, scheme.end(), "a name")
    return None


def _unseen(character: str, category: str, place: int | None) -> str:
    code = ord(character)
    known = _NAMES.get(character) or unicodedata.name(character, "").lower()
    if category == "Cs":
        known = "half a character"
    name = f"U+{code:04X}" + (f" ({known})" if known else "")
    at = "" if place is None else f" at character {place}"
    return f"holds {name}, which nobody sees{at}; remove it"


def _with_scheme(text: str, end: int, wanted: str) -> str:
    rest = text[end:].split("/", 1)[0].rpartition("@")
    bare = (rest[0] or rest[2]) if wanted == "a name" else rest[2]
    bare = bare.partition(";")[0].strip()
    remedy = f"write {bare!r}" if bare else f"write {wanted} alone"
    return f"{text[:end].strip()!r} stands before {wanted}; {remedy}"


_NAMES = {
    "\0": "NUL", "\t": "a tab", "\n": "a line break", "\r": "a line break", "\x1b": "ESC",
    "\x7f": "DEL", "\x0b": "a line break", "\x0c": "a page break", "\x85": "a line break",
    "\u2028": "a line break", "\u2029": "a line break",
}  # fmt: skip
