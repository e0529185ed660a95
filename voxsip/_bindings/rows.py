"""The rows of a bulk job, made of the lines of a file, mappings or arguments.

The types in a row are checked when it is made; `check` applies the client's rules about columns that must or must not
be given together. Both happen before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias, TypeVar

import attrs

from voxsip._bindings.foreign import native
from voxsip._errors import InvalidArgumentError
from voxsip._printable import nearest
from voxsip._protocol.identity import LARGEST_ID
from voxsip._protocol.texts import is_missing, problem_of
from voxsip._redaction.values import SecretText, conceal_members, type_name

if TYPE_CHECKING:
    from voxsip._protocol.command import Command

RowKind = Literal["bind", "create", "delete"]
SECRET_COLUMNS = frozenset({"password"})
_TRUE = frozenset({"true", "1", "yes"})
_FALSE = frozenset({"false", "0", "no"})


class Request:
    """The base class of rows of every kind."""

    __slots__ = ()
    kind: ClassVar[RowKind]
    command: ClassVar[str]
    account_id: int | None = None
    """The child account that the row is for; None for the client's own account."""

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> Self:
        """Make a row from columns, as text or as native values; empty is absent.

        Raises:
            InvalidArgumentError: an unknown column, a value that cannot be read (a password is never
                shown), or no value for a column that the row needs.
        """
        mapping = conceal_members(mapping)
        return _made(cls, mapping)

    @property
    def label(self) -> str:
        """Name what the row is about, for people."""
        raise NotImplementedError

    def __attrs_post_init__(self) -> None:
        """Check types, and texts that cannot work.

        An id as text would not equal the same id as a number.
        """
        for name, wanted in _TYPES[type(self)]:
            value: Any = getattr(self, name)
            if value is None:
                continue
            if (
                (type(value) is not wanted and type(value) is not SecretText)
                or (wanted is int and not 0 < value <= LARGEST_ID)
                or value == ""
            ):
                raise _wrong(name, value, _EXPECTED[wanted])
            if wanted is str:
                problem = problem_of(name, value, secret=name in SECRET_COLUMNS)
                if problem is not None:
                    raise InvalidArgumentError(f"{name}: {problem}", field=name)

    def columns(self) -> dict[str, Any]:
        """Return every column and its value, None if it is empty; secrets included."""
        return {name: getattr(self, name) for name in COLUMNS[type(self)]}

    def params(self) -> dict[str, Any]:
        """Return the parameters of the API's command, given ones only; secrets included."""
        return {
            name: value
            for name in _PARAMETERS[type(self)]
            if (value := getattr(self, name)) is not None
        }

    def check(self) -> None:
        """Check that required columns are given, and no two that exclude each other.

        Raises:
            InvalidArgumentError: A rule is broken; the error names the columns and the remedy.
        """
        _command(self.command).check(self.params())


@attrs.frozen(kw_only=True)
class BindRequest(Request):
    """A row that binds a registration to an application, rule or user, or unbinds it.

    Args:
        sip_registration_id: needed to bind; may be left out to unbind a user wherever it is bound.
        application_id: or `application_name`, not both; needed with `rule_name`, `user_id`, `user_name`.
        rule_id: or `rule_name`.
        user_id: or `user_name`. A user holds one registration: the one it held before loses it.
        bind: False unbinds what is named.
        account_id: a child account, to act on with the parent's key; None is the client's own account.

    Raises:
        InvalidArgumentError: a value of a wrong type.
    """

    kind: ClassVar[RowKind] = "bind"
    command: ClassVar[str] = "BindSipRegistration"

    sip_registration_id: int | None = None
    application_id: int | None = None
    application_name: str | None = None
    rule_id: int | None = None
    rule_name: str | None = None
    user_id: int | None = None
    user_name: str | None = None
    bind: bool = True
    account_id: int | None = None

    @property
    def label(self) -> str:
        """Name what the row is about, for people."""
        if self.sip_registration_id is not None:
            return f"registration {self.sip_registration_id}{_of(self)}"
        return f"user {self.user_name if self.user_id is None else self.user_id}{_of(self)}"


