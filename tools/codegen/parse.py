"""Documents to groups and operations, refusing what does not hold together."""

from __future__ import annotations

from tools.codegen.documents import COMMON, ERRORS, Documents, Node, SpecError
from tools.codegen.extensions import parse_lookup, parse_paging, parse_requires, parse_variants
from tools.codegen.model import Group, Method, Model, Operation, Param, Spec
from tools.codegen.names import class_name, constant, is_reading, is_usable
from tools.codegen.schemas import Models, answer_kind, param_kind

RETRY_CLASSES = ("idempotent", "delete", "create")
OPERATION_KEYS = (
    *("operationId", "tags", "summary", "description", "parameters", "security", "responses"),
    *("x-method", "x-variants", "x-retry", "x-roles", "x-errors", "x-exclusive", "x-requires"),
    *("x-paging", "x-lookup", "x-gone"),
)
# Names that generated methods use themselves.
RESERVED = {"self", "deadline"}


def parse(documents: Documents) -> Spec:
    """Make sense of a whole spec folder.

    Raises:
        SpecError: naming file, place and what is wrong there.
    """
    models = Models(documents)
    errors = _parse_errors(documents.document(ERRORS))
    groups = [_parse_group(node, models, dict(errors)) for node in documents.groups()]
    # Only now is it known which shared models are in use.
    complete = [_with_models(group, models) for group in groups]
    spec = Spec(
        groups=tuple(complete),
        shared=models.of(COMMON),
        errors=errors,
        secrets=_secrets(groups, models),
    )
    _check(spec)
    return spec


def _parse_errors(node: Node) -> tuple[tuple[int, str], ...]:
    try:
        return tuple(sorted((int(code), name.expect(str)) for code, name in node.items()))
    except ValueError as error:
        raise node.error(str(error)) from None


def _parse_group(node: Node, models: Models, errors: dict[int, str]) -> Group:
    operations = [
        _parse_operation(path["post"], models, errors) for _, path in node["paths"].items()
    ]
    return Group(
        name=node.stem,
        class_name=class_name(node.stem),
        source=f"{node.stem}.json",
        text=node["info"]["description"].text(),
        operations=tuple(operations),
        models=(),
    )


def _with_models(group: Group, models: Models) -> Group:
    return Group(
        name=group.name,
        class_name=group.class_name,
        source=group.source,
        text=group.text,
        operations=group.operations,
        models=models.of(group.name),
    )


def _parse_operation(node: Node, models: Models, errors: dict[int, str]) -> Operation:
    node.only(*OPERATION_KEYS)
    name = node["operationId"].expect(str)
    if node.path[-2] != f"/{name}":
        raise node.error("path and operationId differ")
    params = tuple(_parse_param(element) for element in node["parameters"].elements())
    names = {param.name for param in params}
    answer, with_result = answer_kind(models.schema(_reply(node)), reads=is_reading(name))
    paging = parse_paging(node)
    gone = node.get("x-gone")
    operation = Operation(
        name=name,
        constant=constant(name),
        methods=(_main_method(node, params), *parse_variants(node, params)),
        retry=_one_of(node["x-retry"], RETRY_CLASSES),
        params=params,
        result=_result(node, models, paging.items if paging else None),
        roles=_optional_strings(node, "x-roles"),
        exclusive=_parse_exclusive(node, names),
        requires=parse_requires(node, names),
        errors=_parse_codes(node, errors),
        paging=paging,
        lookup=parse_lookup(node, names),
        already_deleted_code=gone.expect(int) if gone else None,
        answer=answer,
        with_result=with_result,
    )
    if operation.paging and not {"count", "offset"} <= names:
        raise node.error("a command that pages has count and offset")
    if operation.already_deleted_code is not None and (
        operation.retry != "delete" or operation.already_deleted_code not in errors
    ):
        raise node.error("x-gone is an error number of a delete command")
    if operation.lookup and operation.retry != "create":
        raise node.error("x-lookup is for create commands")
    return operation


