"""What the generator knows once the spec is read: plain data, nothing of JSON and nothing of Python text."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Field:
    """A member of a model; `annotation` is its Python type without the `| None`."""

    name: str
    annotation: str
    text: str
    required: bool
    secret: bool
    wire: str | None = None
    """Its name in JSON, if Python cannot take that."""
    either: bool = False
    """Whether the service may wrap it in an array of one."""


@attrs.frozen(kw_only=True)
class Model:
    """A structure of the API, to become an attrs class."""

    name: str
    group: str
    text: str
    fields: tuple[Field, ...]
    uses: frozenset[str] = frozenset()
    """Names of the models its fields mention."""


@attrs.frozen(kw_only=True)
class Param:
    """A parameter of a command; `kind` is its wire type as the runtime names it."""

    name: str
    kind: str
    text: str
    required: bool = False
    secret: bool = False
    all: bool = False
    """Whether the word `all` stands for everything."""
    default: object = None
    """What the service assumes when the parameter is absent, or None."""
    longest: int | None = None
    """Characters that it may have at most."""
    bounds: tuple[float | None, float | None] | None = None
    """The least and the most that a number may be, if there are such bounds."""
    words: tuple[str, ...] = ()
    """The only texts that it, or an item of it, may be."""


@attrs.frozen(kw_only=True)
class Requirement:
    """One of `any_of` is needed with any of `when` (always, if empty), unless all of `unless` holds."""

    when: tuple[str, ...]
    any_of: tuple[str, ...]
    unless: tuple[tuple[str, object], ...]


@attrs.frozen(kw_only=True)
class Paging:
    """How a list command pages."""

    items: str
    total: str | None
    page_size: int | None
    """How many to ask for; None if the service sends everything at once."""
    cap: int | None = None
    """The most that may be asked for, if that is less than usual."""


@attrs.frozen(kw_only=True)
class Lookup:
    """How to find what a create of unknown outcome has made."""

    command: str
    match: tuple[tuple[str, str], ...]
    """Parameters of the create, each with the member of the listed items that must equal it."""
    id: str
    since: str | None
    """Member that says when the thing was made; None if equal is the same."""
    filters: tuple[tuple[str, str], ...] = ()
    """Parameters of the create, each with the filter of the list command that takes its value."""
    again: bool = True
    """Whether the create is sent again if nothing is there."""
    within: str | None = None
    """Member of the create's reply that holds the id; with `[]` after it, an array of one."""


@attrs.frozen(kw_only=True)
class Method:
    """One Python method: the command itself, or a variant of it with some arguments fixed."""

    name: str
    summary: str
    description: str
    params: tuple[Param, ...]
    fixed: tuple[tuple[str, object], ...] = ()
    returns: str = "reply"
    """`reply`, `pager` or `file`."""
    confirms: bool = False
    """Whether deleting all needs a second argument."""

    @property
    def in_order(self) -> list[Param]:
        """The parameters as a signature has them: what must be given first; on the wire, the spec's order stays."""
        return sorted(self.params, key=lambda param: not param.required)


@attrs.frozen(kw_only=True)
class Operation:
    """A command of the API."""

    name: str
    constant: str
    methods: tuple[Method, ...]
    retry: str
    params: tuple[Param, ...]
    result: Model | None
    """The reply, or for a list the item; None for files and for lists of plain values."""
    result_type: str = ""
    """Python type of `result`."""
    reference: str = ""
    """Address of the reference page."""
    roles: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    requires: tuple[Requirement, ...] = ()
    errors: tuple[int, ...] = ()
    paging: Paging | None = None
    lookup: Lookup | None = None
    done: tuple[int, ...] = ()
    """Error numbers that mean "already done" after a lost reply."""
    unique: int | None = None
    """Error number that refuses a second one."""
    multipart: bool = False
    form: bool = False
    names: bool = False
    answer: str = "one"
    """What the `result` of its replies holds, as the runtime names it."""
    with_result: bool = True

    @property
    def hidden(self) -> frozenset[str]:
        """Parameters that no method takes or sends by itself."""
        methods = self.methods
        taken = {param.name for method in methods for param in method.params}
        fixed = {name for method in methods for name, _ in method.fixed}
        return frozenset(param.name for param in self.params) - taken - fixed


@attrs.frozen(kw_only=True)
class Group:
    """One file of the spec: an attribute of the client."""

    name: str
    class_name: str
    source: str
    text: str
    operations: tuple[Operation, ...]
    models: tuple[Model, ...]


@attrs.frozen(kw_only=True)
class Spec:
    """The whole API as far as it is described."""

    groups: tuple[Group, ...]
    shared: tuple[Model, ...]
    errors: tuple[tuple[int, str], ...]
    secrets: tuple[str, ...]
    """Names of all secret parameters and secret members of replies."""
    public: tuple[str, ...] = ()
    """Names that sound secret and are not."""
