"""Phone numbers: what is on sale, buy, bind, list, give up."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from voxsip.emulator._commands.filters import Filter, chosen, contains, equals, one_of, wire
from voxsip.emulator._commands.reports import COMMON, order
from voxsip.emulator._service.context import Context, Reply, command, money
from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.files import csv_file
from voxsip.emulator._service.values import ALL, INVALID_ARGUMENTS, REQUIRED
from voxsip.emulator._state.account import month_later
from voxsip.emulator._state.bindings import find_application, find_target
from voxsip.emulator._state.ledger import SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voxsip.emulator._state.account import Account
    from voxsip.emulator._state.table import Row

PHONE_PRICE = Decimal(1)
"""Price of a number and its first month."""

INVALID_PHONE_NUMBER = 121
INVALID_PHONE_ID = 181
OCCUPIED = 182
INVALID_PHONE_COUNT = 243

KEY = "phone_id"
_SUCCESS = {"result": 1}
_MOST_AT_ONCE = 100
_LONGEST_NUMBER = 20
_STOCK = 50  # numbers on sale at a time, in each region
_COUNTRIES = {"US": ("United States", "1"), "GB": ("United Kingdom", "44"), "DE": ("Germany", "49")}
_CATEGORIES = ("GEOGRAPHIC", "TOLLFREE")
_REGIONS = {1: "Capital", 2: "Coast"}
_PERIOD = "0-1-0 0:0:0"


@command("AttachPhoneNumber")
def attach(context: Context) -> Reply:
    """Buy numbers: those named, or some of those on sale, of any region."""
    account, values = context.account, context.values
    if "phone_number" in values:
        numbers = list(dict.fromkeys(values["phone_number"]))
        for number in numbers:
            if not _is_number(number):
                raise RefusedError(INVALID_PHONE_NUMBER)
            if _owner(context, number) is not None:
                raise RefusedError(OCCUPIED)
    elif "phone_count" in values:
        if not 0 < values["phone_count"] <= _MOST_AT_ONCE:
            raise RefusedError(INVALID_PHONE_COUNT)
        stock = _on_sale(context)
        numbers = [next(stock) for _ in range(values["phone_count"])]
    else:
        raise RefusedError(REQUIRED, "A phone_count or phone_number is needed")
    context.afford(PHONE_PRICE * len(numbers))
    bought = [_buy(account, values, number) for number in numbers]
    return {
        "result": 1,
        "phone_numbers": [
            {
                KEY: row[KEY],
                "phone_number": row["phone_number"],
                "required_verification": "",
                "verification_status": "NOT_REQUIRED",
            }
            for row in bought
        ],
    }


@command("BindPhoneNumberToApplication")
def bind(context: Context) -> Reply:
    """Bind numbers to an application and a rule; with bind=false, unbind them."""
    account, values = context.account, context.values
    target = find_target(account, values)
    if target.application is None:
        raise RefusedError(REQUIRED, "An application_id or application_name is needed")
    for row in _named(account, values):
        if values.get("bind", True):
            row["application_id"] = target.application.id
            row["rule_id"] = None if target.rule is None else target.rule.id
        elif row.get("application_id") == target.application.id:
            row["application_id"] = row["rule_id"] = None
        row["modified"] = account.timestamp()
    return _SUCCESS


@command("DeactivatePhoneNumber")
def deactivate(context: Context) -> Reply:
    """Give numbers up; anybody may buy them then."""
    for row in _named(context.account, context.values):
        context.account.table(KEY).remove(row)
    return _SUCCESS


@command("SetPhoneNumberInfo")
def set_(context: Context) -> Reply:
    """Set where messages to the numbers are reported."""
    account, values = context.account, context.values
    for row in _named(account, values):
        row["modified"] = account.timestamp()
        if "incoming_sms_callback_url" in values:
            row["incoming_sms_callback_url"] = values["incoming_sms_callback_url"]
    return _SUCCESS


@command("GetPhoneNumbers")
def list_(context: Context) -> Reply:
    """List the account's numbers, or those of its children."""
    account, values = context.account, context.values
    find_application(account, values)
    wanted = values.get("child_account_id", ())
    only = values.get("children_phones_only", False)
    children = context.children
    ids = tuple(children) if wanted == ALL or (only and not wanted) else tuple(wanted)
    accounts = [] if only else [account]
    accounts += [children[number] for number in ids if number in children]
    rows = [_describe(owner, row) for owner in accounts for row in owner.table(KEY).rows.values()]
    rows = chosen(rows, values, _FILTERS)
    order_by = values.get("order_by")
    if order_by:
        if order_by not in _ORDERS:
            raise RefusedError(INVALID_ARGUMENTS, "Phone numbers cannot be ordered by that")
        rows.sort(key=lambda row: str(row[_ORDERS[order_by]]))
    return context.listed(rows)