def _main_method(node: Node, params: tuple[Param, ...]) -> Method:
    return Method(
        name=node["x-method"].expect(str),
        summary=node["summary"].text(),
        description=node["description"].text(),
        params=params,
    )


def _parse_param(node: Node) -> Param:
    node.only("name", "in", "required", "description", "x-secret", "schema", "style", "explode")
    name = node["name"].expect(str)
    if not is_usable(name) or name in RESERVED:
        raise node.error(f"{name} cannot be the name of an argument in Python")
    if node["in"].value != "query":
        raise node.error("parameters go into the query")
    secret, default = node.get("x-secret"), node["schema"].get("default")
    return Param(
        name=name,
        kind=param_kind(node["schema"]),
        text=node["description"].text(),
        required=node["required"].expect(bool),
        secret=secret is not None and secret.expect(bool),
        default=default.value if default else None,
    )


def _result(node: Node, models: Models, items: str | None) -> Model:
    schema = _reply(node)
    if items is None:
        return models.follow(schema)
    return models.follow(models.schema(schema)["properties"][items]["items"])


def _reply(node: Node) -> Node:
    return node["responses"]["200"]["content"]["application/json"]["schema"]


def _parse_exclusive(node: Node, names: set[str]) -> tuple[tuple[str, ...], ...]:
    found = node.get("x-exclusive")
    sets = tuple(element.strings() for element in found.elements()) if found else ()
    for members in sets:
        if len(members) < 2 or not set(members) <= names:
            raise node.error(f"x-exclusive: {members} must be two parameters or more")
    return sets


def _parse_codes(node: Node, errors: dict[int, str]) -> tuple[int, ...]:
    found = node.get("x-errors")
    codes = tuple(element.expect(int) for element in found.elements()) if found else ()
    if unknown := set(codes) - errors.keys():
        raise node.error(f"x-errors: no such numbers: {sorted(unknown)}")
    return codes


def _optional_strings(node: Node, key: str) -> tuple[str, ...]:
    found = node.get(key)
    return found.strings() if found else ()


def _one_of(node: Node, known: tuple[str, ...]) -> str:
    if node.value not in known:
        raise node.error(f"must be one of {', '.join(known)}")
    return node.expect(str)


def _secrets(groups: list[Group], models: Models) -> tuple[str, ...]:
    params = {
        param.name
        for group in groups
        for operation in group.operations
        for param in operation.params
        if param.secret
    }
    members = {
        field.name for model in models.made.values() for field in model.fields if field.secret
    }
    return tuple(sorted(params | members))


def _check(spec: Spec) -> None:
    """Refuse what only shows across groups: names that occur twice, look-ups that lead nowhere."""
    operations = [operation for group in spec.groups for operation in group.operations]
    lists = {operation.name: operation for operation in operations if operation.paging}
    for operation in operations:
        lookup = operation.lookup
        if lookup is None:
            continue
        if lookup.command not in lists:
            raise SpecError(f"{operation.name}: x-lookup: {lookup.command} is no list command")
        item = {field.name for field in lists[lookup.command].result.fields}
        filters = {param.name for param in lists[lookup.command].params}
        theirs = {name for _, name in lookup.match}
        if not theirs <= filters & item or not {lookup.id, lookup.since} <= item:
            raise SpecError(f"{operation.name}: x-lookup: {lookup.command} has no such members")
    models = [*spec.shared, *(model for group in spec.groups for model in group.models)]
    _refuse_twice("command", [operation.name for operation in operations])
    _refuse_twice("model", [model.name for model in models])
    for group in spec.groups:
        methods = [method.name for operation in group.operations for method in operation.methods]
        _refuse_twice(f"method of {group.name}", methods)


def _refuse_twice(what: str, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"{what} described twice: {', '.join(twice)}")
