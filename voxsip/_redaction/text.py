"""Secrets out of text that others will read.

Two nets: the values known to be secret in this call, in every spelling a gateway may echo, and the shapes
of secrets (bearer tokens, PEM blocks, parameters with telling names).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

HIDDEN = "***"
_SHAPES = (
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}"),
    re.compile(
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)",
        re.DOTALL,
    ),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
)
# A name starts at a word's start and has a bounded length, so that no text takes more than linear time.
_NAMED = re.compile(
    r"""(?ix) ( \b \w{0,40}?
        (?: password | passwd | secret | private_key | api_key | callback_salt | access_token | token ) \w{0,40}
        ["']? \s{0,8} [=:] \s{0,8} )
        ( " (?: [^"\\] | \\. )* (?: " | \\?\Z ) | ' (?: [^'\\] | \\. )* (?: ' | \\?\Z ) | [^\s&"'<>,;]+ )""",
    re.DOTALL,
)
_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|private_key|api_key|salt|token")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with secrets replaced by `***`.

    Arguments:
        text: anything the server or a library said.
        secrets: values known to be secret in this call.
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = _spellings(secret).sub(HIDDEN, text)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


@lru_cache(maxsize=1024)
def is_secret_name(name: object) -> bool:
    """Tell whether a parameter's or member's name says that its value is secret."""
    return isinstance(name, str) and _SECRET_NAME.search(name) is not None


def redact_details(details: object, secrets: Iterable[str] = ()) -> Any:
    """Return a JSON value with secrets replaced, by member name and by value."""
    secrets = tuple(secrets)
    if isinstance(details, str):
        return redact(details, secrets)
    if isinstance(details, list):
        return [redact_details(item, secrets) for item in details]
    if isinstance(details, Mapping):
        return {
            redact(str(name), secrets): HIDDEN
            if is_secret_name(str(name))
            else redact_details(value, secrets)
            for name, value in details.items()
        }
    return details


@lru_cache(maxsize=64)
def _spellings(secret: str) -> re.Pattern[str]:
    """Match a secret as it is, percent-encoded, JSON-escaped or HTML-escaped, each character for itself."""
    return re.compile("".join(map(_spellings_of_one, secret)))


def _spellings_of_one(character: str) -> str:
    if character.isascii() and (character.isalnum() or character in "-_."):
        return re.escape(character)  # nobody escapes these
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
    )  # or the rest of an escape would be left over
    return f"(?:{'|'.join(longest_first)})"
