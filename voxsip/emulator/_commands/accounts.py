"""The account itself, its children, its plans, and what things cost."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands.filters import Filter, chosen, contains, equals, one_of
from voxsip.emulator._commands.phone_numbers import PHONE_PRICE
from voxsip.emulator._commands.scenarios import CALL_PRICE
from voxsip.emulator._commands.sms import SMS_PRICE
from voxsip.emulator._service.callbacks import is_web_url
from voxsip.emulator._service.context import Context, Reply, command, money
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import ALL, INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.account import Account, month_later
from voxsip.emulator._state.ledger import SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voxsip.emulator._state.table import Row

INVALID_CHILD_ID = 194
INVALID_CHILD_NAME = 198
INVALID_CHILD_EMAIL = 199
INVALID_CURRENCY = 210
INVALID_TEMPLATE_ID = 244
INVALID_TEMPLATE_TYPE = 246
INVALID_CALLBACK_URL = 398
PASSWORD_USED = 535

PLAN_PRICES = {1: Decimal(0), 2: Decimal(5), 3: Decimal(50)}
"""Price of a month of each plan, by its template."""

_TEMPLATE_ID = 1
_TEMPLATE_TYPE = "SIP_REGISTRATION"
_TEMPLATE_NAME = "SIP registration"
_OTHER_TYPES = frozenset({"PHONE_NUM"})  # known to exist; its price depends on the region
_RATES = {"USD": 1, "EUR": 0.9, "RUR": 90, "KZT": 500}  # to one US dollar; made up
_PLAN_TYPES = ("IM", "MAU")
_PLAN_NAMES = {1: "Free", 2: "Small", 3: "Large"}
_SUCCESS = {"result": 1}
_BRIEF = frozenset({"account_id", "account_name", "account_email"})
_MEDIUM = _BRIEF | {"active", "frozen", "balance", "currency"}
_NOT_KEPT = frozenset(
    {
        *("child_account_id", "child_account_name", "child_account_email", "active"),
        *("new_account_password", "new_child_account_password"),
        *("can_use_restricted", "store_outbound_sms", "store_inbound_sms"),
    }
)


@command("GetAccountInfo")
def get_account_info(context: Context) -> Reply:
    """Describe the account that the token speaks for."""
    account = context.account
    secrets = {"api_key": account.api_key, "callback_salt": account.callback_salt}
    return {"result": _describe(account) | secrets, "api_address": context.api_address}


@command("SetAccountInfo")
def set_account_info(context: Context) -> Reply:
    """Change what is given; the password that was set last is refused."""
    _check_callback_url(context)
    _change(context.account, context.values, context.values.get("new_account_password"))
    return _SUCCESS


@command("SetChildAccountInfo")
def set_child_account_info(context: Context) -> Reply:
    """Change children: all of those named or, if one is missing, none."""
    values, password = context.values, context.values.get("new_child_account_password")
    _check_callback_url(context)
    children = _children(context, missing_is_wrong=True)
    for child in children:
        _check_password(child, password)
    for child in children:
        _change(child, values, password)
        child.active = values.get("active", child.active)
    return _SUCCESS


@command("GetChildrenAccounts")
def list_children(context: Context) -> Reply:
    """List the accounts that this one is the parent of."""
    values = context.values
    children = _children(
        context, missing_is_wrong=not values.get("ignore_invalid_accounts", False), filtered=True
    )
    rows = chosen(map(_describe, children), values, _FILTERS)
    order_by = values.get("order_by")
    if order_by:
        if order_by.removeprefix("child_") not in _BRIEF:
            raise RefusedError(INVALID_ARGUMENTS, "Child accounts cannot be ordered by that")
        rows.sort(key=lambda row: row[order_by.removeprefix("child_")])
    members = None
    if values.get("brief_output", False):
        members = _BRIEF
    elif values.get("medium_output", False):
        members = _MEDIUM
    return context.listed(
        rows,
        lambda row: {name: row[name] for name in row if members is None or name in members},
    )


@command("GetCurrencyRate")
def get_currency_rate(context: Context) -> Reply:
    """Return the value of a US dollar in other currencies: the same every day."""
    if not _RATES.keys() >= set(context.values["currency"]):
        raise RefusedError(INVALID_CURRENCY)
    return {"result": {name: _RATES[name] for name in context.values["currency"]}}


@command("GetResourcePrice")
def list_resource_prices(context: Context) -> Reply:
    """List the prices of a call and of a message."""
    values = context.values
    types = values.get("resource_type")
    ids, name = values.get("price_group_id"), values.get("price_group_name")
    resources = (("CALLSESSION", 1, "Calls", CALL_PRICE), ("SMSOUT", 2, "Messages", SMS_PRICE))
    return {
        "result": [
            {
                "resource_type": kind,
                "price_groups": [
                    {
                        "price_group_id": number,
                        "price_group_name": group,
                        "price": money(price),
                        "num_resources_per_price": 1,
                        "quantum": 1,
                    }
                ],
            }
            for kind, number, group, price in resources
            if (types is None or kind in types)
            and (ids is None or number in ids)
            and name in (None, group)
        ]
    }


@command("GetSubscriptionPrice")
def get_subscription_price(context: Context) -> Reply:
    """List what can be subscribed to: SIP registrations, and nothing else here."""
    values, price = context.values, money(context.price)
    wanted = values.get("subscription_template_type", _TEMPLATE_TYPE)
    if wanted != _TEMPLATE_TYPE and wanted not in _OTHER_TYPES:
        raise RefusedError(INVALID_TEMPLATE_TYPE)
    template = {
        "subscription_template_id": _TEMPLATE_ID,
        "currency": context.account.currency,
        "installation_price": 0,
        "installation_price_in_currency": 0,
        "price": price,
        "price_in_currency": price,
        "period": "0-1-0 0:0:0",
        "subscription_template_type": _TEMPLATE_TYPE,
        "subscription_template_name": _TEMPLATE_NAME,
        "required_verification": "",
        "verification_status": "NOT_REQUIRED",
        "installation_tax_reserve": 0,
        "tax_reserve": 0,
    }
    matches = (
        wanted == _TEMPLATE_TYPE
        and _TEMPLATE_ID in values.get("subscription_template_id", (_TEMPLATE_ID,))
        and values.get("subscription_template_name", _TEMPLATE_NAME) == _TEMPLATE_NAME
    )
    return {"result": context.page([template] if matches else [])}


@command("GetMoneyAmountToCharge")
def get_money_amount_to_charge(context: Context) -> Reply:
    """Return what the subscriptions of the account cost together, less the balance."""
    account = context.account
    rows = [
        ("SIP_REGISTRATION", f"SIP registration {row.id}", row.price, row.next_renewal.isoformat())
        for row in account.registrations.values()
    ]
    rows += [
        (
            "PHONE_NUM",
            f"Phone number {row['phone_number']}",
            PHONE_PRICE,
            row["phone_next_renewal"],
        )
        for row in account.table("phone_id").rows.values()
    ]
    until = context.values.get("charge_date")
    rows = [row for row in rows if until is None or row[3] <= until.isoformat()]
    needed = max(Decimal(0), sum((row[2] for row in rows), Decimal(0)) - account.balance)
    return {
        "result": {
            "amount": money(needed),
            "min_amount": money(needed),
            "subscriptions": [
                {
                    "subscription_amount": money(amount),
                    "subscription_type": kind,
                    "subscription_description": text,
                    "subscription_auto_charge": True,
                    "subscription_next_renewal": renewal,
                }
                for kind, text, amount, renewal in rows
            ],
        }
    }


@command("ChangeAccountPlan")
def change_account_plan(context: Context) -> Reply:
    """Replace the plan of a type, which may be any word, and charge a month."""
    account, values = context.account, context.values
    template = values.get("plan_subscription_template_id", _TEMPLATE_ID)
    if template not in PLAN_PRICES:
        raise RefusedError(INVALID_TEMPLATE_ID)
    context.pay(PLAN_PRICES[template], SUBSCRIPTION, f"Plan {values['plan_type']}")
    today = account.clock.utc().date()
    account.plans[values["plan_type"]] = {
        **_plan(values["plan_type"], template),
        "next_charge": month_later(today).isoformat(),
    }
    return {"result": 1, "account_info": context.brief()}


@command("GetAccountPlans")
def list_account_plans(context: Context) -> Reply:
    """List the plans of the account, which has none at the start."""
    return {"result": chosen(context.account.plans.values(), context.values, _PLAN_FILTERS)}


@command("GetAvailablePlans")
def list_available_plans(context: Context) -> Reply:
    """List the plans there are: three of each type."""
    plans = [_plan(kind, template) for kind in _PLAN_TYPES for template in PLAN_PRICES]
    return {"result": chosen(plans, context.values, _PLAN_FILTERS)}


def _plan(kind: str, template: int) -> Row:
    return {
        "plan_subscription_template_id": template,
        "plan_type": kind,
        "plan_name": _PLAN_NAMES[template],
        "periodic_charge": money(PLAN_PRICES[template]),
        "packages": [],
    }


def _describe(account: Account) -> Row:
    return {
        "account_id": account.id,
        "account_name": account.name,
        "account_email": account.email,
        "created": account.created,
        "language_code": "en",
        "active": account.active,
        "frozen": False,
        "balance": money(account.balance),
        "credit_limit": 0,
        "currency": account.currency,
        **account.settings,
    }


def _change(account: Account, values: Mapping[str, Any], password: str | None) -> None:
    _check_password(account, password)
    if password is not None:
        account.password = _digest(password)
    for name, value in values.items():
        if name in {"new_account_email", "new_child_account_email"}:
            account.email = value
        elif name == "callback_salt":
            account.callback_salt = value
        elif name not in _NOT_KEPT:
            account.settings[name] = money(value) if isinstance(value, Decimal) else value


def _check_callback_url(context: Context) -> None:
    url = context.values.get("callback_url")
    if url and not is_web_url(url):
        raise RefusedError(INVALID_CALLBACK_URL)


def _check_password(account: Account, password: str | None) -> None:
    if password is not None and account.password == _digest(password):
        raise RefusedError(PASSWORD_USED)


def _digest(password: str) -> bytes:
    """Return a digest that shows whether a password is the previous one."""
    return sha256(password.encode()).digest()


def _children(context: Context, *, missing_is_wrong: bool, filtered: bool = False) -> list[Account]:
    """Return the children that are named, or all if none has to be.

    Args:
        context: the command.
        missing_is_wrong: refuse ids, names and addresses that no child has.
        filtered: texts are filters of one name and one address, matched by part, and may match none.
    """
    values, children = context.values, context.children
    found: dict[int, Account] = {}
    wanted = values.get("child_account_id")
    if wanted == ALL:
        return list(children.values())
    for number in wanted or ():
        if number in children:
            found[number] = children[number]
        elif missing_is_wrong:
            raise RefusedError(INVALID_CHILD_ID)
    if filtered:
        return list(found.values()) if wanted is not None else list(children.values())
    for name, attribute, code in (
        ("child_account_name", "name", INVALID_CHILD_NAME),
        ("child_account_email", "email", INVALID_CHILD_EMAIL),
    ):
        for text in values.get(name, ()):
            child = next(
                (one for one in children.values() if getattr(one, attribute) == text), None
            )
            if child is None:
                raise RefusedError(code)
            found[child.id] = child
    if not found:
        raise RefusedError(REQUIRED, "A child_account_id, _name or _email is needed")
    return list(found.values())


_FILTERS: dict[str, Filter] = {
    "child_account_name": contains("account_name"),
    "child_account_email": contains("account_email"),
    "active": equals("active"),
    "frozen": equals("frozen"),
}
_PLAN_FILTERS: dict[str, Filter] = {
    "plan_type": one_of("plan_type"),
    "plan_subscription_template_id": one_of("plan_subscription_template_id"),
}
