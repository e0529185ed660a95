"""Replies made from the spec, for commands that the emulator keeps no state for.

They have every member that the spec knows, so that a client's models are tried; lists are empty. What is made so is
marked in the state page, since it says nothing of what the service would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.emulator._service.files import File
from voxsip.spec.document import operations, resolve

if TYPE_CHECKING:
    from voxsip.emulator._service.context import Context

SAMPLE_FILE = File(lambda: iter([b"sample\n"]))
_NONE_OF = frozenset({"total_count", "count"})
_TEXTS = {"date": "2026-01-31", "timestamp": "2026-01-31 12:00:00", "decimal": "0"}
_DEEPEST = 6


def is_file(command: str, values: dict[str, Any]) -> bool:
    """Returns whether a reply is a file, always or for the given `output`."""
    operation = operations()[command]
    if "application/json" not in operation["responses"]["200"]["content"]:
        return True
    variants = operation.get("x-variants", {}).values()
    return values.get("output") in {"csv", "xls"} and any(one.get("file") for one in variants)


def sample_reply(context: Context, command: str) -> dict[str, Any]:
    """Return a reply of a command, made from the spec."""
    content = operations()[command]["responses"]["200"]["content"]
    reply = _sample(content["application/json"]["schema"], context, _DEEPEST)
    if not isinstance(reply, dict):
        return {"result": reply}
    if reply.get("result") is False:  # would say that nothing was done
        reply["result"] = True
    return reply


def _sample(schema: dict[str, Any], context: Context, depth: int) -> Any:
    schema = resolve(schema)
    match schema.get("type"):
        case "object" if depth:
            return {
                name: 0 if name in _NONE_OF else _sample(member, context, depth - 1)
                for name, member in schema.get("properties", {}).items()
                if depth > 1 or name in schema.get("required", ())
            }
        case "object":
            return {}
        case "array":
            return []
        case "boolean":
            return False
        case "number":
            return 0
        case "integer":
            return int(context.account.clock.now()) if schema.get("format") == "unix" else 1
    return _TEXTS.get(schema.get("format", ""), "sample")
