"""Put the documents of the spec together."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from tools.facts import texts as texts_of
from tools.facts.commands import operation
from tools.facts.naming import model_name, reply_name, title
from tools.facts.replies import reply_schema, returns, structure_schema, structures_in

if TYPE_CHECKING:
    from pathlib import Path

    from tools.facts.sources import Facts
    from tools.facts.texts import Texts
    from tools.facts.types import Schema

SERVER = "https://api.voximplant.com/platform_api"
COMMON = "common"
BY_HAND = {"ShortAccountInfoType", "ACDQueueOperatorInfoType"}
"""Structures that the shared document describes already."""


def build(facts: Facts, folder: Path) -> tuple[dict[str, Schema], dict[str, Texts]]:
    """Return the documents by stem, and the texts they were made with.

    Args:
        facts: the facts of the API.
        folder: the spec as it is; what it says already stays.
    """
    shared = _shared(facts)
    groups = facts.groups()
    present = {stem: _load(folder / f"{stem}.json") for stem in (*groups, COMMON)}
    texts = {stem: texts_of.read(stem) for stem in (*groups, COMMON)}
    documents = {stem: _group(facts, stem, shared, present[stem], texts[stem]) for stem in groups}
    documents[COMMON] = _common(facts, shared, present[COMMON], texts[COMMON])
    return documents, texts


def _shared(facts: Facts) -> set[str]:
    """Name the structures that more than one group uses, and all that those mention."""
    uses: Counter[str] = Counter()
    for commands in facts.groups().values():
        uses.update(set(structures_in(facts, _kinds(commands))))
    often = [name for name, count in uses.items() if count > 1]
    return set(structures_in(facts, often)) | BY_HAND


def _kinds(commands: dict[str, Schema]) -> list[str]:
    return [kind for name, entry in commands.items() for _, kind, _ in returns(name, entry)]


def _group(facts: Facts, stem: str, shared: set[str], present: Schema, texts: Texts) -> Schema:
    commands = facts.groups()[stem]
    name = facts.title(stem)
    info = present.get("info", {})
    tags = present.get("tags", [{}])
    tag = tags[0].get("name", name)
    paths, schemas = present.get("paths", {}), _schemas(present)

    def where(kind: str) -> str:
        file = f"{COMMON}.json" if kind in shared else ""
        return f"{file}#/components/schemas/{model_name(kind)}"

    models = {
        model_name(kind): structure_schema(
            facts, kind, texts, where, schemas.get(model_name(kind), {})
        )
        for kind in structures_in(facts, _kinds(commands))
        if kind not in shared
    }
    for command, entry in commands.items():
        if facts.names["commands"][command]["returns"] != "file":
            reply = reply_name(command)
            models[reply] = reply_schema(command, entry, texts, where, schemas.get(reply, {}))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": info.get("title", title(name)),
            "version": info.get("version", "1.0.0"),
            "description": texts.get("info:description", info.get("description")),
        },
        "servers": [{"url": SERVER}],
        "tags": [
            {
                "name": tag,
                "description": texts.get("tag:description", tags[0].get("description")),
            }
        ],
        "paths": {
            f"/{command}": {
                "post": operation(
                    facts, tag, command, entry, texts, paths.get(f"/{command}", {}).get("post", {})
                )
            }
            for command, entry in commands.items()
        },
        "components": {
            "schemas": models,
            "securitySchemes": {
                "ServiceAccountToken": {
                    "$ref": f"{COMMON}.json#/components/securitySchemes/ServiceAccountToken"
                }
            },
        },
    }


def _common(facts: Facts, shared: set[str], present: Schema, texts: Texts) -> Schema:
    """Complete the shared schemas; those about errors are written by hand."""
    schemas = dict(_schemas(present))

    def where(kind: str) -> str:
        return f"#/components/schemas/{model_name(kind)}"

    for kind in facts.api["structs"]:
        if kind in shared:
            name = model_name(kind)
            schemas[name] = structure_schema(facts, kind, texts, where, schemas.get(name, {}))
    return present | {"components": present["components"] | {"schemas": schemas}}


def _schemas(document: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = document.get("components", {}).get("schemas", {})
    return found


def _load(path: Path) -> Schema:
    if not path.exists():
        return {}
    document: Schema = json.loads(path.read_bytes())
    return document