@command("IsAccountPhoneNumber")
def is_account_number(context: Context) -> Reply:
    """Returns whether a number is the account's."""
    return {"result": owned(context.account, context.values["phone_number"]) is not None}


@command("GetPhoneNumbersAsync")
def order_numbers(context: Context) -> Reply:
    """Order a report of the account's numbers."""
    lines = [
        f"{row[KEY]};{row['phone_number']}" for row in context.account.table(KEY).rows.values()
    ]
    header = f"{KEY};phone_number" if context.values.get("with_header", False) else None
    return order(context, "phone_numbers", csv_file(header, lambda: lines), COMMON)


@command("GetNewPhoneNumbers")
def list_new(context: Context) -> Reply:
    """List the numbers on sale in a region."""
    values = context.values
    mask = values.get("phone_number_mask", "").strip("*")
    stock = _on_sale(context)
    numbers = [number for number in (next(stock) for _ in range(_STOCK)) if mask in number]
    page = context.page(numbers)
    return {
        "result": [
            {
                KEY: 1 + position,
                "phone_number": number,
                "phone_price": money(PHONE_PRICE),
                "phone_installation_price": 0,
                "phone_country_code": values["country_code"],
                "phone_period": _PERIOD,
                "phone_category_name": values["phone_category_name"],
                "phone_region_name": _region_name(values),
                "phone_installation_tax_reserve": 0,
                "phone_tax_reserve": 0,
            }
            for position, number in enumerate(page, values.get("offset", 0))
        ],
        "total_count": len(numbers),
        "count": len(page),
    }


@command("GetPhoneNumberCategories")
def list_categories(context: Context) -> Reply:
    """List the countries that the emulator knows, each with the same categories."""
    wanted = context.values.get("country_code", tuple(_COUNTRIES))
    return {
        "result": [
            {
                "country_code": code,
                "localized_country_name": name,
                "phone_prefix": prefix,
                "can_list_phone_numbers": True,
                "phone_categories": [
                    {"phone_category_name": category, "country_has_states": code == "US"}
                    for category in _CATEGORIES
                ],
            }
            for code, (name, prefix) in _COUNTRIES.items()
            if code in wanted
        ]
    }


@command("GetPhoneNumberCountryStates")
def list_states(context: Context) -> Reply:
    """List the states of a country: two, if there are any."""
    wanted = context.values.get("country_state")
    states = {"CA": "California", "NY": "New York"}
    if context.values["country_code"] != "US":
        states = {}
    return {
        "result": [
            {"country_state": code, "country_state_name": name}
            for code, name in states.items()
            if wanted in (None, code)
        ]
    }


@command("GetPhoneNumberRegions")
def list_regions(context: Context) -> Reply:
    """List the regions: the same two in every country."""
    values = context.values
    wanted, name = values.get("phone_region_id"), values.get("phone_region_name")
    return {
        "result": [
            _region(context, number)
            for number, text in _REGIONS.items()
            if wanted in (None, number) and name in (None, text)
        ]
    }


@command("GetActualPhoneNumberRegion")
def get_region(context: Context) -> Reply:
    """Describe a region; any number is one."""
    return {"result": _region(context, context.values["phone_region_id"])}


@command("GetAccountPhoneNumberCountries")
def list_account_countries(context: Context) -> Reply:
    """List the countries of the account's numbers."""
    wanted = context.values.get("application_id")
    rows = context.account.table(KEY).rows.values()
    codes = (
        row["phone_country_code"]
        for row in rows
        if wanted is None or row.get("application_id") in wanted
    )
    return {"result": sorted(set(codes))}


def owned(account: Account, number: str) -> Row | None:
    """Return the account's number of these digits."""
    return account.table(KEY).where(phone_number=number.removeprefix("+"))


def _owner(context: Context, number: str) -> Account | None:
    """Return the account of this server that has a number."""
    return next((account for account in context.accounts if owned(account, number)), None)


def _is_number(text: str) -> bool:
    digits = text.removeprefix("+")
    return digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER


def _on_sale(context: Context) -> Iterator[str]:
    """Give the numbers that nobody has, of the country and region asked for."""
    values = context.values
    prefix = _COUNTRIES.get(values["country_code"], ("", "999"))[1]
    taken = {
        row["phone_number"]
        for account in context.accounts
        for row in account.table(KEY).rows.values()
    }
    first = values["phone_region_id"] % 100 * 10**6
    for number in range(first + 1, first + 10**6):
        text = f"{prefix}555{number:08d}"
        if text not in taken:
            yield text


