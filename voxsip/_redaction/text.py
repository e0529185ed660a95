"""Removes secrets from text that is logged or shown.

Two checks: the values known to be secret in this call, in every spelling that a gateway may echo, and the patterns of
secrets (bearer tokens, PEM blocks, parameters named like `password`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

HIDDEN = "***"
CUT = "..."
DEEPEST = 20
MOST_DETAILS = 1000
LONGEST_DETAILS = 16_000
LONGEST_NAME = 200
LONGEST_SPELLING = 12
"""The most characters that one character of a secret takes if it is escaped."""
_SHAPES = (
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}"),
    re.compile(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        re.DOTALL,
    ),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
)
# Names start at a word boundary and have a bounded length: matching takes linear time on any text.
_NAMED = re.compile(
    r"""(?ix) ( \b \w{0,40}?
        (?: password | passwd | secret | private_key | api_key | callback_salt | access_token | token ) \w{0,40}
        ["']? \s{0,8} [=:] \s{0,8} )
        ( " (?: [^"\\] | \\. )* (?: " | \\?\Z ) | ' (?: [^'\\] | \\. )* (?: ' | \\?\Z ) | [^\s&"'<>,;]+ )""",
    re.DOTALL,
)
# The id or the name of a secret is not secret. A test compares this with the secret parameters of the spec.
_SECRET_NAME = re.compile(
    r"(?i)password|passwd|secret(?!_id|_name)|private_key|api_key|server_key|salt|token"
    r"|json_credentials|cert_content|service_account_file|verification_code|session_access_(?:secure_)?url"
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with secrets replaced by `***`.

    Args:
        text: A text from the server or a library.
        secrets: The values known to be secret in this call.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = _spellings(secret).sub(HIDDEN, text)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


_redact_again = lru_cache(maxsize=1024)(redact)  # many rows of a job fail with the same words


def redact_start(text: str, secrets: Iterable[str], size: int) -> str:
    """Return the first characters of a text with secrets replaced.

    The time does not grow with the length of the text. A secret that is cut off would not be recognized, so a text that
    is cut loses as many characters at its end as the longest secret could take.

    Args:
        text: A text from the server or a library, of any length.
        secrets: The values known to be secret in this call.
        size: The most characters to return.
    """
    secrets = tuple(secrets)
    longest = LONGEST_SPELLING * max(map(len, secrets), default=0)
    read = size + 2 * longest
    shown = _redact_again(text[:read], secrets)
    return shown[:size] if len(text) <= read else shown[: max(0, len(shown) - longest)][:size]


@lru_cache(maxsize=256)  # rows ask for the same few names
def is_secret_name(name: object) -> bool:
    """Returns whether a parameter or member of this name holds a secret."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def redact_details(details: object, secrets: Iterable[str] = ()) -> Any:
    """Return a JSON value with secrets replaced, cut to a size that can be shown.

    A secret is recognized by the name of its member or by its value. Values nested deeper than `DEEPEST`, and those
    after `MOST_DETAILS` values or `LONGEST_DETAILS` characters, are replaced by "...".
    """
    return _Details(tuple(secrets)).shown(details, DEEPEST)


class _Details:
    """The limits of one JSON value: how many values and characters are left."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self._values = MOST_DETAILS
        self._characters = LONGEST_DETAILS

    def shown(self, value: object, depth: int) -> Any:
        self._values -= 1
        if isinstance(value, str):
            return self._text(value)
        if not isinstance(value, list | Mapping):
            return value
        if depth == 0:
            return CUT
        if isinstance(value, list):
            items = [self.shown(item, depth - 1) for item in islice(value, self._left)]
            return items if len(items) == len(value) else [*items, CUT]
        members: dict[str, Any] = {}
        for name, member in islice(value.items(), self._left):
            secret = is_secret_name(str(name)[:LONGEST_NAME])
            shown = self._text(str(name))
            members[shown] = HIDDEN if secret else self.shown(member, depth - 1)
        return members if len(members) == len(value) else {**members, CUT: CUT}

    @property
    def _left(self) -> int:
        return max(0, self._values)

    def _text(self, text: str) -> str:
        if self._characters <= 0 and text:
            return CUT
        shown = redact_start(text, self._secrets, self._characters)
        self._characters -= len(shown)
        return shown


@lru_cache(maxsize=64)
def _spellings(secret: str) -> re.Pattern[str]:
    """Return a pattern of a secret, each character plain or escaped in any way.

    Escapes are those of URLs, JSON, HTML and Python.
    """
    return re.compile("".join(map(_spellings_of_one, secret)))


def _spellings_of_one(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "-_."):
        return re.escape(character)  # these are never escaped
    import html  # noqa: PLC0415 - a large module, and only failures need it

    percent = "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))
    units = character.encode("utf-16-be", "replace")
    escaped = "".join(rf"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    code = ord(character)
    ways = {
        re.escape(character),
        rf"(?i:{percent})",
        rf"(?i:{escaped})",
        rf"(?i:&\#(?:0*{code}|x0*{code:x});)",
        re.escape(html.escape(character)),
        re.escape(repr(character)[1:-1]),
        re.escape(json.dumps(character)[1:-1]),
        rf"\\{re.escape(character)}",
    }
    if character == " ":
        ways.add(r"\+")
    longest_first = sorted(
        ways, key=len, reverse=True
    )  # a shorter match would leave the rest of an escape
    return f"(?:{'|'.join(longest_first)})"
