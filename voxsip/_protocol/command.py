"""A command as the spec describes it; checks its arguments and encodes them as a parameter string.

Pure: no I/O, no loop. One pass checks and encodes, so that nothing is validated twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sized
from typing import Any, Literal, NamedTuple

import attrs

from voxsip._errors import InvalidArgumentError
from voxsip._printable import counted
from voxsip._protocol.arguments import ALL
from voxsip._protocol.encoding import (
    ENCODERS,
    LARGEST,
    LIST_KINDS,
    Encoder,
    not_empty,
    one_of,
    within,
)
from voxsip._protocol.texts import problem_of
from voxsip._redaction.values import SecretText, reveal, secret_texts, type_name

SHAPES = 64
"""Combinations of arguments per command that are remembered as checked."""
RetryClass = Literal["idempotent", "delete", "create"]
ResultKind = Literal["one", "true", "list", "object", "any", "success"]
"""Kinds of `result` in the reply of a command that was executed; `reply.HOLDS` has the rules."""


class Requirement(NamedTuple):
    """A rule: one of the parameters `any_of` must be given.

    It applies if one of `when` is given, or always if `when` is empty; not if every parameter in `unless` has the
    value paired with it. None stands for "not given".
    """

    any_of: tuple[str, ...]
    when: tuple[str, ...] = ()
    unless: tuple[tuple[str, object], ...] = ()

    def violated_by(self, given: Mapping[str, object]) -> bool:
        """Returns whether the given (not None) arguments break the rule."""
        for name in self.any_of:
            if name in given:
                return False
        if self.when and not any(name in given for name in self.when):
            return False
        return not (self.unless and all(given.get(name) == value for name, value in self.unless))

    def explain(self, given: Mapping[str, object]) -> str:
        """Return what is missing, and which argument needs it."""
        wanted = " or ".join(self.any_of)
        if self.when:
            cause = next(name for name in self.when if name in given)
            return f"{cause} needs {wanted}"
        escape = " and ".join(f"{name}={value}" for name, value in self.unless if value is not None)
        return f"give {wanted}{f' (or {escape})' if escape else ''}"


class Paging(NamedTuple):
    """How a list command pages: members of its reply, and the page size."""

    items: str = "result"
    total: str | None = None
    page_size: int | None = 1000
    """None if the service sends everything at once and takes no `count` and `offset`."""
    cap: int | None = None
    """The largest `count` allowed, if it is less than usual."""


class Lookup(NamedTuple):
    """How to find the object that a create of unknown outcome made.

    `command` lists such objects, `match` pairs arguments of the create with members of an item, `filters` with
    filters of the list, `id` and `since` are the members with its id and its date of creation.
    """

    command: str
    match: tuple[tuple[str, str], ...]
    id: str
    since: str | None
    filters: tuple[tuple[str, str], ...] | None = None
    again: bool = True
    """Whether the create is sent again if nothing is found; if not, its outcome stays unknown."""
    within: str | None = None
    """The member of the create's reply with the object that has the id (`name[]`: in an array of one); None: the reply."""

    def sent(self) -> tuple[tuple[str, str], ...]:
        """Return pairs: an argument of the create, and the list filter it is sent as."""
        return self.match if self.filters is None else self.filters

    def wanted(self, values: Mapping[str, object]) -> dict[str, Any] | None:
        """Return the arguments that identify the object; None if one is no single value."""
        found = {ours: _alone(values.get(ours)) for ours, _ in self.match}
        return None if None in found.values() else found

    def made(self, reply: Mapping[str, Any]) -> Any:
        """Return the id of the new object from the create's reply.

        Raises:
            LookupError, TypeError, ValueError: The reply has none.
        """
        place: Any = reply
        if self.within is not None:
            place = reply[self.within.removesuffix("[]")]
            if self.within.endswith("[]"):
                [place] = place
        return place[self.id]

    def reply(self, made: int, wanted: Mapping[str, object], command: Command) -> dict[str, Any]:
        """Return the reply that the create would have had, as far as it is known.

        Args:
            made: The id that was found.
            wanted: The value that `wanted` returns for the create's arguments.
            command: The create.
        """
        if self.within is None:
            return command.success() | {self.id: made}
        name = self.within.removesuffix("[]")
        place: Any = {theirs: wanted[ours] for ours, theirs in self.match} | {self.id: made}
        return command.success() | {name: [place] if self.within.endswith("[]") else place}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Command:
    """One command of the API: its parameters in spec order and the rules around them."""

    name: str
    retry: RetryClass
    params: Mapping[str, str] = attrs.field(factory=dict)
    required: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    """Parameters that no method takes: they would change the content of the reply, or its meaning."""
    secret: frozenset[str] = frozenset()
    longest: Mapping[str, int] = attrs.field(factory=dict)
    """The maximum length of a text in characters, by parameter."""
    bounds: Mapping[str, tuple[float | None, float | None]] = attrs.field(factory=dict)
    """The minimum and the maximum of a number, by parameter."""
    words: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    """The texts allowed for a parameter, or for each item of its list, in any case."""
    roles: tuple[str, ...] = ()
    exclusive: tuple[frozenset[str], ...] = ()
    requires: tuple[Requirement, ...] = ()
    paging: Paging | None = None
    lookup: Lookup | None = None
    done: frozenset[int] = frozenset()
    """Error numbers that mean "already done" after an attempt of unknown outcome."""
    unique: int | None = None
    """Error number by which the service refuses a second object of the same name."""
    form: bool = False
    """Whether the arguments must not be sent in the URL."""
    names: bool = False
    """Whether texts are checked as names of logins, hosts and users: those that cannot work are refused."""
    result: ResultKind = "any"
    with_result: bool = True
    """Whether every reply has a `result`. If not, a `result` that is present must still be of its kind."""
    files: frozenset[str] = attrs.field(init=False)
    """Parameters that hold the content of a file; the command goes as a multipart form."""
    confirms: bool = attrs.field(init=False)
    """Whether `voxsip.ALL` is accepted only together with `confirm_all=True`."""
    _plan: Mapping[str, tuple[str, Encoder]] = attrs.field(init=False, repr=False)
    _deciding: tuple[str, ...] = attrs.field(init=False, repr=False)
    _integers: frozenset[str] = attrs.field(init=False, repr=False)
    """Parameters that take any integer, and hold no secret: most arguments are one, and need no encoder."""
    _passed: set[tuple[object, ...]] = attrs.field(init=False, repr=False, factory=set)

    @_integers.default
    def _find_integers(self) -> frozenset[str]:
        integers = {name for name, kind in self.params.items() if kind == "int"}
        rest = self.bounds.keys() | self.words.keys() | self.secret | set(self._deciding)
        return frozenset(integers - rest)

    @_deciding.default
    def _find_deciding(self) -> tuple[str, ...]:
        """Return the parameters whose value, not only presence, a requirement checks."""
        unless = (
            name for rule in self.requires for name, value in rule.unless if value is not None
        )
        return tuple(dict.fromkeys(unless))

    @files.default
    def _find_files(self) -> frozenset[str]:
        return frozenset(name for name, kind in self.params.items() if kind == "file")

    @confirms.default
    def _find_confirms(self) -> bool:
        return self.retry == "delete" and any(
            kind.endswith("_or_all") for kind in self.params.values()
        )

    @_plan.default
    def _make_plan(self) -> Mapping[str, tuple[str, Encoder]]:
        plan = {}
        choices = (*self.exclusive, *(rule.any_of for rule in self.requires))
        naming = {name for names in choices for name in names}
        for name, kind in self.params.items():
            encoder = ENCODERS[kind]
            if kind.startswith("str") and name in naming:
                encoder = not_empty(encoder)
            if name in self.bounds:
                encoder = within(encoder, *self.bounds[name])
            if name in self.words:
                encoder = one_of(encoder, self.words[name])
            plan[name] = ("" if kind == "file" else f"{name}=", encoder)
        return plan

    def encode(self, values: Mapping[str, object]) -> str:
        """Check the arguments and join them to an encoded parameter string.

        Args:
            values: The arguments by parameter name; None means "not given". Unknown names are sent as they are, since
                the API grows.

        Raises:
            InvalidArgumentError: A value is of a wrong type, two exclude each other, or one is missing.
        """
        if self.confirms:
            values = self._confirmed(values)
        secret = bool(self.secret) and self.has_secret(values)
        parts: list[str] = []
        shape: list[object] = []
        problem: InvalidArgumentError | None = None
        for name, value in values.items():
            if value is None:
                continue
            if type(value) is int and name in self._integers and abs(value) < LARGEST:
                shape.append(name)
                parts.append(f"{name}={value}")  # as in most bindings; an encoder says the same
                continue
            shape.append((name, value) if name in self._deciding else name)
            prefix, encoder = self._plan.get(name) or (f"{name}=", ENCODERS["any"])
            try:
                if secret:
                    parts.append(SecretText(prefix + encoder(value)))
                else:
                    parts.append(prefix + encoder(value))
            except (TypeError, ValueError) as error:
                problem = self._bad_value(name, value, error)
            if problem is None and self.names and value and isinstance(value, str):
                problem = self._bad_name(name, value)
            if problem is not None:
                break
        if problem is not None:
            raise problem  # outside the except block: the encoder's error may hold the value
        for name, most in self.longest.items():
            value = values.get(name)
            if isinstance(value, str) and len(value) > most:
                message = f"{self.name}: {name}: expected at most {counted(most, 'character')}, got {len(value):,}"
                raise InvalidArgumentError(message, field=name)
        if tuple(shape) not in self._passed:
            self.check({name: value for name, value in values.items() if value is not None})
        return SecretText("&".join(parts)) if secret else "&".join(parts)

    def check(self, given: Mapping[str, object]) -> None:
        """Check that the required arguments are given, and no two that exclude each other.

        Args:
            given: The arguments that are given, none of them None.

        Raises:
            InvalidArgumentError: A rule is broken; the error names the parameters and the remedy.
        """
        deciding = self._deciding
        shape = tuple([(name, given[name]) if name in deciding else name for name in given])
        if shape in self._passed:
            return
        names = given.keys()
        if not self.required <= names:
            self._refuse(sorted(self.required - names), "is required", "are required")
        for pair in self.exclusive:
            if len(pair & names) > 1:
                both = sorted(pair & names)
                message = f"{self.name}: give {' or '.join(both)}, not both"
                raise InvalidArgumentError(message, field=both[-1])
        for rule in self.requires:
            if rule.violated_by(given):
                message = f"{self.name}: {rule.explain(given)}"
                raise InvalidArgumentError(message, field=rule.any_of[0])
        if len(self._passed) < SHAPES:
            self._passed.add(shape)

    def success(self) -> dict[str, Any]:
        """Return the shortest reply of a command that was executed."""
        return {"result": True if self.result == "true" else 1}

    def looked_up(self, values: Mapping[str, object]) -> bool:
        """Returns whether a lookup can find the object that these arguments create."""
        return self.lookup is not None and self.lookup.wanted(values) is not None

    def has_secret(self, values: Mapping[str, object]) -> bool:
        """Returns whether one of the arguments is secret."""
        return any(values.get(name) is not None for name in self.secret)

    def contents(self, values: Mapping[str, object]) -> dict[str, tuple[str, bytes]]:
        """Read the files among the arguments: name and bytes by parameter.

        Raises:
            InvalidArgumentError: A file cannot be read. Nothing was sent.
        """
        from voxsip._protocol.multipart import read_file  # noqa: PLC0415 - few commands

        found = {}
        for name in self.files:
            value = values.get(name)
            if value is not None:
                try:
                    found[name] = read_file(reveal(value), name)
                except (TypeError, ValueError) as error:
                    raise self._bad_value(name, value, error) from None
        return found

    def has_single_target(self, values: Mapping[str, object]) -> bool:
        """Returns whether no list names several objects: an error then is about one."""
        lists = [values.get(name) for name, kind in self.params.items() if kind in LIST_KINDS]
        return not any(_is_many(value) for value in lists)

    def _confirmed(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return the arguments without `confirm_all`, which is not sent.

        Raises:
            InvalidArgumentError: `voxsip.ALL` is given without `confirm_all=True`.
        """
        rest = dict(values)
        if rest.pop("confirm_all", None) is not True:
            for name, value in rest.items():
                if value is ALL:
                    message = (
                        f"{self.name}: {name}: ALL means every one; if so, add confirm_all=True"
                    )
                    raise InvalidArgumentError(message, field=name)
        return rest

    def secrets_in(self, values: Mapping[str, object]) -> tuple[str, ...]:
        """Return the secret values among the arguments, for redaction; each is concealed."""
        return tuple(text for name in self.secret for text in secret_texts(values.get(name)))

    def _bad_name(self, name: str, value: str) -> InvalidArgumentError | None:
        problem = problem_of(name, value, secret=name in self.secret)
        if problem is None:
            return None
        return InvalidArgumentError(f"{self.name}: {name}: {problem}", field=name)

    def _bad_value(self, name: str, value: object, error: Exception) -> InvalidArgumentError:
        shown = f"a value of type {type_name(value)}" if name in self.secret else _short(value)
        return InvalidArgumentError(f"{self.name}: {name}: {error}, got {shown}", field=name)

    def _refuse(self, names: Collection[str], one: str, many: str) -> None:
        message = f"{self.name}: {', '.join(names)} {one if len(names) == 1 else many}"
        raise InvalidArgumentError(message, field=next(iter(names)))


def _alone(value: object) -> Any:
    """Return an argument, or the only item of a list; None if there is no single one."""
    if isinstance(value, str | int | None):
        return value
    items = list(value) if isinstance(value, Sized) and isinstance(value, Iterable) else []
    return items[0] if len(items) == 1 else None


def _is_many(value: object) -> bool:
    if isinstance(value, str):
        return ";" in value
    if value is None or isinstance(value, int):
        return False
    return not (isinstance(value, Sized) and len(value) < 2)  # ALL, or an unknown number of items


def _short(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python writes
        return "too many digits to show"
    return text if len(text) <= 80 else f"{text[:77]}..."
