r"""Text that servers and files send us, made fit for terminals, logs and tables.

An escape sequence in an error text can rename a terminal's window, fill its clipboard or overwrite what stands on
the screen; a line break can forge a line of a log. So whatever is shown to people shows them as `\x1b` and `\n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Control characters, direction marks, separators of lines, invisible operators, byte-order mark, lone surrogates.
_UNSEEN = "\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff"
_ALL = re.compile(f"[{_UNSEEN}]")
_BUT_LINES = re.compile(f"(?![\\n\\t])[{_UNSEEN}]")


def printable(text: str, *, keep_lines: bool = False) -> str:
    r"""Return the text with what cannot be seen written as an escape, such as `\x1b`.

    Args:
        text: Anything.
        keep_lines: Leave line breaks and tabs as they are: the text is a message of several lines.
    """
    if text.isprintable():
        return text
    return (_BUT_LINES if keep_lines else _ALL).sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def nearest(name: str, known: Iterable[str], similar: float) -> str | None:
    """Return the known name that an unknown one comes closest to, for "did you mean …?"; None if none is close.

    Args:
        name: The unknown name.
        known: The names there are.
        similar: The similarity from which on one is close, from 0 to 1, as `difflib` counts it.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    return next(iter(get_close_matches(name, known, 1, similar)), None)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "2,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
