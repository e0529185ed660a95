"""The columns of a row file: their names, the other names people give them, their types."""

from __future__ import annotations

import typing
from types import NoneType

import attrs

from voxsip._bindings.rows import SECRET_COLUMNS
from voxsip._errors import InvalidArgumentError
from voxsip._printable import nearest
from voxsip._row_files.reading import PLAIN, Reading

# Columns that reports add to the input's; ignored, so that failed.csv runs again as it is.
REPORTED = frozenset({"row", "status", "error", "error_code"})
# What a list of purchases says of each registration; ignored if rows name it by its id, so that
# succeeded.csv can be bound or deleted. Never the other way round: it would be bought again.
_DESCRIBING = frozenset({
    "sip_username", "proxy", "auth_user", "outbound_proxy", "is_persistent",
    "application_id", "application_name", "rule_id", "rule_name", "user_id", "user_name",
})  # fmt: skip

# Names are compared without case, spaces and punctuation (see `_folded`), in the order listed here.
_ALIASES = {
    "sip_registration_id": ("registrationid", "sipid", "registration", "sipregistration", "id"),
    "account_id": ("account", "childaccountid", "childaccount"),
    "application_id": ("appid",),
    "application_name": ("application", "appname", "app"),
    "rule_name": ("rule",),
    "user_name": ("user",),
    "sip_username": ("sipuser", "siplogin"),
    "proxy": ("sipproxy",),
    "auth_user": ("authusername", "authname"),
    "password": ("sippassword",),
    "is_persistent": ("persistent",),
}
# What other systems call theirs; too uncertain to be taken for ours without being told.
_ELSEWHERE = {
    "username": ("sip_username", "user_name"),
    "login": ("sip_username", "user_name"),
    "extension": ("sip_username", "user_name"),
    "ext": ("sip_username", "user_name"),
    "account": ("sip_username", "account_id"),
    "secret": ("password",),
    "pass": ("password",),
    "pwd": ("password",),
    "devicesecret": ("password",),
    "host": ("proxy",),
    "server": ("proxy",),
    "domain": ("proxy",),
    "registrar": ("proxy",),
    "sipserver": ("proxy",),
    "authid": ("auth_user",),
    "authenticationid": ("auth_user",),
    "outboundproxyserver": ("outbound_proxy",),
}


_IDS = frozenset({"sipregistrationid", *_ALIASES["sip_registration_id"]})
ColumnKind: typing.TypeAlias = typing.Literal["int", "str", "bool"]


@attrs.frozen(kw_only=True)
class Column:
    """One column: its name in the API and how its cells are read."""

    name: str
    kind: ColumnKind
    required: bool
    secret: bool


Cells: typing.TypeAlias = list[tuple[str, Column, object]]
"""The cells of a record: header as written, column, content."""
Record: typing.TypeAlias = tuple[int, Cells]
"""A record and its line."""


class Columns:
    """The columns that rows of one kind may have, found by any of their names.

    Attributes:
        all: The columns, in their order.
        example: The command that prints a file of such rows.
        ignore_extra: Whether other columns are skipped.
        constants: Values for all rows: the option that gives one, its column, the value.
    """

    def __init__(
        self, columns: typing.Iterable[Column], example: str, reading: Reading = PLAIN
    ) -> None:
        self.all = tuple(columns)
        self.example = example
        self.ignore_extra = reading.ignore_extra
        self._by_name = {_folded(column.name): column for column in self.all}
        for column in self.all:
            for alias in _ALIASES.get(column.name, ()):
                self._by_name.setdefault(alias, column)
        names = {column.name for column in self.all}
        over = REPORTED | (_DESCRIBING if "sip_registration_id" in names else frozenset())
        self._read_over = {_folded(name) for name in over}
        self._bought = frozenset() if "sip_registration_id" in names else _IDS
        self._mapped = {
            _key(header): (header, self._named("map", name, f"{header}={name}"))
            for header, name in reading.names.items()
        }
        self.constants = [
            (f"--set {name}", self._named("set", name, f"{name}=…"), value)
            for name, value in reading.constants.items()
        ]

    def reading(self, reading: Reading) -> Columns:
        """Return these columns for files that are read in a certain way."""
        return self if reading is PLAIN else Columns(self.all, self.example, reading)

    def _named(self, option: str, name: str, given: str) -> Column:
        for column in self.all:
            if column.name == name:
                return column
        near = self.nearest(name)
        remedy = f"did you mean {near}?" if near else f"the columns are {self.named()}"
        raise InvalidArgumentError(
            f"{option}: {given}: there is no column {name}; {remedy}", field=option
        )

    def find(self, header: str) -> Column | None:
        """Find the column meant by a header, or None."""
        key = _key(header)
        return self._mapped[key][1] if key in self._mapped else self._by_name.get(key)

    def missing_from(self, headers: typing.Iterable[str]) -> list[str]:
        """Return the headers that `--map` names and a file does not have."""
        there = set(map(_key, headers))
        return [header for key, (header, _) in self._mapped.items() if key not in there]

    def is_made_by_purchase(self, header: str) -> bool:
        """Returns whether a header has ids of bought registrations, in rows that buy."""
        return _folded(header) in self._bought

    def is_skipped(self, header: str) -> bool:
        """Returns whether a header that is no column of these rows is to be skipped."""
        return self.ignore_extra or self.is_reported(header)

    def is_reported(self, header: str) -> bool:
        """Returns whether a header is one that our own reports write."""
        return _folded(header) in self._read_over

    def guesses(self, header: str) -> list[str]:
        """Name the columns that a header of another system may mean."""
        names = {column.name for column in self.all}
        return [name for name in _ELSEWHERE.get(_folded(header), ()) if name in names]

    def nearest(self, header: str) -> str | None:
        """Name the column whose name, or other name, comes closest to an unknown header."""
        folded = _folded(header)
        # "bind" is no misspelling of "id".
        known = [
            name for name in self._by_name if abs(len(name) - len(folded)) <= max(1, len(name) // 2)
        ]
        close = nearest(folded, known, 0.6)
        return None if close is None else self._by_name[close].name

    def are_near(self, headers: typing.Sequence[str]) -> bool:
        """Returns whether more than half of the headers are near to names of columns."""
        return sum(self.nearest(header) is not None for header in headers) > len(headers) / 2

    def named(self) -> str:
        """List the names, for a message."""
        return ", ".join(column.name for column in self.all)


def columns_of(request: type[attrs.AttrsInstance]) -> Columns:
    """Return the columns of a request class: its fields, in their order."""
    hints = typing.get_type_hints(request)
    columns = [
        Column(
            name=field.name,
            kind=_kind(hints[field.name]),
            required=field.default is attrs.NOTHING,
            secret=field.name in SECRET_COLUMNS,
        )
        for field in attrs.fields(request)
    ]
    if any(column.secret for column in columns):
        columns.append(Column(name="password_from", kind="str", required=False, secret=False))
    return Columns(columns, f"voxsip bulk template {getattr(request, 'kind', 'KIND')}")


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _key(header: str) -> str:
    """Return what headers are compared by; one of punctuation only stands for itself."""
    return _folded(header) or header


def _kind(hint: object) -> ColumnKind:
    [kind] = (kind for kind in typing.get_args(hint) or (hint,) if kind is not NoneType)
    return _KINDS[kind]


_KINDS: dict[object, ColumnKind] = {int: "int", str: "str", bool: "bool"}
