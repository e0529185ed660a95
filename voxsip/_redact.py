"""Secrets out of text that others will read.

Two nets: the values known to be secret in this call, in every spelling a gateway may echo, and the shapes
of secrets (bearer tokens, PEM blocks, parameters with telling names).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "***"
_SHAPES = (
    re.compile(r"eyJ[\w-]{8,}(?:\.[\w-]*){0,2}"),
    re.compile(
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
    ),
    re.compile(r"(?i)(?<=bearer )[\w.~+/=-]+"),
)
_NAMED = re.compile(
    r"""(?ix) ( \w* (?:password|passwd|secret|private_key|api_key|callback_salt|access_token|token) \w*
        ["']? \s* [=:] \s* ) ( "[^"]*" | '[^']*' | [^\s&"'<>,;]+ )"""
)
_SECRET_NAME = re.compile(r"(?i)password|passwd|secret|private_key|api_key|salt|token")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text with secrets replaced by `***`.

    Arguments:
        text: anything the server or a library said.
        secrets: values known to be secret in this call.
    """
    for secret in sorted(_spellings(secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return _NAMED.sub(rf"\1{HIDDEN}", text)


def is_secret_name(name: str) -> bool:
    """Tell whether a parameter's or member's name says that its value is secret."""
    return _SECRET_NAME.search(name) is not None


def redact_details(details: object, secrets: Iterable[str] = ()) -> Any:
    """Return a JSON value with secrets replaced, by member name and by value."""
    secrets = tuple(secrets)
    if isinstance(details, str):
        return redact(details, secrets)
    if isinstance(details, list):
        return [redact_details(item, secrets) for item in details]
    if isinstance(details, Mapping):
        return {
            name: HIDDEN if is_secret_name(str(name)) else redact_details(value, secrets)
            for name, value in details.items()
        }
    return details


def _spellings(secrets: Iterable[str]) -> set[str]:
    spellings = set()
    for secret in secrets:
        spellings |= {
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            html.escape(secret),
            repr(secret)[1:-1],
        }
    return spellings - {""}
