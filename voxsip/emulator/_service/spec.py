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

from voxsip.spec.document import operations, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

_READS = ("Get", "Download", "Is", "Check")
_STRING_FORMATS = {"date": "date", "timestamp": "timestamp", "binary": "file"}


@frozen(kw_only=True)
class Parameter:
    """One parameter and its kind.

    The kind is int, str, bool, decimal, date, timestamp, json, file, ints or strs.

    With `all`, the word `all` stands for every one.
    """

    name: str
    kind: str
    required: bool
    all: bool = False


@frozen(kw_only=True)
class CommandSpec:
    """One command: no roles let every key call it; one that `reads` changes nothing."""

    name: str
    parameters: tuple[Parameter, ...]
    exclusive: tuple[tuple[str, ...], ...]
    roles: frozenset[str]
    reads: bool


@cache
def command_specs() -> Mapping[str, CommandSpec]:
    """Return every command of every group, by name. Reads the files once a process."""
    return MappingProxyType(
        {name: _command_spec(operation) for name, operation in operations().items()}
    )


@cache
def error_names() -> Mapping[int, str]:
    """Return the name of every error number."""
    names = orjson.loads((files("voxsip") / "spec" / "errors.json").read_bytes())
    return MappingProxyType({int(code): str(name) for code, name in names.items()})


def _command_spec(operation: dict[str, Any]) -> CommandSpec:
    return CommandSpec(
        name=operation["operationId"],
        parameters=tuple(
            Parameter(
                name=item["name"],
                kind=_kind(resolve(item["schema"])),
                required=bool(item.get("required", False)),
                all=bool(item.get("x-all", False)),
            )
            for item in operation.get("parameters", ())
            if item.get("in", "query") == "query"
        ),
        exclusive=tuple(tuple(pair) for pair in operation.get("x-exclusive", ())),
        roles=frozenset(operation.get("x-roles", ())),
        reads=operation["operationId"].removeprefix("SQ_").startswith(_READS),
    )


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
        case _ if schema.get("contentMediaType") == "application/json":
            return "json"
        case _:
            return _STRING_FORMATS.get(schema.get("format", ""), "str")
