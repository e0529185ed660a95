"""Operations: a command with its parameters and all that the spec's `x-` members say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.facts import corrections
from tools.facts.naming import reference, reply_name
from tools.facts.types import Schema, parameter_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.facts.sources import Facts
    from tools.facts.texts import Texts

KEPT = ("x-exclusive", "x-requires", "x-errors", "x-roles")
"""Members that stay as they are in a command that is described already."""
PAGE = 1000


def operation(
    facts: Facts, group: str, command: str, entry: Mapping[str, Any], texts: Texts, present: Schema
) -> Schema:
    """Return the operation of a command; what is present already wins."""
    names = facts.names["commands"][command]
    retry = facts.retry["commands"][command]
    extensions = {
        **_methods(command, names, entry, texts, present),
        **({"x-names": present["x-names"]} if "x-names" in present else {}),
        "x-retry": "create" if retry["class"] == "unknown" else retry["class"],
        **_behaviour(command, retry),
        **({} if present else _rules(facts, command, entry)),
        **{key: present[key] for key in KEPT if key in present},
        **_paging(facts, command, entry, names),
        **({"x-file": True} if names["returns"] == "file" else {}),
    }
    if "x-lookup" in present:
        extensions["x-lookup"] = present["x-lookup"]
    if "x-roles" not in extensions and command in facts.api["roles"]:
        extensions["x-roles"] = facts.api["roles"][command]
    parameters = _parameters(facts, command, entry, texts, present)
    if any(item["schema"].get("format") == "binary" for item in parameters):
        extensions["x-body"] = "multipart"
    elif command in corrections.FORM or any(item.get("x-secret") for item in parameters):
        extensions["x-body"] = "form"
    return {
        "operationId": command,
        "tags": [group],
        "summary": texts.get(f"{command}:summary", present.get("summary")),
        "description": texts.get(f"{command}:description", present.get("description")),
        "externalDocs": {"url": reference(facts.title(names["group_attr"]), command)},
        **extensions,
        "parameters": parameters,
        "security": [{"ServiceAccountToken": []}],
        "responses": _responses(command, names),
    }


def _methods(
    command: str,
    names: Mapping[str, Any],
    entry: Mapping[str, Any],
    texts: Texts,
    present: Schema,
) -> Schema:
    """Return `x-method` and what is fixed in it, hidden from it, and offered beside it."""
    variants = dict(names.get("variants", {}))
    known = {name for name, _, _ in entry["params"]}
    hidden = [*names.get("not_offered", ()), *corrections.HIDDEN.get(command, ())]
    found: Schema = {"x-method": names["method"]}
    if names["method"] in variants:
        found["x-fixed"] = variants.pop(names["method"])
    shown = [name for name in hidden if name in known]
    if names["method"] in names.get("variants", {}) and "output" in found["x-fixed"]:
        shown += [
            name
            for name in ("with_header", "decimal_separator", "encoding", "delimiter")
            if name in known
        ]
    if shown:
        found["x-not-offered"] = shown
    if not variants:
        return found
    old = present.get("x-variants", {})
    found["x-variants"] = {
        name: {
            "fixed": fixed,
            "drop": old.get(name, {}).get("drop", _dropped(fixed, hidden, known)),
            **({"file": True} if fixed.get("output") == "csv" else {}),
            "summary": texts.get(f"{command}:{name}:summary", old.get(name, {}).get("summary")),
            "description": texts.get(
                f"{command}:{name}:description", old.get(name, {}).get("description")
            ),
            "params": old.get(name, {}).get("params", {}),
        }
        for name, fixed in variants.items()
    }
    return found


def _dropped(fixed: Mapping[str, Any], hidden: list[str], known: set[str]) -> list[str]:
    return [name for name in (*fixed, *hidden) if name in known]


def _behaviour(command: str, retry: Mapping[str, Any]) -> Schema:
    found: Schema = {}
    if retry.get("done"):
        found["x-done"] = retry["done"]
    if "unique" in retry:
        found["x-unique"] = retry["unique"]
    if "find" in retry:
        lookup = _lookup(command, retry["find"])
        if lookup:
            found["x-lookup"] = lookup
    if retry["buys"]:
        found["x-buys"] = True
    if "money" in retry:
        found["x-money"] = retry["money"]
    if retry.get("wide"):
        found["x-wide"] = True
    return found


def _lookup(command: str, find: Mapping[str, Any]) -> Schema | None:
    """Return how to find what was made, if that can be told for certain."""
    if command not in corrections.LOOKUPS:
        return None
    given = corrections.LOOKUPS[command]
    match = given.get("match", find["match"])
    found = {"command": find["command"], "match": match, "id": given["id"], "since": given["since"]}
    return found | {key: given[key] for key in ("filters", "again", "within") if key in given}


def _rules(facts: Facts, command: str, entry: Mapping[str, Any]) -> Schema:
    """Return what excludes each other and what must be given."""
    about = facts.about(command)
    known = {name for name, _, _ in entry["params"]}
    exclusive = [pair for pair in about.get("exclusive", ()) if len(set(pair) & known) > 1]
    exclusive = [[name for name in pair if name in known] for pair in exclusive]
    if command in {"AddPushCredential", "SetPushCredential"}:
        exclusive = [pair for pair in exclusive if "push_provider_name" in pair]
    if command == "DeleteCallList":
        exclusive = []
    needed = [*corrections.NEED_ONE.get(command, ()), *_either(command, entry)]
    if command not in corrections.SKIP_NEED_ONE:
        needed += about.get("need_one", [])
    requires = []
    for names in needed:
        rule = {"when": [], "any_of": [name for name in names if name in known]}
        if rule["any_of"] and rule not in requires:
            requires.append(rule)
    return ({"x-exclusive": exclusive} if exclusive else {}) | (
        {"x-requires": requires} if requires else {}
    )


def _either(command: str, entry: Mapping[str, Any]) -> list[list[str]]:
    """Return pairs of id and name of which the typings require the id: either is enough."""
    known = {name: required for name, _, required in entry["params"]}
    pairs = []
    for name, required in known.items():
        other = name.removesuffix("_id") + "_name"
        if command in corrections.RENAMES:
            continue
        if required and name.endswith("_id") and other in known and other != name:
            pairs.append([name, other])
    return pairs


def _paging(
    facts: Facts, command: str, entry: Mapping[str, Any], names: Mapping[str, Any]
) -> Schema:
    if names["returns"] not in {"pager", "list"}:
        return {}
    members = {name for name, _, _ in entry["returns"]}
    cap = facts.about(command).get("count_cap", PAGE)
    paged = {"count", "offset"} <= {name for name, _, _ in entry["params"]}
    paging: Schema = {
        "items": "result",
        "total": "total_count" if "total_count" in members else None,
        "page_size": min(cap, PAGE) if paged else None,
    }
    if cap < PAGE:
        paging["cap"] = cap
    return {"x-paging": paging}


def _parameters(
    facts: Facts, command: str, entry: Mapping[str, Any], texts: Texts, present: Schema
) -> list[Schema]:
    about = facts.about(command)
    old = {item["name"]: item for item in present.get("parameters", ())}
    relaxed = {name for pair in _either(command, entry) for name in pair}
    for pair in about.get("exclusive", ()):
        relaxed |= set(pair)
    found = []
    for name, kind, required in entry["params"]:
        before = old.get(name, {})
        kind = corrections.PARAM_TYPES.get((command, name), kind)  # noqa: PLW2901
        if name in about.get("fractions", ()):
            kind = "fraction"  # noqa: PLW2901
        if name in about.get("json_text", ()) or name == "advanced_filters":
            kind = "json"  # noqa: PLW2901
        must = (required and name not in relaxed) or (command, name) in corrections.REQUIRED
        if command == "DeleteCallList":
            must = name == "list_id"
        item: Schema = {
            "name": name,
            "in": "query",
            "required": before.get("required", must),
            "description": texts.get(f"{command}.{name}", before.get("description")),
        }
        if before.get("x-secret") or corrections.is_secret(name):
            item["x-secret"] = True
        if name in about.get("all_word", ()):
            item["x-all"] = True
        schema = parameter_schema(kind)
        kept = before.get("schema", {})
        schema |= {
            key: kept[key]
            for key in ("default", "maxLength", "minimum", "maximum", "enum")
            if key in kept
        }
        if schema["type"] == "array":
            if "enum" in kept.get("items", {}):
                schema["items"] |= {"enum": kept["items"]["enum"]}
            item |= {"style": "form", "explode": False}
        found.append(item | {"schema": schema})
    return found


def _responses(command: str, names: Mapping[str, Any]) -> Schema:
    if names["returns"] == "file":
        content: Schema = {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
        }
    else:
        reply = f"#/components/schemas/{reply_name(command)}"
        content = {"application/json": {"schema": {"$ref": reply}}}
    error = {"$ref": "common.json#/components/schemas/ErrorReply"}
    return {
        "200": {
            "description": "Done; the reply of the command.",
            "content": content,
        },
        "default": {
            "description": "Refused. The service sends this with HTTP status 200 as well.",
            "content": {"application/json": {"schema": error}},
        },
    }
