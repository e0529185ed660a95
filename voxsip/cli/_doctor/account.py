"""What the key may do, what the account holds and how much money is left. Reads only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from voxsip import ForbiddenError, VoxsipError
from voxsip._printable import counted
from voxsip.cli._doctor.findings import Finding, State, finding_of

if TYPE_CHECKING:
    from voxsip import AsyncClient, SipRegistration

_READS = {
    "GetSipRegistrations": "listing, --skip-unchanged, --verify, plan",
    "GetApplications": "names of applications",
    "GetUsers": "names of users",
    "GetRules": "names of rules",
    "GetSubscriptionPrice": "the price check before a purchase",
}
_QUOTA_OF_USERS = 1000  # unless the service has raised it
_NEARLY = 0.95


async def check_account(client: AsyncClient) -> list[Finding]:
    """Look at token, roles, money and what there is, as far as each allows the next."""
    try:
        info = (await client.accounts.get_account_info()).result
    except ForbiddenError as error:
        token = Finding("token", State.OK, f"accepted; {error}")
    except VoxsipError as error:
        return [
            finding_of("token", error),
            *(
                Finding(name, State.SKIPPED, "the token is not accepted")
                for name in ("roles", "money", "registrations", "users")
            ),
        ]
    else:
        token = _token(active=info.active, frozen=info.frozen)
    return [
        token,
        await _check_roles(client),
        await _check_money(client),
        await _check_registrations(client),
        await _check_users(client),
    ]


def _token(*, active: bool | None, frozen: bool | None) -> Finding:
    data = {"active": active, "frozen": frozen}
    if frozen or active is False:
        return Finding(
            "token",
            State.WARNING,
            "accepted, but the account is " + ("blocked" if frozen else "not activated"),
            remedy="see the control panel, or ask the service's support",
            data=data,
        )
    return Finding("token", State.OK, "accepted", data=data)


async def _check_roles(client: AsyncClient) -> Finding:
    refused: dict[str, str] = {}
    application = await _an_application(client)
    for command, use in _READS.items():
        arguments: dict[str, Any] = {"count": 1}
        if command == "GetSubscriptionPrice":
            arguments = {"subscription_template_type": "SIP_REGISTRATION"}
        elif command in {"GetRules", "GetUsers"}:
            if application is None:
                continue
            arguments["application_id"] = application
        try:
            await client.call(command, arguments)
        except ForbiddenError:
            refused[command] = use
        except VoxsipError as error:
            return finding_of("roles", error)
    data = {"read": [name for name in _READS if name not in refused], "refused": list(refused)}
    if refused:
        return Finding(
            "roles",
            State.WARNING,
            "; ".join(f"{command} is refused, so no {use}" for command, use in refused.items()),
            remedy="give the key a role that may read (Owner, Admin, Support)",
            data=data,
        )
    return Finding(
        "roles",
        State.OK,
        "all reads that voxsip needs; what the key may change is not tried",
        data=data,
    )


async def _an_application(client: AsyncClient) -> int | None:
    try:
        page = await client.applications.list(count=1)
    except VoxsipError:
        return None
    return page[0].application_id if page else None


async def _check_money(client: AsyncClient) -> Finding:
    try:
        quote = await client.bulk.quote()
    except VoxsipError as error:
        return finding_of("money", error)
    count = int(quote.balance // quote.price) if quote.price > 0 else None
    text = f"balance {quote.balance:f} {quote.currency}, a registration costs {quote.price:f}: " + (
        "as many as wanted" if count is None else f"enough for {max(0, count)}"
    )
    return Finding(
        "money",
        State.OK if quote.enough else State.WARNING,
        text,
        remedy=None if quote.enough else "charge the account before buying registrations",
        data={"price": f"{quote.price:f}", "currency": quote.currency, "enough_for": count},
    )


async def _check_registrations(client: AsyncClient) -> Finding:
    by_state: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    try:
        async for found in client.sip_registrations.list(count=1000):
            state = _state(found)
            by_state[state] += 1
            if state == "failing":
                codes[str(found.status_code)] += 1
    except VoxsipError as error:
        return finding_of("registrations", error)
    total = by_state.total()
    parts = [f"{total} in all", *(f"{n} {state}" for state, n in sorted(by_state.items()))]
    failing = by_state["failing"]
    return Finding(
        "registrations",
        State.WARNING if failing else State.OK,
        ", ".join(parts),
        remedy="voxsip registrations list shows which fail, and why" if failing else None,
        data={"total": total, "states": dict(by_state), "status_codes": dict(codes)},
    )


def _state(found: SipRegistration) -> str:
    if found.deactivated:
        return "deactivated"
    if found.successful:
        return "working"
    return "failing" if found.successful is False and found.status_code else "in progress"


async def _check_users(client: AsyncClient) -> Finding:
    applications = users = 0
    try:
        async for application in client.applications.list(count=1000):
            applications += 1
            page = await client.users.list(application_id=application.application_id, count=1)
            users += page.total_count or 0
    except VoxsipError as error:
        return finding_of("users", error)
    full = users >= _QUOTA_OF_USERS * _NEARLY
    return Finding(
        "users",
        State.WARNING if full else State.OK,
        f"{counted(applications, 'application')}, {counted(users, 'user')}",
        remedy=f"an account holds {_QUOTA_OF_USERS} users unless the service raises that"
        if full
        else None,
        data={"applications": applications, "users": users},
    )
