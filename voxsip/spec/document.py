"""Makes one OpenAPI 3.1 document of the whole API from the files of the groups."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import orjson

_NOT_GROUPS = frozenset({"common.json", "errors.json"})
ERROR = "#/components/schemas/ErrorReply"
FILE = "application/octet-stream"


@cache
def operations() -> dict[str, dict[str, Any]]:
    """Return every command's operation by name; its references are to `schemas()`."""
    found: dict[str, dict[str, Any]] = {}
    for group in _groups():
        for path in group["paths"].values():
            found[path["post"]["operationId"]] = path["post"]
    return dict(sorted(found.items()))


@cache
def attributes() -> dict[str, str]:
    """Return, by command name, the attribute of a client that the command belongs to."""
    return {
        path["post"]["operationId"]: name.removesuffix(".json")
        for name, group in zip(_names(), _groups(), strict=True)
        for path in group["paths"].values()
    }


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema of every group by name; names are unique."""
    found: dict[str, dict[str, Any]] = dict(_read("common.json")["components"]["schemas"])
    for group in _groups():
        found.update(group.get("components", {}).get("schemas", {}))
    return dict(sorted(found.items()))


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that a reference names, or the schema itself."""
    while "$ref" in schema:
        schema = schemas()[schema["$ref"].rpartition("/")[2]]
    return schema


def document() -> dict[str, Any]:
    """Return one OpenAPI 3.1 document of all groups.

    A refusal has status 200 as well, so every JSON reply of status 200 may be an error. The reply of a command that can
    return a file, if its parameter `output` asks for one, has that content type too.
    """
    groups = list(_groups())
    paths = {
        f"/{name}": {"post": _with_errors(operation)} for name, operation in operations().items()
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Voximplant Management API, as voxsip knows it",
            "version": groups[0]["info"]["version"],
            "description": f"{len(paths)} commands of {len(groups)} groups.",
        },
        "servers": groups[0]["servers"],
        "tags": [tag for group in groups for tag in group["tags"]],
        "paths": _local(paths),
        "components": {
            "schemas": _local(schemas()),
            "securitySchemes": _read("common.json")["components"]["securitySchemes"],
        },
    }


def _with_errors(operation: dict[str, Any]) -> dict[str, Any]:
    done = operation["responses"]["200"]
    content = {
        kind: {"schema": {"anyOf": [body["schema"], {"$ref": ERROR}]}}
        if kind == "application/json"
        else body
        for kind, body in done["content"].items()
    }
    if any(variant.get("file") for variant in operation.get("x-variants", {}).values()):
        content[FILE] = {"schema": {"type": "string", "format": "binary"}}
    if "application/json" not in content:
        content["application/json"] = {"schema": {"$ref": ERROR}}
    responses = {**operation["responses"], "200": {**done, "content": content}}
    return {**operation, "responses": responses}


def _local(value: Any) -> Any:
    """Return the value with all references made local to the document."""
    if isinstance(value, dict):
        return {
            name: f"#/components/{item.rpartition('#/components/')[2]}"
            if name == "$ref" and isinstance(item, str)
            else _local(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_local(item) for item in value]
    return value


@cache
def _groups() -> tuple[dict[str, Any], ...]:
    return tuple(map(_read, _names()))


def _names() -> list[str]:
    names = sorted(entry.name for entry in (files("voxsip") / "spec").iterdir())
    return [name for name in names if name.endswith(".json") and name not in _NOT_GROUPS]


@cache
def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads((files("voxsip") / "spec" / name).read_bytes())
    return found
