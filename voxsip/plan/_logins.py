"""What a row changes in a registration's login: an update, a creation, or a replacement. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voxsip._bindings.rows import CreateRequest
from voxsip._errors import InvalidArgumentError
from voxsip._protocol.identity import fold_host, login_key
from voxsip.plan._ledger import Ledger
from voxsip.plan._live import Live
from voxsip.plan._match import NOTHING, Pending, listed
from voxsip.plan._options import Options
from voxsip.plan._rows import LEAVE, Fault, Wanted
from voxsip.plan._steps import HOST_FIELDS, LOGIN_FIELDS

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration


def resolve_login(row: Pending, options: Options) -> None:
    """Find what the row creates, updates or replaces.

    Raises:
        Fault: The API cannot make that change.
    """
    item = row.item
    if item is None:
        row.create = _creation(row.wanted, None)
    else:
        fixed = _updates(row, item)
        if options.set_passwords and row.wanted.password is None:
            raise Fault(
                "the password of a registration cannot be taken away",
                "give a password, or leave the cell empty",
                "password",
            )
        if fixed is not None:
            _replace(row, item, *fixed, allowed=options.replace)
    if row.create is not None:
        _check_creation(row.create)


def _updates(row: Pending, item: SipRegistration) -> tuple[str, str] | None:
    """Note what changes; return the column that cannot be changed, and why, or None."""
    wanted = row.wanted
    updates: dict[str, Any] = {}
    fixed: tuple[str, str] | None = None
    for name in LOGIN_FIELDS:
        value, now = getattr(wanted, name), getattr(item, name)
        if value is LEAVE or value == now:
            continue
        if value and now and name in HOST_FIELDS and fold_host(value) == fold_host(now):
            continue
        if value is None:
            fixed = fixed or (name, f"the API has no way to clear {name}")
        else:
            updates[name] = value
    if updates:
        row.updates = updates
    persistent = wanted.is_persistent
    if persistent is not LEAVE and item.is_persistent not in {None, persistent}:
        fixed = fixed or ("is_persistent", "is_persistent cannot be updated")
    return fixed


def _replace(
    row: Pending, item: SipRegistration, column: str, problem: str, *, allowed: bool
) -> None:
    if not allowed:
        raise Fault(
            problem,
            "leave it as it is, or pass --replace (replace=True): create, move the user, delete",
            column,
        )
    if row.wanted.sip_registration_id is not None:
        raise Fault(
            f"{problem}, and a replacement has another id than the row names",
            "name the registration by sip_username and proxy alone",
            "sip_registration_id",
        )
    if row.wanted.password is LEAVE:
        raise Fault(
            f"{problem}, and the password for the replacement is not known",
            "give the password, or '-' if it has none",
            "password",
        )
    row.replaced, row.item = item, None
    row.create = _creation(row.wanted, item)
    row.updates = NOTHING


def _creation(wanted: Wanted, like: SipRegistration | None) -> dict[str, Any]:
    """Return the values of a new registration, the rest as in the one it replaces."""
    values: dict[str, Any] = {}
    for name in (*LOGIN_FIELDS, "is_persistent"):
        value = getattr(wanted, name)
        if value is LEAVE:
            value = None if like is None else getattr(like, name)
        if value is not None:
            values[name] = value
    return values


def _check_creation(values: Mapping[str, Any]) -> None:
    try:
        CreateRequest(**values).check()
    except InvalidArgumentError as error:
        problem, field = str(error), error.field
    else:
        return
    raise Fault(problem, "correct the row", field)


def check_logins(pending: list[Pending], live: Live, ledger: Ledger) -> None:
    """Refuse rows that would leave two registrations with logins that may be one."""
    renamed = {
        row.item.sip_registration_id
        for row in pending
        if row.item is not None and not row.updates.keys().isdisjoint(("sip_username", "proxy"))
    }
    for row in pending:
        item = row.item
        values: Mapping[str, Any] = row.updates if row.create is None else row.create
        if row.create is None and (item is None or item.sip_registration_id not in renamed):
            continue
        user = values.get("sip_username", None if item is None else item.sip_username) or ""
        proxy = values.get("proxy", None if item is None else item.proxy) or ""
        index = row.wanted.index
        try:
            ledger.claim(ledger.logins, login_key(user, proxy), index, "login")
            equal, near = live.find(user, proxy)
            others = {*equal, *near} - renamed
        except Fault as fault:
            ledger.refuse(index, fault)
            continue
        if item is not None and others:
            taken = Fault(
                f"{user}@{proxy} is or may be registration {listed(sorted(others))}",
                "choose another login, or give that registration another one",
                "sip_username",
            )
            ledger.refuse(index, taken)
