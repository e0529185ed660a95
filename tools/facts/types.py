"""Wire types of the facts as JSON schemas."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "number": {"type": "integer"},
    "fraction": {"type": "number"},
    "decimal": {"type": "number", "format": "decimal"},
    "decimal-text": {"type": "string", "format": "decimal"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "timestamp"},
    "unix": {"type": "integer", "format": "unix"},
    "file": {"type": "string", "format": "binary"},
    "json": {"type": "string", "contentMediaType": "application/json"},
}
_LISTS = {"intlist": "integer", "stringlist": "string"}


def scalar(kind: str) -> Schema | None:
    """Return the schema of a wire type that is no structure and no list."""
    found = _SCALARS.get(kind)
    return None if found is None else dict(found)


def parameter_schema(kind: str) -> Schema:
    """Return the schema of a parameter's wire type."""
    if kind in _LISTS:
        return {"type": "array", "items": {"type": _LISTS[kind]}, "x-join": ";"}
    return dict(_SCALARS[kind])
