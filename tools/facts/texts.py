"""Descriptions: kept from the spec, read from `descriptions/`, or a placeholder."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

TODO = "TODO"
FOLDER = Path(__file__).parent / "descriptions"
SHARED = "_shared"


@attrs.define
class Texts:
    """The descriptions of one group.

    Attributes:
        own: texts by key, such as "AddQueue:summary" or "Queue.created".
        shared: texts by parameter or member name, used if the group says nothing itself.
        missing: keys without a text, in the order they were asked for.
        used: keys that were asked for.
    """

    own: dict[str, str]
    shared: dict[str, str]
    missing: list[str] = attrs.field(factory=list)
    used: dict[str, str] = attrs.field(factory=dict)

    def get(self, key: str, present: str | None = None) -> str:
        """Return the text of a key: what a writer wrote, what is present, what is shared, or "TODO"."""
        name = key.rpartition(".")[2]
        shared = self.shared.get(name) if "." in key else None
        found = next((text for text in (self.own.get(key), present) if text and text != TODO), None)
        text = found or shared or TODO
        if text == TODO:
            self.missing.append(key)
        self.used[key] = text
        return text


def read(group: str) -> Texts:
    """Read the texts of a group, where it has some."""
    return Texts(_load(group), _load(SHARED))


def _load(stem: str) -> dict[str, str]:
    path = FOLDER / f"{stem}.json"
    if not path.exists():
        return {}
    texts: dict[str, str] = json.loads(path.read_bytes())
    return texts
