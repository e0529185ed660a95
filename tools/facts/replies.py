"""Schemas of replies: one model per structure, one per whole reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.facts.corrections import EITHER, RETURN_TYPES, is_secret
from tools.facts.naming import model_name, reply_name
from tools.facts.types import Schema, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tools.facts.sources import Facts, Member
    from tools.facts.texts import Texts


def returns(command: str, entry: Mapping[str, Any]) -> list[Member]:
    """Return the members of a command's reply with their corrected types."""
    return [
        (name, RETURN_TYPES.get((command, name), kind), required)
        for name, kind, required in entry["returns"]
    ]


def structures_in(facts: Facts, kinds: list[str]) -> list[str]:
    """Return the structures that types mention, themselves and through others, in order of mention."""
    found: dict[str, None] = {}
    waiting = list(kinds)
    while waiting:
        name = waiting.pop(0).strip("[]")
        if name in facts.api["structs"] and name not in found:
            found[name] = None
            waiting += [kind for _, kind, _ in facts.members(name)]
    return list(found)


def structure_schema(
    facts: Facts, structure: str, texts: Texts, where: Callable[[str], str], present: Schema
) -> Schema:
    """Return the schema of a structure; what is present already wins."""
    name = model_name(structure)
    members = facts.members(structure)
    return {
        "type": "object",
        "description": texts.get(f"{name}:", present.get("description")),
        "x-structure": structure,
        "required": present.get("required", _identity(members)),
        "properties": _properties(name, members, texts, where, present.get("properties", {})),
    }


def reply_schema(
    command: str,
    entry: Mapping[str, Any],
    texts: Texts,
    where: Callable[[str], str],
    present: Schema,
) -> Schema:
    """Return the schema of a command's whole reply; what is present already wins."""
    members = returns(command, entry)
    name = reply_name(command)
    properties = _properties(name, members, texts, where, present.get("properties", {}))
    for member in properties:
        if (command, member) in EITHER:
            properties[member]["x-or-list"] = True
    needed = [
        member
        for member, kind, required in members
        if required
        and (member == "result" or (member.endswith("_id") and kind in {"number", "string"}))
    ]
    described = present.get("description") or _reply_text(members)
    return {
        "type": "object",
        "description": texts.get(f"{name}:", described),
        "required": present.get("required", needed),
        "properties": properties,
    }


def _reply_text(members: list[Member]) -> str:
    """Describe a reply by its shape."""
    if any(name == "result" and kind.startswith("[") for name, kind, _ in members):
        return "One page of the list."
    if all(name == "result" and kind in {"number", "boolean"} for name, kind, _ in members):
        return "That the command succeeded."
    return "What the command made or found."


def _identity(members: list[Member]) -> list[str]:
    """Name the member that no code can do without: the id that comes first."""
    return [name for name, _, required in members[:1] if required and name.endswith("_id")]


def _properties(
    name: str,
    members: list[Member],
    texts: Texts,
    where: Callable[[str], str],
    present: Mapping[str, Schema],
) -> dict[str, Schema]:
    found = {}
    for member, kind, _ in members:
        old = present.get(member)
        schema = _schema(kind, where)
        text = texts.get(f"{name}.{member}", old["description"] if old else _standard(member, kind))
        found[member] = schema | {"description": text}
        if is_secret(member) or (old and old.get("x-secret")):
            found[member]["x-secret"] = True
    return found


def _standard(member: str, kind: str) -> str | None:
    """Describe the members that nearly every reply has."""
    if member == "result" and kind == "number":
        return "1, as the command succeeded."
    if member == "result" and kind == "boolean":
        return "Whether the command succeeded."
    if member == "result" and kind.startswith("["):
        return "The items of this page."
    if member == "total_count":
        return "How many items there are over all pages."
    if member == "count":
        return "How many items this page has."
    return None


def _schema(kind: str, where: Callable[[str], str]) -> Schema:
    if kind.startswith("["):
        return {"type": "array", "items": _schema(kind[1:-1], where)}
    found = scalar(kind)
    return found if found is not None else {"$ref": where(kind)}
