"""`voxsip spec`: the API as one OpenAPI document."""

from __future__ import annotations

import sys

import orjson


def spec() -> int:
    """Print the Management API, as voxsip knows it, as one OpenAPI 3.1 document."""
    from voxsip.spec.document import document  # noqa: PLC0415 - reads 30 files

    text = orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    sys.stdout.write(text.decode())
    return 0
