"""`voxsip registrations`: one call each, of what a person does by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import attrs
from cyclopts import Group, Parameter

from voxsip import VoxsipError
from voxsip._printable import counted
from voxsip.bulk import CreateRequest
from voxsip.cli._connection import DEFAULT, SIP_DEFAULT, Connection, SipConnection, Switch
from voxsip.cli._exit_codes import CommandError, Exit, print_message
from voxsip.cli._parameters import COUNT, HOST, ID, NAME
from voxsip.cli._terminal import questions as ask
from voxsip.cli._terminal.output import print_json, print_table
from voxsip.cli._terminal.streams import OutputLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxsip import AsyncClient
    from voxsip.models import SipRegistration

_TARGET = Group("Binding", sort_key=50)
_FILTERS = Group("Filters", sort_key=40)


@Parameter(name="*", group=_TARGET)
@attrs.frozen(kw_only=True)
class Target:
    """What a registration is bound to."""

    application_id: Annotated[int | None, ID] = None
    "The application, by id."
    application_name: Annotated[str | None, NAME] = None
    "The application, by name."
    rule_id: Annotated[int | None, ID] = None
    "The rule, by id."
    rule_name: Annotated[str | None, NAME] = None
    "The rule, by name; needs the application."
    user_id: Annotated[int | None, ID] = None
    "The user, by id; needs the application."
    user_name: Annotated[str | None, NAME] = None
    "The user, by name; needs the application."

    def values(self) -> dict[str, Any]:
        """Return what is given, by parameter."""
        return _given(attrs.asdict(self))


@Parameter(name="*")
@attrs.frozen(kw_only=True)
class Login:
    """How a registration logs in, beside its user name and proxy."""

    auth_user: Annotated[str | None, NAME] = None
    "Name to authenticate with, if it differs from the user name."
    outbound_proxy: Annotated[str | None, HOST] = None
    "Host that requests go through."
    password_file: Annotated[str | None, Parameter(metavar="PATH", allow_leading_hyphen=True)] = (
        None
    )
    "File that holds the SIP password, - to type or pipe it."

    def values(self) -> dict[str, Any]:
        """Return what is given, by parameter; reads the password."""
        password = ask.secret_from(self.password_file, "SIP password")
        return _given(
            {
                "auth_user": self.auth_user,
                "outbound_proxy": self.outbound_proxy,
                "password": password,
            }
        )


@Parameter(name="*", group=_FILTERS)
@attrs.frozen(kw_only=True)
class Filters:
    """Which registrations are meant; all that are given must match."""

    sip_username: Annotated[str | None, NAME] = None
    "Only this user name."
    proxy: Annotated[list[str] | None, HOST] = None
    "Only at this SIP server; may be repeated, as may the ids and names below."
    application_id: Annotated[list[int] | None, ID] = None
    "Only bound to this application."
    application_name: Annotated[list[str] | None, NAME] = None
    "Only bound to this application."
    rule_id: Annotated[list[int] | None, ID] = None
    "Only bound to this rule."
    rule_name: Annotated[list[str] | None, NAME] = None
    "Only bound to this rule."
    user_id: Annotated[list[int] | None, ID] = None
    "Only bound to this user."
    bound: bool | None = None
    "Only with an application, or only without."
    persistent: bool | None = None
    "Only those that stay logged in, or only those that follow their user."

    def values(self) -> dict[str, Any]:
        """Return what is given, by parameter."""
        wire = {"bound": "is_bound_to_application", "persistent": "is_persistent"}
        return {wire.get(name, name): value for name, value in _given(attrs.asdict(self)).items()}


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


Json = Annotated[Switch, Parameter(help="Write JSON, a line for each object.")]
_NO_TARGET = Target()
NO_FILTERS = Filters()
_NO_LOGIN = Login()


def list_(
    *,
    sip_registration_id: Annotated[int | None, ID] = None,
    filters: Filters = NO_FILTERS,
    successful: bool | None = None,
    in_progress: bool | None = None,
    deactivated: bool | None = None,
    status_code: Annotated[str | None, Parameter(metavar="CODE")] = None,
    limit: Annotated[int | None, COUNT] = None,
    json: Json = False,
    connection: SipConnection = SIP_DEFAULT,
) -> int:
    """List registrations that match all given filters.

    Args:
        sip_registration_id: Only this one.
        successful: Only those whose last login succeeded, or only those whose last login failed.
        in_progress: Only those whose login is in progress, or only others.
        deactivated: Only those switched off, or only others.
        status_code: Only those whose last login was answered with this SIP status.
        limit: Number of registrations at most.
    """

    async def show(client: AsyncClient) -> None:
        count = 0
        found = client.sip_registrations.list(
            sip_registration_id=sip_registration_id,
            successful=successful,
            in_progress=in_progress,
            deactivated=deactivated,
            status_code=status_code,
            **filters.values(),
        )
        async for page in found.pages():
            items = page.items if limit is None else page.items[: limit - count]
            _print(items, as_json=json)
            count += len(items)
            if count == limit:
                break
        if not json:
            print_message(counted(count, "registration"))

    connection.run(show)
    return Exit.DONE


def create_(
    *,
    sip_username: Annotated[str, NAME],
    proxy: Annotated[str, HOST],
    persistent: bool | None = None,
    login: Login = _NO_LOGIN,
    target: Target = _NO_TARGET,
    json: Json = False,
    connection: SipConnection = SIP_DEFAULT,
) -> int:
    """Buy a registration for a month's fee, and bind it if an application is given.

    Args:
        sip_username: User name at the SIP server.
        proxy: Host of the SIP server.
        persistent: Stay logged in, or follow the bound user.
    """
    values = {"sip_username": sip_username, "proxy": proxy, **login.values(), **target.values()}
    if persistent is not None:
        values["is_persistent"] = persistent
    _check_names(values)

    async def buy(client: AsyncClient) -> None:
        reply = await client.sip_registrations.create(**values)
        try:
            if json:
                print_json(reply)
                return
            print(reply.sip_registration_id, flush=True)
        except OutputLost:
            print_message(f"registration {reply.sip_registration_id} is bought")
            raise
        account = reply.account_info
        if account is not None and account.balance is not None:
            print_message(f"balance left: {account.balance} {account.currency or ''}".rstrip())

    connection.run(buy)
    return Exit.DONE


def bind_(
    sip_registration_id: Annotated[int, ID],
    /,
    *,
    target: Target = _NO_TARGET,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """Bind a registration to an application, a rule or a user.

    A user has one registration: the previous registration loses the user.

    Args:
        sip_registration_id: The registration.
    """

    async def change(client: AsyncClient) -> None:
        one = sip_registration_id
        await client.sip_registrations.bind(sip_registration_id=one, **target.values())
        _confirm(f"registration {one} is bound", one, as_json=json)

    connection.run(change)
    return Exit.DONE


def unbind_(
    sip_registration_id: Annotated[int | None, ID] = None,
    /,
    *,
    target: Target = _NO_TARGET,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """Unbind the given user or rule, or all parts if only the application is given.

    With --user-id alone, unbind that user from its registration.

    Args:
        sip_registration_id: The registration; optional with --user-id.
    """

    async def change(client: AsyncClient) -> None:
        one = sip_registration_id
        await client.sip_registrations.unbind(sip_registration_id=one, **target.values())
        what = f"registration {one}"
        if one is None:
            what = f"user {target.user_id or target.user_name}"
        _confirm(f"{what} is unbound", one, as_json=json)

    connection.run(change)
    return Exit.DONE


def update_(
    sip_registration_id: Annotated[int, ID],
    /,
    *,
    sip_username: Annotated[str | None, NAME] = None,
    proxy: Annotated[str | None, HOST] = None,
    login: Login = _NO_LOGIN,
    target: Target = _NO_TARGET,
    json: Json = False,
    connection: SipConnection = SIP_DEFAULT,
) -> int:
    """Change a registration; values that are not given stay.

    Args:
        sip_registration_id: The registration.
        sip_username: New user name at the SIP server.
        proxy: New host of the SIP server.
    """
    given = _given({"sip_username": sip_username, "proxy": proxy})
    values = {**given, **login.values(), **target.values()}
    if not values:
        raise CommandError("nothing to change: give at least one new value")
    _check_names(values)

    async def change(client: AsyncClient) -> None:
        one = sip_registration_id
        await client.sip_registrations.update(sip_registration_id=one, **values)
        _confirm(f"registration {one} is changed", one, as_json=json)

    connection.run(change)
    return Exit.DONE


def delete_(
    sip_registration_id: Annotated[list[int], ID],
    /,
    *,
    yes: Annotated[Switch, Parameter(name=("--yes", "-y"))] = False,
    json: Json = False,
    connection: Connection = DEFAULT,
) -> int:
    """Delete registrations. This cannot be undone.

    Args:
        sip_registration_id: The registrations.
        yes: Do not ask.
    """
    if not yes and ask.on_terminal():
        ids = ", ".join(map(str, sip_registration_id))
        ask.confirm(f"Delete registration {ids}?", "nothing was deleted")

    async def drop(client: AsyncClient) -> None:
        for place, one in enumerate(sip_registration_id, 1):
            try:
                await client.sip_registrations.delete(sip_registration_id=one)
            except VoxsipError:
                left = ", ".join(map(str, sip_registration_id[place:]))
                print_message(
                    f"registration {one} met an error" + (f"; not tried: {left}" if left else "")
                )
                raise
            _confirm(f"registration {one} is deleted", one, as_json=json)

    connection.run(drop)
    return Exit.DONE


def _check_names(values: dict[str, Any]) -> None:
    """Refuse names that cannot work, by the rule for the rows of a purchase."""
    texts: dict[str, Any] = {"sip_username": "x", "proxy": "x"}
    texts |= {name: value for name, value in values.items() if isinstance(value, str) and value}
    CreateRequest(**texts)


def _confirm(text: str, registration: int | None, *, as_json: bool) -> None:
    if as_json:
        print_json({"result": 1, "sip_registration_id": registration})
    else:
        print_message(text)


def _print(registrations: Any, *, as_json: bool) -> None:
    if as_json:
        for registration in registrations:
            print_json(registration)
        return
    columns = ("id", "user name", "proxy", "state", "application", "rule", "user")
    print_table(columns, map(_row, registrations))


def _row(one: SipRegistration) -> Sequence[object]:
    return (
        one.sip_registration_id,
        one.sip_username,
        one.proxy,
        _state(one),
        _named(one.application_id, one.application_name),
        _named(one.rule_id, one.rule_name),
        _named(one.user_id, one.user_name),
    )


def _state(one: SipRegistration) -> str:
    if one.deactivated:
        return "off"
    if one.successful is None:
        return ""
    if one.successful:
        return "ok"
    said = [str(part) for part in (one.status_code, one.error_message) if part]
    return " ".join(["failed", *said]) if said else "pending"


def _named(number: int | None, name: str | None) -> str:
    return " ".join(str(part) for part in (number, name) if part is not None)
