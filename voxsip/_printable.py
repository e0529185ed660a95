r"""Makes text from servers and files safe to show in terminals, logs and tables.

An escape sequence in an error text can rename a terminal's window, fill its clipboard or overwrite the screen; a line
break can forge a line of a log. So text that is shown to people has them as `\x1b` and `\n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Control characters, direction marks, separators of lines, invisible operators, byte-order mark, lone surrogates.
_UNSEEN = "\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff"
LONGEST_SHOWN = 60
_ALL = re.compile(f"[{_UNSEEN}]")
_BUT_LINES = re.compile(f"(?![\\n\\t])[{_UNSEEN}]")


def printable(text: str, *, keep_lines: bool = False) -> str:
    r"""Return the text with invisible characters as escapes, such as `\x1b`.

    Args:
        text: The text.
        keep_lines: Whether to leave line breaks and tabs as they are, for messages of several lines.
    """
    if text.isprintable():
        return text
    return (_BUT_LINES if keep_lines else _ALL).sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def brief(value: object) -> str:
    """Return a wrong value as an error shows it: its repr, cut short."""
    try:
        text = repr(value)
    except Exception:  # such as a whole number of 5000 digits
        return type(value).__name__
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def nearest(name: str, known: Iterable[str], similar: float) -> str | None:
    """Return the known name most similar to another, in upper or lower case, or None.

    Args:
        name: The unknown name.
        known: The known names.
        similar: The least similarity, from 0 to 1, as `difflib` measures it.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    by_key = {one.casefold(): one for one in known}
    return next(
        (by_key[key] for key in get_close_matches(name.casefold(), by_key, 1, similar)), None
    )


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 row", "2,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