@attrs.frozen(kw_only=True)
class CreateRequest(Request):
    """A row that buys a registration, and binds it if an application is named.

    Args:
        sip_username: the user name at the SIP server.
        proxy: the SIP server.
        auth_user: the name to authenticate with, if it differs.
        outbound_proxy: the server that requests are sent to, if it differs.
        password: the SIP password; never in a repr, a log, a journal or a report.
        is_persistent: False registers only while the bound user is logged in.
        application_id: and the rest of the binding, as in `BindRequest`.
        account_id: the account to act for, which pays; None for the client's own.

    Raises:
        InvalidArgumentError: a value of a wrong type.
    """

    kind: ClassVar[RowKind] = "create"
    command: ClassVar[str] = "CreateSipRegistration"

    sip_username: str
    proxy: str
    auth_user: str | None = None
    outbound_proxy: str | None = None
    password: str | None = attrs.field(default=None, repr=False)
    is_persistent: bool | None = None
    application_id: int | None = None
    application_name: str | None = None
    rule_id: int | None = None
    rule_name: str | None = None
    user_id: int | None = None
    user_name: str | None = None
    account_id: int | None = None

    @property
    def label(self) -> str:
        """Name what the row is about, for people."""
        return f"{self.sip_username}@{self.proxy}{_of(self)}"


def _concealing_password(init: Callable[..., None]) -> Callable[..., None]:
    """Wrap the constructor made by attrs so that it gets the password concealed."""

    @wraps(init)
    def __init__(self: CreateRequest, **columns: Any) -> None:  # noqa: N807 - what a traceback calls it
        columns = dict(conceal_members(columns))
        init(self, **columns)

    return __init__


CreateRequest.__init__ = _concealing_password(CreateRequest.__init__)  # type: ignore[method-assign]


@attrs.frozen(kw_only=True)
class DeleteRequest(Request):
    """A row that deletes a registration.

    Args:
        sip_registration_id: the registration.
        account_id: the account to act for; None for the client's own.

    Raises:
        InvalidArgumentError: a value of a wrong type.
    """

    kind: ClassVar[RowKind] = "delete"
    command: ClassVar[str] = "DeleteSipRegistration"

    sip_registration_id: int
    account_id: int | None = None

    @property
    def label(self) -> str:
        """Name what the row is about, for people."""
        return f"registration {self.sip_registration_id}{_of(self)}"


def _of(row: Request) -> str:
    return "" if row.account_id is None else f" of account {row.account_id}"


Row: TypeAlias = BindRequest | CreateRequest | DeleteRequest
R = TypeVar("R", bound=Request)


def conceal_row(item: object) -> object:
    """Return an item of the user's iterable; if a mapping, with secrets concealed."""
    if type(item) not in COLUMNS and isinstance(item, Mapping):
        try:
            return conceal_members(item)
        except Exception:
            return item  # reading it will raise the error
    return item


def read_row(cls: type[R], item: object) -> R:
    """Return an item of the user's iterable as a row; read a mapping by its columns.

    Raises:
        InvalidArgumentError: The item is neither a row nor a mapping, or the mapping cannot be read.
    """
    if isinstance(item, cls):
        return item
    if isinstance(item, Mapping):
        item = conceal_members(item)
        return _made(cls, item)
    expected = f"a {cls.__name__} or a mapping of its columns"
    raise InvalidArgumentError(f"row: expected {expected}, got {type(item).__name__}")


def named_account(item: object) -> int | None:
    """Return the account that a row or a mapping names; None without a valid one."""
    with suppress(Exception):
        if type(item) in COLUMNS:
            return item.account_id  # type: ignore[attr-defined, no-any-return]
        if isinstance(item, Mapping):
            value = native(item.get("account_id"))
            return None if value is None or value == "" else _id(value)
    return None


