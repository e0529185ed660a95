"""Recognizes values given as a path that may be the content of a file.

Passing `"$(cat credentials.json)"` instead of the path is a common mistake, and an error that quoted the path would
show the key. A value that is not certainly a path is not quoted.
"""

from __future__ import annotations

import re

LONGEST = 200
"""The most characters of a path that is quoted: a token and a key are longer."""
_CONTENT = re.compile(
    r"[\x00-\x1f\x7f{}\"]|-----|\\n|PRIVATE KEY|^\s*(?:eyJ|ewo|ewog|MII|Bearer\b|sk-)"
)


def is_content(value: str) -> bool:
    """Returns whether a value looks like a file's content or a secret, not a path."""
    return len(value) > LONGEST or _CONTENT.search(value) is not None
