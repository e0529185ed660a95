"""The API's own description, read from the spec files that the client is generated from.

Only names, types, requiredness, roles and exclusive pairs come from there. What a command does is
written by hand in `_commands`, so that client and emulator read the wire independently.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson
from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["CommandSpec", "Parameter", "command_specs", "error_names"]

_NOT_GROUPS = frozenset({"common.json", "errors.json"})
_STRING_FORMATS = {"date": "date", "timestamp": "timestamp"}


@frozen(kw_only=True)
class Parameter:
    """Describe one parameter: its kind is int, str, bool, decimal, date, timestamp, ints or strs."""

    name: str
    kind: str
    required: bool


@frozen(kw_only=True)
class CommandSpec:
    """Describe one command; no roles means that every key may call it."""

    name: str
    parameters: tuple[Parameter, ...]
    exclusive: tuple[tuple[str, ...], ...]
    roles: frozenset[str]


@cache
def command_specs() -> Mapping[str, CommandSpec]:
    """Return every command of every group, by name. Reads the files once a process."""
    return MappingProxyType({spec.name: spec for spec in _read_groups()})


@cache
def error_names() -> Mapping[int, str]:
    """Return the name of every error number."""
    names = orjson.loads((files("voxsip") / "spec" / "errors.json").read_bytes())
    return MappingProxyType({int(code): str(name) for code, name in names.items()})


def _read_groups() -> Iterator[CommandSpec]:
    for entry in (files("voxsip") / "spec").iterdir():
        if entry.name.endswith(".json") and entry.name not in _NOT_GROUPS:
            document = orjson.loads(entry.read_bytes())
            for path in document.get("paths", {}).values():
                yield _read_operation(path["post"], document)


def _read_operation(operation: dict[str, Any], document: dict[str, Any]) -> CommandSpec:
    parameters = [_resolve(item, document) for item in operation.get("parameters", ())]
    return CommandSpec(
        name=operation["operationId"],
        parameters=tuple(
            Parameter(
                name=item["name"],
                kind=_kind(_resolve(item["schema"], document)),
                required=bool(item.get("required", False)),
            )
            for item in parameters
            if item.get("in", "query") == "query"
        ),
        exclusive=tuple(tuple(pair) for pair in operation.get("x-exclusive", ())),
        roles=frozenset(operation.get("x-roles", ())),
    )


def _resolve(item: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Follow a `$ref` within the same file; parameters use no others."""
    while "$ref" in item:
        target: Any = document
        for step in item["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        item = target
    return item


def _kind(schema: dict[str, Any]) -> str:
    match schema["type"]:
        case "integer":
            return "int"
        case "number":
            return "decimal"
        case "boolean":
            return "bool"
        case "array":
            return "ints" if schema["items"]["type"] == "integer" else "strs"
        case _:
            return _STRING_FORMATS.get(schema.get("format", ""), "str")
