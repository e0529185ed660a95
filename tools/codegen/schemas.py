"""JSON schemas to wire kinds (of parameters) and to models (of replies)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.codegen.model import Field, Model
from tools.codegen.names import is_usable, usable

if TYPE_CHECKING:
    from tools.codegen.documents import Documents, Node

KINDS = {
    ("integer", None): "int",
    ("string", None): "str",
    ("boolean", None): "bool",
    ("number", None): "float",
    ("number", "decimal"): "decimal",
    ("integer", "unix"): "unix",
    ("string", "binary"): "file",
    ("string", "date"): "date",
    ("string", "timestamp"): "timestamp",
}
LIST_KINDS = {"int": "ints", "str": "strs"}
# Replies may also write money as text.
REPLY_KINDS = KINDS | {("string", "decimal"): "decimal"}

# `dt` because a member may well be called `date`, and would hide the class from its own annotation.
REPLY_TYPES = {
    "int": "int",
    "str": "str",
    "bool": "bool",
    "float": "float",
    "decimal": "Decimal",
    "date": "dt.date",
    "timestamp": "dt.datetime",
    "unix": "dt.datetime",
}
TAKEN = {"int", "str", "bool", "float", "tuple", "dt", "attrs"}


def param_kind(schema: Node) -> str:
    """Return the wire kind of a parameter's schema."""
    if schema["type"].value == "array":
        schema.only("type", "items", "x-join")
        if schema["x-join"].value != ";":
            raise schema.error("lists are joined by ';'")
        kind = KINDS.get(_type(schema["items"]), "")
        if kind not in LIST_KINDS:
            raise schema.error("lists hold integers or strings")
        return LIST_KINDS[kind]
    if schema.get("contentMediaType"):
        schema.only("type", "contentMediaType")
        return "json"
    schema.only("type", "format", "default", "maxLength", "minimum", "maximum", "enum")
    if _type(schema) not in KINDS:
        raise schema.error("no such wire type")
    return KINDS[_type(schema)]


def longest(schema: Node) -> int | None:
    """Return how many characters a text may have at most, or None."""
    found = schema.get("maxLength")
    if found is None:
        return None
    if _type(schema) != ("string", None) or found.expect(int) < 1:
        raise found.error("is for texts, and at least 1")
    return found.expect(int)


def words(schema: Node) -> tuple[str, ...]:
    """Return the only texts that a parameter, or an item of its list, may be; none if any will do."""
    if schema["type"].value == "array":
        schema = schema["items"]
    found = schema.get("enum")
    if found is None:
        return ()
    if _type(schema) != ("string", None) or not found.strings():
        raise found.error("is for texts, and names at least one")
    return found.strings()


def bounds(schema: Node) -> tuple[float | None, float | None] | None:
    """Return the least and the most that a number may be, if there are such bounds."""
    found = _bound(schema, "minimum"), _bound(schema, "maximum")
    return None if found == (None, None) else found


def _bound(schema: Node, name: str) -> float | None:
    found = schema.get(name)
    if found is None:
        return None
    if _type(schema) not in {("integer", None), ("number", None)}:
        raise found.error("is for numbers")
    return found.value if isinstance(found.value, float) else found.expect(int)


ANSWERS = {"integer": "one", "array": "list"}


def answer_kind(reply: Node, *, reads: bool) -> tuple[str, bool]:
    """Return what a reply's `result` holds when the command was carried out, and whether it is always there.

    Args:
        reply: schema of the reply.
        reads: whether the command only reads; then false is an answer like another.
    """
    result = reply["properties"].get("result")
    if result is None:
        return "any", False
    kind = "object"
    if not result.get("$ref"):
        type_ = result["type"].expect(str)
        kind = ANSWERS.get(type_, "true" if type_ == "boolean" and not reads else "any")
    return kind, "result" in reply["required"].strings()


class Models:
    """Turns schemas into models, each once, and remembers which ones were asked for."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.made: dict[tuple[str, str], Model] = {}
        self._begun: set[tuple[str, str]] = set()

    def follow(self, reference: Node) -> Model:
        """Return the model a `$ref` names, and make those that it mentions."""
        return self.made[self._ensure(reference)]

    def _ensure(self, reference: Node) -> tuple[str, str]:
        """Make the model a `$ref` names, unless that has begun: models may mention themselves."""
        schema = self._documents.follow(reference)
        key = (schema.stem, schema.path[-1])
        if schema.path != ("components", "schemas", key[1]):
            raise reference.error("a model must be one of components/schemas")
        if key not in self._begun:
            self._begun.add(key)
            self.made[key] = self._make(schema)
        return key

    def schema(self, reference: Node) -> Node:
        """Return the schema a `$ref` names, without making a model of it."""
        return self._documents.follow(reference)

    def of(self, stem: str) -> tuple[Model, ...]:
        """Return the models of one document, by name."""
        return tuple(model for (owner, _), model in sorted(self.made.items()) if owner == stem)

    def _make(self, schema: Node) -> Model:
        schema.only("type", "description", "x-structure", "required", "properties")
        required = schema["required"].strings()
        properties = dict(schema["properties"].items())
        if missing := sorted(set(required) - properties.keys()):
            raise schema.error(f"required, but not described: {', '.join(missing)}")
        uses: set[str] = set()
        fields = [self._field(name, node, required, uses) for name, node in properties.items()]
        return Model(
            name=schema.path[-1],
            group=schema.stem,
            text=schema["description"].text(),
            fields=tuple(fields),
            uses=frozenset(uses),
        )

    def _field(self, name: str, node: Node, required: tuple[str, ...], uses: set[str]) -> Field:
        member = usable(name)
        if not is_usable(member) or member in TAKEN:
            raise node.error("cannot be the name of a member in Python")
        secret, either = node.get("x-secret"), node.get("x-or-list")
        return Field(
            name=member,
            wire=None if member == name else name,
            either=either is not None and either.expect(bool),
            annotation=self._annotation(node, uses),
            text=node["description"].text(),
            required=name in required,
            secret=secret is not None and secret.expect(bool),
        )

    def plain(self, node: Node) -> str:
        """Return the Python type of a value that is neither a model nor an array."""
        node.only("type", "format", "description", "x-secret")
        kind = REPLY_KINDS.get(_type(node), "")
        if kind not in REPLY_TYPES:
            raise node.error("no such wire type")
        return REPLY_TYPES[kind]

    def _annotation(self, node: Node, uses: set[str]) -> str:
        if node.get("$ref"):
            node.only("$ref", "description", "x-secret", "x-or-list")
            _, name = self._ensure(node)
            uses.add(name)
            return name
        if node["type"].value == "array":
            node.only("type", "items", "description", "x-secret")
            return f"tuple[{self._annotation(node['items'], uses)}, ...]"
        return self.plain(node)


def _type(schema: Node) -> tuple[str, str | None]:
    form = schema.get("format")
    return schema["type"].expect(str), form.expect(str) if form else None
