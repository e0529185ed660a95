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
    found.only("items", "total", "page_size", "cap")
    total, size, cap = found["total"], found["page_size"], found.get("cap")
    return Paging(
        items=found["items"].expect(str),
        total=None if total.value is None else total.expect(str),
        page_size=None if size.value is None else size.expect(int),
        cap=cap.expect(int) if cap else None,
    )


def parse_lookup(node: Node, names: set[str]) -> Lookup | None:
    """Read `x-lookup`: how to find what a create of unknown outcome made."""
    found = node.get("x-lookup")
    if not found:
        return None
    found.only("command", "match", "id", "since", "filters", "again", "within")
    match = tuple((name, value.expect(str)) for name, value in found["match"].items())
    given = found.get("filters")
    filters = match
    if given is not None:
        filters = tuple((name, value.expect(str)) for name, value in given.items())
    if not {name for name, _ in (*match, *filters)} <= names:
        raise found.error("match and filters must begin with parameters of the command")
    since = found["since"]
    return Lookup(
        command=found["command"].expect(str),
        match=match,
        id=found["id"].expect(str),
        since=None if since.value is None else since.expect(str),
        filters=filters,
        again=again.expect(bool) if (again := found.get("again")) else True,
        within=within.expect(str) if (within := found.get("within")) else None,
    )


def parse_fixed(node: Node, names: set[str]) -> tuple[tuple[tuple[str, object], ...], set[str]]:
    """Read `x-fixed` and `x-not-offered`: arguments always sent, and those a method does not take."""
    fixed, hidden = node.get("x-fixed"), node.get("x-not-offered")
    always = tuple((key, value.value) for key, value in fixed.items()) if fixed else ()
    dropped = {*(hidden.strings() if hidden else ()), *(key for key, _ in always)}
    if not dropped <= names:
        raise node.error("x-fixed and x-not-offered must name parameters of the command")
    return always, dropped


def parse_variants(node: Node, params: tuple[Param, ...], returns: str) -> tuple[Method, ...]:
    """Read `x-variants`: further methods for the same command, with some arguments fixed."""
    found = node.get("x-variants")
    if not found:
        return ()
    return tuple(_variant(name, value, params, returns) for name, value in found.items())


def _variant(name: str, node: Node, params: tuple[Param, ...], returns: str) -> Method:
    node.only("fixed", "drop", "file", "summary", "description", "params")
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
        returns="file" if node.get("file") else returns,
    )
