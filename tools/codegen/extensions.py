"""The spec's own vocabulary, as voxsip/spec/README.md describes it: the `x-` members with a shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tools.codegen.model import Lookup, Method, Paging, Param, Requirement
from tools.codegen.names import is_usable

if TYPE_CHECKING:
    from tools.codegen.documents import Node


def parse_requires(node: Node, names: set[str]) -> tuple[Requirement, ...]:
    """Read `x-requires`: what must be given along with what."""
    found = node.get("x-requires")
    return tuple(_requirement(element, names) for element in found.elements()) if found else ()


def _requirement(node: Node, names: set[str]) -> Requirement:
    node.only("when", "any_of", "unless")
    unless = node.get("unless")
    rule = Requirement(
        when=node["when"].strings(),
        any_of=node["any_of"].strings(),
        unless=tuple((name, value.value) for name, value in unless.items()) if unless else (),
    )
    mentioned = {*rule.when, *rule.any_of, *(name for name, _ in rule.unless)}
    if not rule.any_of or not mentioned <= names:
        raise node.error(f"must name parameters of the command: {sorted(mentioned - names)}")
    return rule


def parse_paging(node: Node) -> Paging | None:
    """Read `x-paging`: where a list command puts its items and their total."""
    found = node.get("x-paging")
    if not found:
        return None
    found.only("items", "total", "page_size")
    total = found["total"]
    return Paging(
        items=found["items"].expect(str),
        total=None if total.value is None else total.expect(str),
        page_size=found["page_size"].expect(int),
    )


def parse_lookup(node: Node, names: set[str]) -> Lookup | None:
    """Read `x-lookup`: how to find what a create of unknown outcome made."""
    found = node.get("x-lookup")
    if not found:
        return None
    found.only("command", "match", "id", "since")
    match = tuple((name, value.expect(str)) for name, value in found["match"].items())
    if not {name for name, _ in match} <= names:
        raise found.error("match must begin with parameters of the command")
    return Lookup(
        command=found["command"].expect(str),
        match=match,
        id=found["id"].expect(str),
        since=found["since"].expect(str),
    )


def parse_variants(node: Node, params: tuple[Param, ...]) -> tuple[Method, ...]:
    """Read `x-variants`: further methods for the same command, with some arguments fixed."""
    found = node.get("x-variants")
    return tuple(_variant(name, value, params) for name, value in found.items()) if found else ()


def _variant(name: str, node: Node, params: tuple[Param, ...]) -> Method:
    node.only("fixed", "drop", "summary", "description", "params")
    fixed = tuple((key, value.value) for key, value in node["fixed"].items())
    dropped = {*node["drop"].strings(), *(key for key, _ in fixed)}
    if not is_usable(name) or not dropped <= {param.name for param in params}:
        raise node.error("must be a name, fixing and dropping parameters of the command")
    texts = {key: value.text() for key, value in node["params"].items()}
    if not texts.keys() <= {param.name for param in params} - dropped:
        raise node.error("params must describe parameters that the method has")
    return Method(
        name=name,
        summary=node["summary"].text(),
        description=node["description"].text(),
        params=tuple(
            attrs.evolve(param, text=texts.get(param.name, param.text))
            for param in params
            if param.name not in dropped
        ),
        fixed=fixed,
    )
