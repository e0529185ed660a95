"""SIP registrations: create, update, bind, delete, list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from voxsip.emulator._service.context import Context, command
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.account import Account
from voxsip.emulator._state.bindings import apply_target, find_target, release
from voxsip.emulator._state.ledger import SUBSCRIPTION
from voxsip.emulator._state.model import Registration

TOO_MANY = 272
INVALID_SIP_USERNAME = 273
INVALID_PROXY = 274
INVALID_REGISTRATION_ID = 275

_SUCCESS = {"result": 1}
_OK = 200
_LOGIN = ("sip_username", "proxy", "auth_user", "outbound_proxy", "password")


@command("CreateSipRegistration")
def create(context: Context) -> dict[str, Any]:
    """Make a registration, charge for it once, and bind it where asked to."""
    account, values = context.account, context.values
    _check_login(context)
    target = find_target(account, values)
    limit = context.max_registrations
    if limit is not None and len(account.registrations) >= limit:
        raise RefusedError(TOO_MANY)
    context.afford(context.price)
    registration = account.add_registration(
        values["sip_username"],
        values["proxy"],
        context.price,
        auth_user=values.get("auth_user"),
        outbound_proxy=values.get("outbound_proxy"),
        is_persistent=values.get("is_persistent", True),
    )
    text = f"SIP registration {registration.id}"
    account.ledger.note(account.timestamp(), -context.price, SUBSCRIPTION, text)
    apply_target(account, registration, target)
    return {
        "result": 1,
        "sip_registration_id": registration.id,
        "account_info": context.brief(),
    }


@command("UpdateSipRegistration")
def update(context: Context) -> dict[str, Any]:
    """Change what is given; a changed login is tried again."""
    account, values = context.account, context.values
    registration = _find(context)
    _check_login(context)
    target = find_target(account, values)
    if "sip_username" in values:
        account.rename_registration(registration, values["sip_username"])
    for name in ("proxy", "auth_user", "outbound_proxy"):
        if name in values:
            setattr(registration, name, values[name])
    if any(name in values for name in _LOGIN):
        account.restart(registration)
    apply_target(account, registration, target)
    return _SUCCESS


@command("BindSipRegistration")
def bind(context: Context) -> dict[str, Any]:
    """Bind a registration, or with bind=false unbind it or a user."""
    account, values = context.account, context.values
    if values.get("bind", True):
        registration = _find(context)
        apply_target(account, registration, find_target(account, values))
        return _SUCCESS
    if "sip_registration_id" in values:
        registration = _find(context)
        release(account, registration, find_target(account, values))
        return _SUCCESS
    if "user_id" not in values and "user_name" not in values:
        raise RefusedError(REQUIRED, "Unbinding needs sip_registration_id, user_id or user_name")
    release(account, None, find_target(account, values, user_alone=True))
    return _SUCCESS


@command("DeleteSipRegistration")
def delete(context: Context) -> dict[str, Any]:
    """Delete a registration; its month is not paid back."""
    context.account.remove_registration(_find(context))
    return _SUCCESS


@command("GetSipRegistrations")
def list_(context: Context) -> dict[str, Any]:
    """List the registrations that every given filter lets through."""
    account, values = context.account, context.values
    rows: Iterable[Registration] = account.registrations.values()
    if "sip_registration_id" in values:
        one = account.registrations.get(values["sip_registration_id"])
        rows = [] if one is None else [one]
    elif "sip_username" in values:
        rows = account.registrations_of(values["sip_username"]).values()
    for name, make_test in _FILTERS.items():
        if name in values:
            rows = filter(make_test(account, values[name]), rows)
    page = [describe(account, row) for row in context.page(rows)]
    return {"result": page, "count": len(page)}


def describe(account: Account, registration: Registration) -> dict[str, Any]:
    """Return a registration in wire form, without bindings that it lacks."""
    finished = not account.in_progress(registration)
    successful = finished and registration.status_code == _OK
    row: dict[str, Any] = {
        "sip_registration_id": registration.id,
        "sip_username": registration.sip_username,
        "proxy": registration.proxy,
        "last_updated": registration.last_updated,
        "successful": successful,
        "deactivated": registration.deactivated,
        "next_subscription_renewal": registration.next_renewal.isoformat(),
        "purchase_date": registration.purchase_date,
        "subscription_price": f"{registration.price:f}",
        "is_persistent": registration.is_persistent,
    }
    if finished:
        row["status_code"] = registration.status_code
        if registration.error_message is not None:
            row["error_message"] = registration.error_message
    if registration.auth_user is not None:
        row["auth_user"] = registration.auth_user
    if registration.outbound_proxy is not None:
        row["outbound_proxy"] = registration.outbound_proxy
    if registration.application_id is not None:
        row["application_id"] = registration.application_id
        row["application_name"] = account.applications[registration.application_id].name
    if registration.rule_id is not None:
        row["rule_id"] = registration.rule_id
        row["rule_name"] = account.rules[registration.rule_id].name
    if registration.user_id is not None:
        row["user_id"] = registration.user_id
        row["user_name"] = account.users[registration.user_id].name
    return row


def _find(context: Context) -> Registration:
    if "sip_registration_id" not in context.values:
        raise RefusedError(REQUIRED, "The required parameter 'sip_registration_id' is empty")
    found = context.account.registrations.get(context.values["sip_registration_id"])
    if found is None:
        raise RefusedError(INVALID_REGISTRATION_ID)
    return found


def _check_login(context: Context) -> None:
    """Refuse an empty SIP user name, and a proxy that is empty or holds a space."""
    sip_username = context.values.get("sip_username")
    if sip_username is not None and not sip_username.strip():
        raise RefusedError(INVALID_SIP_USERNAME)
    proxy = context.values.get("proxy")
    if proxy is not None and (not proxy or any(letter.isspace() for letter in proxy)):
        raise RefusedError(INVALID_PROXY)


_Test = Callable[[Registration], bool]
_MakeTest = Callable[[Account, Any], _Test]


def _one_of(attribute: str) -> _MakeTest:
    def make(_account: Account, wanted: Any) -> _Test:
        allowed = frozenset(wanted)
        return lambda row: getattr(row, attribute) in allowed

    return make


def _equals(attribute: str) -> _MakeTest:
    def make(_account: Account, wanted: Any) -> _Test:
        return lambda row: bool(getattr(row, attribute) == wanted)

    return make


def _application_named(account: Account, wanted: Any) -> _Test:
    found = {application.id for name in wanted if (application := account.application_named(name))}
    return lambda row: row.application_id in found


def _rule_named(account: Account, wanted: Any) -> _Test:
    names = frozenset(wanted)
    found = {rule.id for rule in account.rules.values() if rule.name in names}
    return lambda row: row.rule_id in found


def _successful(account: Account, wanted: Any) -> _Test:
    return lambda row: (not account.in_progress(row) and row.status_code == _OK) is bool(wanted)


def _in_progress(account: Account, wanted: Any) -> _Test:
    return lambda row: account.in_progress(row) is bool(wanted)


def _status(account: Account, wanted: Any) -> _Test:
    """Keep the registrations with one of the codes or ranges: `401;403:500`."""
    ranges = []
    for part in wanted.split(";"):
        low, _, high = part.strip().partition(":")
        if not all(end.isascii() and end.isdigit() and len(end) <= 3 for end in (low, high or low)):
            raise RefusedError(INVALID_ARGUMENTS, "status_code is a list of codes and ranges")
        ranges.append((int(low), int(high or low)))
    return lambda row: (
        not account.in_progress(row) and any(a <= row.status_code <= b for a, b in ranges)
    )


_FILTERS: dict[str, _MakeTest] = {
    "sip_username": _equals("sip_username"),
    "proxy": _one_of("proxy"),
    "deactivated": _equals("deactivated"),
    "is_persistent": _equals("is_persistent"),
    "successful": _successful,
    "in_progress": _in_progress,
    "status_code": _status,
    "application_id": _one_of("application_id"),
    "application_name": _application_named,
    "is_bound_to_application": lambda _account, wanted: (
        lambda row: (row.application_id is not None) is wanted
    ),
    "rule_id": _one_of("rule_id"),
    "rule_name": _rule_named,
    "user_id": _one_of("user_id"),
}
