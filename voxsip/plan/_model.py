"""What a plan is made of: changes, refused rows, thresholds, and the plan itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

import attrs

from voxsip._bindings.rows import Request, RowKind

Action = Literal["create", "update", "bind", "move", "unbind", "delete"]
Binding = tuple[int | None, int | None, int | None]
"""Application, rule and user."""
BINDING_FIELDS = ("application_id", "rule_id", "user_id")
COUNT_OF: Mapping[Action, str] = {
    "create": "created",
    "update": "updated",
    "bind": "bound",
    "move": "moved",
    "unbind": "unbound",
    "delete": "deleted",
}
"""The name of the count of each action."""


@attrs.frozen(kw_only=True)
class Change(Request):
    """One call that a plan makes.

    Attributes:
        number: The change's place in the plan, from 1.
        action: "create"; "update" (login, proxies, password); "bind" (application, rule, or a user who has no
            registration); "move" (a user who has one); "unbind"; "delete".
        sip_registration_id: The registration, or None if the plan creates it.
        created_by: The number of the change that creates the registration, or None.
        sip_username: The registration's SIP user name, for people.
        proxy: The registration's proxy, for people.
        fields: The names of what the change touches.
        old: The values of `fields` before it, or None if the registration does not exist.
        new: The values of `fields` after it, or None if the registration is deleted.
        takes: The registration that loses the user by it, or None.
        after_change: The numbers of the changes that it waits for.
        ring: Whether it is one of several that exchange users in a ring.
        index: The place, from 0, of the row that asks for it, or None for a registration that is pruned.
        row: The number of that row, as an editor counts the lines of a file; else its place from 1.
        password: The place of its password: "env:NAME", "file:PATH", "keyring:SERVICE/NAME" or "row" (in the
            input); None if it sends none.
        replaces: The registration that a new one replaces, or None.
        user_name: The name of the user that the registration gets, for people, if it is known.
    """

    number: int
    action: Action
    sip_registration_id: int | None = None
    created_by: int | None = None
    sip_username: str | None = None
    proxy: str | None = None
    fields: tuple[str, ...] = ()
    old: tuple[Any, ...] | None = None
    new: tuple[Any, ...] | None = None
    takes: int | None = None
    after_change: tuple[int, ...] = ()
    ring: bool = False
    index: int | None = None
    row: int | None = None
    password: str | None = None
    replaces: int | None = None
    user_name: str | None = None

    @property
    def before(self) -> dict[str, Any] | None:
        """What the change touches, as it was when the plan was made; None if it creates."""
        return None if self.old is None else dict(zip(self.fields, self.old, strict=True))

    @property
    def after(self) -> dict[str, Any] | None:
        """What the change touches, as it leaves it; None if it deletes."""
        return None if self.new is None else dict(zip(self.fields, self.new, strict=True))

    # What a row of a bulk job has: the engine and the journal take a change for one.

    @property
    def kind(self) -> RowKind:  # type: ignore[override]
        """What sort of row the change is, for guards and journals."""
        return self.action if self.action in {"create", "delete"} else "bind"

    @property
    def command(self) -> str:  # type: ignore[override]
        """The API command that makes the change."""
        return _COMMANDS.get(self.action, "BindSipRegistration")

    def params(self) -> dict[str, Any]:
        """Return what the change sends, as far as the plan knows it, without any password."""
        named: dict[str, Any] = {}
        if self.sip_registration_id is not None:
            named["sip_registration_id"] = self.sip_registration_id
        if self.created_by is not None:
            named["created_by"] = self.created_by
        if self.action == "unbind":
            named["unbinds"] = [name for name, value in (self.after or {}).items() if value is None]
        return named | {n: value for n, value in (self.after or {}).items() if value is not None}

    @property
    def gets(self) -> int | None:
        """The user that the registration has after it and had not before, or None."""
        user = self._part(self.new)
        return user if user != self._part(self.old) else None

    @property
    def loses(self) -> int | None:
        """The user that the registration had before it and has no more after it, or None."""
        user = self._part(self.old)
        return user if user != self._part(self.new) else None

    def _part(self, values: tuple[Any, ...] | None) -> int | None:
        if values is None or self.fields[-1:] != ("user_id",):
            return None
        found: int | None = values[-1]
        return found

    @property
    def label(self) -> str:
        """The registration, for people."""
        login = f"{self.sip_username}@{self.proxy}"
        number = self.sip_registration_id
        return login if number is None else f"registration {number} ({login})"

    def __attrs_post_init__(self) -> None:
        """Take the values as the planner made them."""

    def to_dict(self) -> dict[str, Any]:
        """Return the change as JSON-able data; it holds no password."""
        plain: dict[str, Any] = {
            "change": self.number,
            "action": self.action,
            "sip_registration_id": self.sip_registration_id,
            "sip_username": self.sip_username,
            "proxy": self.proxy,
            "before": self.before,
            "after": self.after,
            "takes": self.takes,
            "after_change": list(self.after_change),
        }
        for name in _OPTIONAL:
            if (value := getattr(self, name)) is not None:
                plain[name] = value
        if self.ring:
            plain["ring"] = True
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make a change of what `to_dict` returned."""
        before, after = plain["before"], plain["after"]
        if plain.get("password") == "row" and type(plain.get("index")) is not int:
            raise ValueError("a password is in no row")
        fields = tuple(before if after is None else after)
        return cls(
            number=plain["change"],
            action=plain["action"],
            sip_registration_id=plain["sip_registration_id"],
            sip_username=plain["sip_username"],
            proxy=plain["proxy"],
            fields=fields,
            old=None if before is None else tuple(before[name] for name in fields),
            new=None if after is None else tuple(after[name] for name in fields),
            takes=plain["takes"],
            after_change=tuple(plain["after_change"]),
            ring=plain.get("ring", False),
            **{name: plain.get(name) for name in _OPTIONAL},
        )


