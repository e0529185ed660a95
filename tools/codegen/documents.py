"""Read the spec's files and find one's way in them, with errors that name file and place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

import attrs

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

COMMON = "common"
ERRORS = "errors"


class SpecError(Exception):
    """The spec says something that the generator cannot or must not turn into code."""


@attrs.frozen
class Node:
    """A JSON value with its place: the document's stem and the path inside it."""

    stem: str
    path: tuple[str, ...]
    value: Any

    def __getitem__(self, key: str) -> Node:
        """Return a member that must be there."""
        if not isinstance(self.value, dict) or key not in self.value:
            raise self.error(f"{key} is missing")
        return Node(self.stem, (*self.path, key), self.value[key])

    def get(self, key: str) -> Node | None:
        """Return a member, or None."""
        return self[key] if isinstance(self.value, dict) and key in self.value else None

    def items(self) -> Iterator[tuple[str, Node]]:
        """Walk over the members of an object, in the order of the file."""
        for key in self.expect(dict):
            yield key, self[key]

    def elements(self) -> Iterator[Node]:
        """Walk over the elements of an array."""
        for index, value in enumerate(self.expect(list)):
            yield Node(self.stem, (*self.path, str(index)), value)

    def expect(self, kind: type[T]) -> T:
        """Return the value if it has this type."""
        if not isinstance(self.value, kind) or (isinstance(self.value, bool) and kind is int):
            raise self.error(f"expected {kind.__name__}, found {self.value!r}")
        return self.value

    def strings(self) -> tuple[str, ...]:
        """Return an array of strings."""
        return tuple(element.expect(str) for element in self.elements())

    def text(self) -> str:
        """Return prose that can stand in a docstring."""
        text = " ".join(self.expect(str).split())
        if not text or "\\" in text or '"""' in text:
            raise self.error("prose must not be empty nor hold backslashes or triple quotes")
        return text

    def only(self, *known: str) -> None:
        """Refuse members that the generator would silently pass over."""
        unknown = sorted(self.expect(dict).keys() - set(known))
        if unknown:
            raise self.error(f"unknown: {', '.join(unknown)}")

    def error(self, message: str) -> SpecError:
        """Return an error that points here."""
        return SpecError(f"{self.stem}.json: {'/'.join(self.path) or 'top'}: {message}")


@attrs.frozen
class Documents:
    """The files of a spec folder, by stem."""

    by_stem: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read every JSON file of a folder."""
        return cls({path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.json")})

    def groups(self) -> Iterator[Node]:
        """Walk over the documents that describe a group, by name."""
        for stem in sorted(self.by_stem):
            if stem not in {COMMON, ERRORS}:
                yield self.document(stem)

    def document(self, stem: str) -> Node:
        """Return the root of a document."""
        if stem not in self.by_stem:
            raise SpecError(f"{stem}.json is missing")
        return Node(stem, (), self.by_stem[stem])

    def follow(self, reference: Node) -> Node:
        """Return what a `$ref` points at: in the same file, or in common.json."""
        target = reference["$ref"].expect(str)
        file, _, pointer = target.partition("#/")
        if file not in {"", f"{COMMON}.json"}:
            raise reference.error(f"{target}: what groups share belongs into {COMMON}.json")
        node = self.document(COMMON if file else reference.stem)
        for part in pointer.split("/"):
            node = node[part]
        return node
