"""Recognizes values given as a path that may be the content of a file.

Passing `"$(cat credentials.json)"` instead of the path is a common mistake, and an error that quoted the path would
show the key. A value that is not certainly a path is not quoted.
"""

from __future__ import annotations

import os
import re

from voxsip._errors import InvalidArgumentError

LONGEST = 200
"""The most characters of a path that is quoted: a token and a key are longer."""
_CONTENT = re.compile(
    r"[\x00-\x1f\x7f{}\"]|-----|\\n|PRIVATE KEY|^\s*(?:eyJ|ewo|ewog|MII|Bearer\b|sk-)"
)


def is_content(value: str) -> bool:
    """Returns whether a value looks like a file's content or a secret, not a path."""
    return len(value) > LONGEST or _CONTENT.search(value) is not None


def path_text(name: str, path: object, wanted: str = "a path") -> str:
    """Return a path as text.

    Args:
        name: The argument that the path was given as.
        path: The value that was given.
        wanted: A phrase for the expected value, for the error.

    Raises:
        InvalidArgumentError: It is no path, or one that no file can have. The error does not show it.
    """
    found = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(found, str):
        raise InvalidArgumentError(
            f"{name}: expected {wanted}, got {type(path).__name__}", field=name
        )
    try:
        fits = "\0" not in found and os.fsencode(found) is not None
    except UnicodeEncodeError:
        fits = False
    if not fits:
        raise InvalidArgumentError(
            f"{name}: it holds a character that no path has; give the path of a file", field=name
        )
    return found