_OPTIONAL = ("created_by", "index", "row", "password", "replaces", "user_name")
"""What is written of a change only if it is there."""
_COMMANDS: Mapping[Action, str] = {
    "create": "CreateSipRegistration",
    "update": "UpdateSipRegistration",
    "delete": "DeleteSipRegistration",
}


@attrs.frozen(kw_only=True)
class Refusal:
    """A row that cannot be planned.

    Attributes:
        index: The row's place in the input, from 0, or None if the input as a whole is meant.
        message: The problem.
        remedy: The way to correct it.
        column: The column at fault, or None.
        line: The row's line in its file, or None.
        source: The file, or None.
    """

    index: int | None
    message: str
    remedy: str = ""
    column: str | None = None
    line: int | None = None
    source: str | None = None

    def __str__(self) -> str:
        where = self.source or "input"
        if self.line is not None:
            where = f"{where}:{self.line}"
        elif self.index is not None:
            where = f"{self.source or 'rows'}[{self.index}]"
        column = "" if self.column is None else f"column {self.column}: "
        return f"{where}: {column}{self.message}" + (f"; {self.remedy}" if self.remedy else "")

    def to_dict(self) -> dict[str, Any]:
        """Return the refusal as JSON-able data."""
        return attrs.asdict(self)


@attrs.frozen(kw_only=True)
class Thresholds:
    """How much of its scope a plan may disturb without `force`.

    Attributes:
        share: The share that may not be passed, 0 to 1.
        least: The registrations in scope from which the share counts.
        in_scope: The live registrations that the rows, or the scope, cover.
        disruptive: The changes that take a user or an application away.
        deletes: The registrations that are deleted.
        forced: Whether the plan was made to be applied despite them.
    """

    share: float = 0.3
    least: int = 10
    in_scope: int = 0
    disruptive: int = 0
    deletes: int = 0
    forced: bool = False

    @property
    def exceeded(self) -> tuple[str, ...]:
        """What is past the threshold: "disruptive", "deletes", both, or nothing."""
        if self.in_scope < self.least:
            return ()
        most = self.share * self.in_scope
        return tuple(
            name
            for name, count in (("disruptive", self.disruptive), ("deletes", self.deletes))
            if count > most
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the thresholds as JSON-able data."""
        return {**attrs.asdict(self), "exceeded": list(self.exceeded)}