def _made(cls: type[R], mapping: Mapping[Any, Any]) -> R:
    readers = _READERS[cls]
    values: dict[str, Any] = {}
    for name, given in mapping.items():
        reader = readers.get(name)
        if reader is None:
            if name is None and not any(given or ()):  # csv.DictReader's cells beyond the header
                continue
            raise _unknown(name, readers)
        value = native(given)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        try:
            values[name] = reader(value)
        except ValueError as error:
            raise _wrong(name, value, str(error)) from None
    for name in _REQUIRED[cls]:
        if name not in values:
            raise InvalidArgumentError(f"{name}: is required for {cls.command}", field=name)
    return cls(**values)


def _id(value: object) -> int:
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit() and len(value) <= 19:  # the digits of LARGEST_ID
            value = int(value)
    if type(value) is int and 0 < value <= LARGEST_ID:
        return value
    raise ValueError("a positive whole number")


def _text(value: object) -> str:
    if type(value) is str or type(value) is SecretText:
        return value
    raise ValueError("text")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    folded = value.strip().casefold() if isinstance(value, str) else ""
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise ValueError("true or false")


_ROWS: tuple[type[Row], ...] = (BindRequest, CreateRequest, DeleteRequest)
COLUMNS: dict[type[object], tuple[str, ...]] = {
    cls: tuple(field.name for field in attrs.fields(cls)) for cls in _ROWS
}
"""The columns of each kind of row, in order."""
_REQUIRED: dict[type[object], tuple[str, ...]] = {
    cls: tuple(field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING)
    for cls in _ROWS
}
_PARAMETERS = {
    cls: tuple(name for name in names if name != "account_id") for cls, names in COLUMNS.items()
}
"""The columns that are parameters of the API's command; the token names the account."""
_KINDS: dict[str, type] = {"int": int, "str": str, "bool": bool}
_TYPES: dict[type[object], tuple[tuple[str, type[Any]], ...]] = {
    cls: tuple((field.name, _KINDS[str(field.type).split()[0]]) for field in attrs.fields(cls))
    for cls in _ROWS
}
_READERS: dict[type[object], dict[str, Callable[[object], object]]] = {
    cls: {name: {int: _id, str: _text, bool: _flag}[wanted] for name, wanted in columns}
    for cls, columns in _TYPES.items()
}
_EXPECTED = {int: "a positive whole number", str: "text that is not empty", bool: "true or false"}


REQUESTS: Mapping[str, type[Any]] = {cls.kind: cls for cls in _ROWS}
"""The rows of each kind of job."""


def _unknown(name: object, known: Mapping[str, object]) -> InvalidArgumentError:
    close = nearest(str(name), known, 0.7)
    hint = f"did you mean {close}?" if close else f"known are {', '.join(known)}"
    shown = repr(name)[:80]
    return InvalidArgumentError(f"unknown column {shown}: {hint}", field=str(name)[:80])


def _wrong(name: str, value: object, expected: str) -> InvalidArgumentError:
    # A value of another type may hold anything, even a password.
    plain = name not in SECRET_COLUMNS and type(value) in {str, int, float, bool}
    shown = repr(value) if plain else f"a {type_name(value)}"
    if len(shown) > 80:
        shown = f"{shown[:77]}..."
    nothing = value != value or (isinstance(value, str) and is_missing(value))  # noqa: PLR0124 - nan
    remedy = "; leave it empty, or give None, if there is no value" if nothing else ""
    if type(value) is int and expected == "text":
        remedy = "; read the column as text, for a number has lost its leading zeros"
    return InvalidArgumentError(f"{name}: expected {expected}, got {shown}{remedy}", field=name)


@cache
def _command(name: str) -> Command:
    from voxsip._generated.sip_registrations import commands  # noqa: PLC0415 - no group until a job needs it

    known: tuple[Command, ...] = (
        commands.BIND_SIP_REGISTRATION,
        commands.CREATE_SIP_REGISTRATION,
        commands.DELETE_SIP_REGISTRATION,
    )
    return next(command for command in known if command.name == name)
