"""Refuse what only shows across groups: names that occur twice, lookups that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.codegen.documents import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tools.codegen.model import Operation, Spec


def check(spec: Spec) -> None:
    """Check that names are unique and lookups possible.

    Raises:
        SpecError: naming what is wrong.
    """
    operations = [operation for group in spec.groups for operation in group.operations]
    lists = {operation.name: operation for operation in operations if operation.paging}
    for operation in operations:
        _check_lookup(operation, lists)
    models = [*spec.shared, *(model for group in spec.groups for model in group.models)]
    _refuse_twice("command", [operation.name for operation in operations])
    _refuse_twice("model", [model.name for model in models])
    classes = [
        name for group in spec.groups for name in (group.class_name, f"Async{group.class_name}")
    ]
    _refuse_twice("class of a group and model", [*classes, *(model.name for model in models)])
    for group in spec.groups:
        methods = [method.name for operation in group.operations for method in operation.methods]
        _refuse_twice(f"method of {group.name}", methods)


def _check_lookup(operation: Operation, lists: Mapping[str, Operation]) -> None:
    lookup = operation.lookup
    if lookup is None:
        return
    if lookup.command not in lists or lists[lookup.command].result is None:
        raise SpecError(f"{operation.name}: x-lookup: {lookup.command} is no list command")
    listing = lists[lookup.command]
    item = {field.name for field in listing.result.fields} if listing.result else set()
    filters = {param.name for param in listing.params}
    members = {lookup.id, *(name for _, name in lookup.match)}
    members |= set() if lookup.since is None else {lookup.since}
    if not members <= item or not {name for _, name in lookup.filters} <= filters:
        raise SpecError(f"{operation.name}: x-lookup: {lookup.command} has no such members")


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"{what} described twice: {', '.join(twice)}")
