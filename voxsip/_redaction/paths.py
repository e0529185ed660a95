"""Values that stand where a path is wanted, and may be the content of the file instead.

`"$(cat credentials.json)"` in place of its path is a common slip, and a message that quotes a path then shows the
key. What cannot be told from a path for sure is not quoted.
"""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a path that is quoted: a token, an encoded key or a key's text is longer."""
_CONTENT = re.compile(
    r"[\x00-\x1f\x7f{}\"]|-----|\\n|PRIVATE KEY|^\s*(?:eyJ|ewo|ewog|MII|Bearer\b|sk-)"
)


def is_content(value: str) -> bool:
    """Returns whether a value looks like a file's content, or a secret, and not like its path."""
    return len(value) > LONGEST or _CONTENT.search(value) is not None