def _buy(account: Account, values: Mapping[str, Any], number: str) -> Row:
    account.pay(PHONE_PRICE, SUBSCRIPTION, f"Phone number {number}")
    today = account.clock.utc().date()
    return account.table(KEY).add(
        phone_number=number.removeprefix("+"),
        phone_country_code=values["country_code"],
        category_name=values["phone_category_name"],
        phone_region_name=_region_name(values),
        phone_purchase_date=account.timestamp(),
        phone_next_renewal=month_later(today).isoformat(),
        modified=account.timestamp(),
    )


def _named(account: Account, values: Mapping[str, Any]) -> list[Row]:
    """Return all the numbers that a command names; none if one is missing."""
    rows = account.table(KEY).rows
    if values.get(KEY) == ALL:
        return list(rows.values())
    found: dict[int, Row] = {}
    for wanted in values.get(KEY, ()):
        if wanted not in rows:
            raise RefusedError(INVALID_PHONE_ID)
        found[wanted] = rows[wanted]
    for number in values.get("phone_number", ()):
        row = owned(account, number)
        if row is None:
            raise RefusedError(INVALID_PHONE_NUMBER)
        found[row[KEY]] = row
    if not found:
        raise RefusedError(REQUIRED, "A phone_id or phone_number is needed")
    return list(found.values())


def _region_name(values: Mapping[str, Any]) -> str:
    return _REGIONS.get(values["phone_region_id"], "Region")


def _region(context: Context, number: int) -> Row:
    price = money(PHONE_PRICE)
    return {
        "phone_region_id": number,
        "phone_region_name": _REGIONS.get(number, "Region"),
        "phone_region_code": str(number),
        "phone_count": _STOCK,
        "phone_period": _PERIOD,
        "verification_status": "NOT_REQUIRED",
        "is_need_regulation_address": False,
        "is_sms_supported": True,
        "account_price": price,
        "account_installation_price": 0,
        "account_currency": context.account.currency,
    }


def _describe(account: Account, row: Row) -> Row:
    shown = {name: value for name, value in row.items() if value is not None}
    shown |= {
        "phone_price": money(PHONE_PRICE),
        "activation_status": "ACTIVE",
        "deactivated": False,
        "canceled": False,
        "auto_charge": True,
        "verification_status": "NOT_REQUIRED",
        "can_be_used": True,
        "is_sms_supported": True,
        "is_sms_enabled": row.get("is_sms_enabled", True),
    }
    application = account.applications.get(row.get("application_id", 0))
    rule = account.rules.get(row.get("rule_id") or 0)
    for name in ("application_id", "rule_id"):
        shown.pop(name, None)
    if application is not None:
        shown |= {"application_id": application.id, "application_name": application.name}
    if rule is not None:
        shown |= {"rule_id": rule.id, "rule_name": rule.name}
    return shown


_ORDERS = {
    "phone_number": "phone_number",
    "phone_price": "phone_price",
    "phone_country_code": "phone_country_code",
    "deactivated": "deactivated",
    "purchase_date": "phone_purchase_date",
    "phone_next_renewal": "phone_next_renewal",
    "verification_status": "verification_status",
}
_FILTERS: dict[str, Filter] = {
    KEY: one_of(KEY),
    "phone_number": one_of("phone_number"),
    "activation_status": one_of("activation_status"),
    "application_id": equals("application_id"),
    "application_name": equals("application_name"),
    "is_bound_to_application": lambda row, wanted: ("application_id" in row) is wanted,
    "phone_template": contains("phone_number"),
    "country_code": one_of("phone_country_code"),
    "phone_category_name": equals("category_name"),
    "canceled": equals("canceled"),
    "deactivated": equals("deactivated"),
    "auto_charge": equals("auto_charge"),
    "from_phone_next_renewal": lambda row, day: row["phone_next_renewal"] >= day.isoformat(),
    "to_phone_next_renewal": lambda row, day: row["phone_next_renewal"] <= day.isoformat(),
    "from_phone_purchase_date": lambda row, time: row["phone_purchase_date"] >= wire(time),
    "to_phone_purchase_date": lambda row, time: row["phone_purchase_date"] <= wire(time),
    "verification_status": one_of("verification_status"),
    "can_be_used": equals("can_be_used"),
    "phone_region_name": one_of("phone_region_name"),
    "rule_id": one_of("rule_id"),
    "rule_name": one_of("rule_name"),
    "is_bound_to_rule": lambda row, wanted: ("rule_id" in row) is wanted,
}
