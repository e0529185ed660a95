"""Rows of a desired state: the desired values of a registration, cell by cell.

A cell has three meanings: absent or empty leaves the live value alone, `-` (in text) or None removes it, and any
other value sets it. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import attrs

from voxsip._bindings.foreign import native
from voxsip._printable import nearest
from voxsip._protocol.identity import LARGEST_ID
from voxsip._protocol.texts import is_missing, problem_of
from voxsip._redaction.values import conceal_members, type_name


class _Leave:
    """Marks a cell that leaves what is there alone."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "LEAVE"


LEAVE: Final = _Leave()
NONE_TEXT = "-"
COLUMNS: Final = (
    "sip_registration_id",
    "sip_username",
    "proxy",
    "auth_user",
    "outbound_proxy",
    "password",
    "is_persistent",
    "application_id",
    "application_name",
    "rule_id",
    "rule_name",
    "user_id",
    "user_name",
)
"""The columns of a desired state, in their order."""
_REQUIRED = frozenset({"sip_registration_id", "sip_username", "proxy", "is_persistent"})
"""Columns that cannot be none: every registration has one."""
_SECRET = frozenset({"password"})
_PAIRED = frozenset({"application", "rule", "user"})
_IDS = frozenset({"sip_registration_id", "application_id", "rule_id", "user_id"})


class Fault(Exception):  # noqa: N818 - becomes a refusal, never seen outside
    """A row that cannot be planned: which column, what is wrong, and the remedy."""

    def __init__(self, message: str, remedy: str, column: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.column = column


@attrs.define(eq=False, repr=False, weakref_slot=False)
class Wanted:
    """What one row wants. Every attribute is LEAVE, None for none, or a value.

    Attributes:
        index: The row's place in the input, from 0.
        sip_registration_id: The registration it names, or None.
        application: An id, or a name as text; likewise `rule` and `user`.
        password: The password or a reference to one, never shown.
    """

    index: int
    sip_registration_id: int | None = None
    sip_username: Any = LEAVE
    proxy: Any = LEAVE
    auth_user: Any = LEAVE
    outbound_proxy: Any = LEAVE
    password: Any = LEAVE
    is_persistent: Any = LEAVE
    application: Any = LEAVE
    rule: Any = LEAVE
    user: Any = LEAVE

    def forget(self) -> None:
        """Let go of what is resolved; the place and the password are still needed."""
        self.sip_username = self.proxy = self.auth_user = self.outbound_proxy = LEAVE
        self.application = self.rule = self.user = LEAVE


def read_wanted(index: int, item: object) -> Wanted:
    """Read a row from a mapping of columns to text or native values.

    Args:
        item: The mapping. None and "-" remove a value, an empty text and NaN leave it alone.

    Raises:
        Fault: The row cannot be read; never shows a password.
    """
    if isinstance(item, Mapping):
        if "password" in item:
            item = conceal_members(item)
    else:
        raise Fault(
            f"expected a mapping of columns, got {type(item).__name__}",
            "give each row as a dict with the columns of the file",
        )
    wanted = Wanted(index)
    for name, given in item.items():
        value = native(given)
        if value is None and given is not None:  # NaN: a cell of a data frame without a value
            continue
        setter = _SETTERS.get(name)
        if setter is None:
            raise _unknown(name)
        attribute, read, paired = setter
        if type(value) is str and name not in _SECRET:
            value = value.strip()
        if value == "":
            continue
        if value is None or value == NONE_TEXT:
            if name in _REQUIRED:
                raise Fault(
                    "every registration has one, so it cannot be none",
                    "give a value, or leave the cell empty to leave it alone",
                    name,
                )
            found = None
        else:
            found = read(name, value)
        if paired and getattr(wanted, attribute) is not LEAVE:
            raise Fault(
                f"{attribute}_id and {attribute}_name are both given",
                "leave one of the two empty",
                name,
            )
        setattr(wanted, attribute, found)
    _check(wanted)
    return wanted


def _check(wanted: Wanted) -> None:
    """Check what a row needs whatever the live state is."""
    if wanted.sip_registration_id is None:
        for name in ("sip_username", "proxy"):
            if getattr(wanted, name) is LEAVE:
                raise Fault(
                    "is needed to find the registration, or to create it",
                    "give sip_registration_id, or both sip_username and proxy",
                    name,
                )
    if wanted.application is None:
        for name in ("rule", "user"):
            value = getattr(wanted, name)
            if value is not LEAVE and value is not None:
                raise Fault(
                    f"a {name} is given although the application is removed",
                    f"name the application of the {name}, or write '-' for the {name} too",
                    f"{name}_name" if isinstance(value, str) else f"{name}_id",
                )


def _read_id(name: str, value: object) -> int:
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= 19:
        value = int(value)
    if type(value) is int and 0 < value <= LARGEST_ID:
        return value
    missing = isinstance(value, str) and is_missing(value)
    remedy = "leave the cell empty, or write '-' for none" if missing else "write the id in digits"
    raise Fault(f"expected a positive whole number, got {_shown(value)}", remedy, name)


def _read_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        problem = f"expected text, got {type_name(value)}"
        raise Fault(problem, "write it as text, or leave the cell empty", name)
    if name in _REPEATED:
        found = _problem_of(name, value)
    else:
        found = problem_of(name, value, secret=name in _SECRET)
    if found is not None:
        problem, _, remedy = found.rpartition("; ")
        raise Fault(problem, remedy, name)
    return value


_REPEATED = frozenset({"proxy", "outbound_proxy", "application_name", "rule_name"})
"""Columns with few values in many rows: each is looked at once."""
_problem_of = lru_cache(maxsize=1024)(problem_of)


def _read_flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    folded = value.casefold() if isinstance(value, str) else ""
    if folded in {"true", "yes", "1"}:
        return True
    if folded in {"false", "no", "0"}:
        return False
    raise Fault(f"expected true or false, got {_shown(value)}", "write true or false", name)


_Reader = Callable[[str, object], object]


def _setter(column: str) -> tuple[str, _Reader, bool]:
    part = column.rpartition("_")[0]
    paired = part in _PAIRED
    read: _Reader = _read_text
    if column in _IDS:
        read = _read_id
    elif column == "is_persistent":
        read = _read_flag
    return part if paired else column, read, paired


_SETTERS: dict[object, tuple[str, _Reader, bool]] = {name: _setter(name) for name in COLUMNS}


def _unknown(name: object) -> Fault:
    shown = _shown(name)
    close = nearest(str(name), COLUMNS, 0.7)
    remedy = f"did you mean {close}?" if close else f"known are {', '.join(COLUMNS)}"
    return Fault(f"unknown column {shown}", remedy, None)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
