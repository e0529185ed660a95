"""Docstrings of generated code: what a user reads in an editor, as lines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tools.codegen.model import Group, Method, Model, Operation, Param, Requirement

WIDTH = 92
"""A line of at most 100 characters, inside a method."""

GLUE = "\0"
"""A space at which no line is broken."""

PARAM_TYPES = {
    "int": "int",
    "str": "str",
    "bool": "bool",
    "decimal": "Decimal",
    "date": "date",
    "timestamp": "datetime",
    "ints": "Sequence[int]",
    "strs": "Sequence[str]",
    "float": "float",
    "unix": "datetime",
    "file": "FileContent",
    "json": "Json",
    "ints_or_all": "Sequence[int] | All",
    "strs_or_all": "Sequence[str] | All",
    "str_or_all": "str | All",
}
NOT_TAKEN = "a value that its argument does not accept"
UNITS = {
    "timestamp": "An aware datetime, sent in UTC.",
    "unix": "An aware datetime, sent as seconds since 1970.",
    "file": "Bytes, or a path (`pathlib.Path`) to read them from.",
    "json": "Lists and dicts, or JSON text.",
    "ints_or_all": "`voxsip.ALL` means every one.",
    "strs_or_all": "`voxsip.ALL` means every one.",
    "str_or_all": "`voxsip.ALL` means every one.",
}
RETRIES = {
    "idempotent": "Safe to repeat, so tried again if the reply is lost.",
    "delete": "Tried again if the reply is lost.",
    "create": (
        "Not safe to repeat: if the reply is lost, OutcomeUnknownError is raised"
        " and nothing is sent again."
    ),
}
WHOLE = {
    "reply": "for the whole call",
    "pager": "for each page",
    "file": "until the file begins to arrive",
}
UNIQUE = "Tried again if the reply is lost, as the service refuses a second one: with error {code}."
LOOKED_UP = (
    "Not safe to repeat: if the reply is lost, the effect is looked for with {command} before"
    " anything is sent again."
)
LOOKED_UP_ONLY = (
    "Not safe to repeat: if the reply is lost, the effect is looked for with {command}; if it cannot be found for certain,"
    " OutcomeUnknownError is raised. Nothing is sent again."
)


def method(
    operation: Operation, shown: Method, errors: dict[int, str], *, blocking: bool
) -> list[str]:
    """Document a method of a group."""
    return [
        *_wrap(shown.summary),
        "",
        *_wrap(shown.description),
        "",
        *_wrap(_about(operation)),
        *([f"Reference: {operation.reference}"] if operation.reference else []),
        "",
        "Args:",
        *_entries(_arguments(shown)),
        "",
        "Returns:",
        *_wrap(_returns(operation, shown, blocking=blocking), indent=4),
        "",
        "Raises:",
        *_entries(_raises(operation, shown, errors)),
    ]


def model(shown: Model) -> list[str]:
    """Document a model and its members."""
    members = [(f"{field.name} ({_plain(field.annotation)})", field.text) for field in shown.fields]
    return [*_wrap(shown.text), "", "Attributes:", *_entries(members)]


def _plain(annotation: str) -> str:
    """Write a type as prose does, without the module that code needs."""
    return annotation.removeprefix("dt.")


def group(shown: Group) -> list[str]:
    """Document the class of a group."""
    return _wrap(shown.text)


def _about(operation: Operation) -> str:
    roles = f" Allowed roles: {', '.join(operation.roles)}." if operation.roles else ""
    retry = RETRIES[operation.retry]
    if operation.unique:
        retry = UNIQUE.format(code=operation.unique)
    if operation.lookup:
        text = LOOKED_UP if operation.lookup.again else LOOKED_UP_ONLY
        retry = text.format(command=operation.lookup.command)
    return f"Command: {operation.name}.{roles} {retry}"


def _arguments(shown: Method) -> Iterator[tuple[str, str]]:
    for param in shown.in_order:
        yield f"{param.name} ({PARAM_TYPES[param.kind]})", " ".join(_sentences(param))
    if shown.confirms:
        yield "confirm_all (bool)", "Must be true for `voxsip.ALL` to be accepted."
    whole = WHOLE[shown.returns]
    yield "deadline (float)", f"Seconds {whole}, all attempts together."


def _sentences(param: Param) -> Iterator[str]:
    yield param.text
    if param.kind in UNITS:
        yield UNITS[param.kind]
    if param.longest is not None:
        yield f"At most {param.longest:,} characters."
    least, most = param.bounds or (None, None)
    if least is not None and most is not None:
        yield f"From {least:,} to {most:,}."
    elif least:  # that a number counted from 0 is not negative goes without saying
        yield f"At least {least:,}."
    if param.words:
        yield f"{'Each one' if param.kind.startswith('strs') else 'One'} of {', '.join(f'`{word}`' for word in param.words)}."
    if param.default is not None:
        yield f"The default is {param.default}."


def _returns(operation: Operation, shown: Method, *, blocking: bool) -> str:
    name = operation.result_type
    if shown.returns == "file":
        read = "`read()` gives" if blocking else "awaited, it gives"
        return f"A download: {read} the bytes; `save(path)` streams them to a file."
    if shown.returns == "pager":
        first = "" if blocking else "awaited, it gives the first page; "
        return f"A pager of {name}: {first}iterated, it gives every item of every page."
    return name if operation.result is None else _reply(operation.result)


def _reply(model: Model) -> str:
    """Name a reply's model and its contents, except for a number that only says that all went well."""
    told = [field for field in model.fields if (field.name, field.annotation) != ("result", "int")]
    members = ", ".join(f"`{field.name}`{GLUE}({_plain(field.annotation)})" for field in told)
    if model.text.startswith("Reply of "):
        return f"{model.name} with {members}." if members else model.name
    return f"{model.name}: {model.text}" + (f" With {members}." if members else "")


