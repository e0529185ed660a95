"""Documents to groups and operations, refusing what does not hold together."""

from __future__ import annotations

import attrs

from tools.codegen.checks import check
from tools.codegen.documents import COMMON, ERRORS, Documents, Node
from tools.codegen.extensions import (
    parse_fixed,
    parse_lookup,
    parse_paging,
    parse_requires,
    parse_variants,
)
from tools.codegen.model import Group, Method, Model, Operation, Param, Spec
from tools.codegen.names import class_name, constant, is_reading, is_usable
from tools.codegen.schemas import Models, answer_kind, bounds, longest, param_kind, words
from voxsip._redaction.text import is_secret_name

RETRY_CLASSES = ("idempotent", "delete", "create")
OPERATION_KEYS = (
    *("operationId", "tags", "summary", "description", "externalDocs", "parameters", "security"),
    *(
        "responses",
        "x-method",
        "x-fixed",
        "x-not-offered",
        "x-variants",
        "x-file",
        "x-body",
        "x-names",
    ),
    *("x-retry", "x-done", "x-unique", "x-lookup", "x-buys", "x-money", "x-wide"),
    *("x-roles", "x-errors", "x-exclusive", "x-requires", "x-paging"),
)
# Names that generated methods use themselves.
RESERVED = {"self", "deadline", "confirm_all"}


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
        secrets=_names(groups, models, secret=True),
        public=_public(groups, models),
    )
    check(spec)
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
    file = _flag(node, "x-file")
    answer, with_result = "any", False
    if not file:
        answer, with_result = answer_kind(models.schema(_reply(node)), reads=is_reading(name))
    paging = parse_paging(node)
    returns = "file" if file else "pager" if paging else "reply"
    result, result_type = _result(node, models, paging.items if paging else None, file=file)
    retry = _one_of(node["x-retry"], RETRY_CLASSES)
    methods = (_main_method(node, params, returns), *parse_variants(node, params, returns))
    reference, body = node.get("externalDocs"), node.get("x-body")
    operation = Operation(
        name=name,
        constant=constant(name),
        methods=tuple(_confirming(method, retry) for method in methods),
        retry=retry,
        params=params,
        result=result,
        result_type=result_type,
        reference=reference["url"].expect(str) if reference else "",
        roles=_optional_strings(node, "x-roles"),
        exclusive=_parse_exclusive(node, names),
        requires=parse_requires(node, names),
        errors=_parse_codes(node, "x-errors", errors),
        paging=paging,
        lookup=parse_lookup(node, names),
        done=_parse_codes(node, "x-done", errors),
        unique=_optional_code(node, "x-unique", errors),
        form=body is not None and _one_of(body, ("form", "multipart")) == "form",
        names=_flag(node, "x-names"),
        multipart=any(param.kind == "file" for param in params),
        answer=answer,
        with_result=with_result,
    )
    if paging and paging.page_size is not None and not {"count", "offset"} <= names:
        raise node.error("a command that pages has count and offset")
    if (operation.lookup or operation.unique) and operation.retry != "create":
        raise node.error("x-lookup and x-unique are for create commands")
    return operation


def _confirming(method: Method, retry: str) -> Method:
    """Have a delete that may take all of them ask for a second argument."""
    wide = retry == "delete" and any(param.all for param in method.params)
    return attrs.evolve(method, confirms=wide)


def _main_method(node: Node, params: tuple[Param, ...], returns: str) -> Method:
    fixed, dropped = parse_fixed(node, {param.name for param in params})
    return Method(
        name=node["x-method"].expect(str),
        summary=node["summary"].text(),
        description=node["description"].text(),
        params=tuple(param for param in params if param.name not in dropped),
        fixed=fixed,
        returns=returns,
    )


def _parse_param(node: Node) -> Param:
    node.only(
        *("name", "in", "required", "description", "x-secret", "x-all", "schema"),
        *("style", "explode"),
    )
    name = node["name"].expect(str)
    if not is_usable(name) or name in RESERVED:
        raise node.error(f"{name} cannot be the name of an argument in Python")
    if node["in"].value != "query":
        raise node.error("parameters go into the query")
    default = node["schema"].get("default")
    return Param(
        name=name,
        kind=param_kind(node["schema"]) + ("_or_all" if _flag(node, "x-all") else ""),
        text=node["description"].text(),
        required=node["required"].expect(bool),
        secret=_flag(node, "x-secret"),
        all=_flag(node, "x-all"),
        default=default.value if default else None,
        longest=longest(node["schema"]),
        bounds=bounds(node["schema"]),
        words=words(node["schema"]),
    )


def _result(
    node: Node, models: Models, items: str | None, *, file: bool
) -> tuple[Model | None, str]:
    """Return the model a method returns or lists, and its Python type."""
    if file:
        return None, "bytes"
    schema = _reply(node)
    if items is None:
        model = models.follow(schema)
        return model, model.name
    item = models.schema(schema)["properties"][items]["items"]
    if not item.get("$ref"):
        return None, models.plain(item)
    model = models.follow(item)
    return model, model.name


def _reply(node: Node) -> Node:
    return node["responses"]["200"]["content"]["application/json"]["schema"]


def _parse_exclusive(node: Node, names: set[str]) -> tuple[tuple[str, ...], ...]:
    found = node.get("x-exclusive")
    sets = tuple(element.strings() for element in found.elements()) if found else ()
    for members in sets:
        if len(members) < 2 or not set(members) <= names:
            raise node.error(f"x-exclusive: {members} must be two parameters or more")
    return sets


def _parse_codes(node: Node, key: str, errors: dict[int, str]) -> tuple[int, ...]:
    found = node.get(key)
    codes = tuple(element.expect(int) for element in found.elements()) if found else ()
    if unknown := set(codes) - errors.keys():
        raise node.error(f"{key}: no such numbers: {sorted(unknown)}")
    return codes


def _optional_code(node: Node, key: str, errors: dict[int, str]) -> int | None:
    found = node.get(key)
    if found is not None and found.expect(int) not in errors:
        raise found.error("no such number")
    return None if found is None else found.expect(int)


def _flag(node: Node, key: str) -> bool:
    found = node.get(key)
    return found is not None and found.expect(bool)


def _optional_strings(node: Node, key: str) -> tuple[str, ...]:
    found = node.get(key)
    return found.strings() if found else ()


def _one_of(node: Node, known: tuple[str, ...]) -> str:
    if node.value not in known:
        raise node.error(f"must be one of {', '.join(known)}")
    return node.expect(str)


def _names(groups: list[Group], models: Models, *, secret: bool) -> tuple[str, ...]:
    """Return the names of parameters and members that are secret, or those that are not."""
    params = {
        param.name
        for group in groups
        for operation in group.operations
        for param in operation.params
        if param.secret is secret
    }
    members = {
        field.wire or field.name
        for model in models.made.values()
        for field in model.fields
        if field.secret is secret
    }
    return tuple(sorted(params | members))


def _public(groups: list[Group], models: Models) -> tuple[str, ...]:
    """Return the names that sound secret and are not: `secret_id`."""
    secrets = set(_names(groups, models, secret=True))
    names = _names(groups, models, secret=False)
    return tuple(name for name in names if name not in secrets and is_secret_name(name))