def _raises(
    operation: Operation, shown: Method, errors: dict[int, str]
) -> Iterator[tuple[str, str]]:
    reasons = [*_conflicts(operation, shown), *_omissions(operation, shown), NOT_TAKEN]
    because = _join(reasons, ";", "or")
    yield "InvalidArgumentError", f"{because[0].upper()}{because[1:]}. Nothing was sent."
    codes = [f"{code}{GLUE}{errors[code]}" for code in operation.errors]
    among = f"Among its numbers: {', '.join(codes)}." if codes else ""
    yield "APIError", f"The service refused. {among}".strip()


def _conflicts(operation: Operation, shown: Method) -> Iterator[str]:
    offered = {param.name for param in shown.params}
    for names in operation.exclusive:
        if len(offered.intersection(names)) > 1:
            yield f"{_join(_quoted(names), ',', 'and')} together"


def _omissions(operation: Operation, shown: Method) -> Iterator[str]:
    fixed = dict(shown.fixed)
    for rule in operation.requires:
        unless = [(name, value) for name, value in rule.unless if name not in fixed]
        excused = all(fixed[name] == value for name, value in rule.unless if name in fixed)
        if rule.unless and excused and not unless:
            continue
        yield _omission(rule, unless if excused else [])


def _omission(rule: Requirement, unless: Sequence[tuple[str, object]]) -> str:
    wanted = _join(_quoted(rule.any_of), ",", "or")
    text = (
        f"{_join(_quoted(rule.when), ',', 'or')} without {wanted}" if rule.when else f"no {wanted}"
    )
    if unless:
        text += f", unless {_join([_holds(*pair) for pair in unless], ',', 'and')}"
    return text


def _holds(name: str, value: object) -> str:
    return f"`{name}` is absent" if value is None else f"`{name}` is {value}"


def _quoted(names: Iterable[str]) -> list[str]:
    return [f"`{name}`" for name in names]


def _join(items: Sequence[str], separator: str, last: str) -> str:
    if len(items) == 1:
        return items[0]
    if len(items) == 2 and separator == ",":
        return f"{items[0]} {last} {items[1]}"
    return f"{separator} ".join([*items[:-1], f"{last} {items[-1]}"])


def _entries(entries: Iterable[tuple[str, str]]) -> list[str]:
    lines: list[str] = []
    for name, text in entries:
        lines += _wrap(f"{name}: {text}", indent=4, hanging=8)
    return lines


def _wrap(text: str, indent: int = 0, hanging: int | None = None) -> list[str]:
    rest = indent if hanging is None else hanging
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(GLUE, " ") for line in lines]
