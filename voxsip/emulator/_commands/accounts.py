"""The account itself and what things cost."""

from __future__ import annotations

from typing import Any

from voxsip.emulator._service.context import Context, command, money
from voxsip.emulator._service.errors import RefusedError

__all__: list[str] = []

INVALID_TEMPLATE_TYPE = 246

_TEMPLATE_ID = 1
_TEMPLATE_TYPE = "SIP_REGISTRATION"
_TEMPLATE_NAME = "SIP registration"
_OTHER_TYPES = frozenset({"PHONE_NUM"})  # known to exist; the emulator sells none of them


@command("GetAccountInfo")
def get_account_info(context: Context) -> dict[str, Any]:
    """Describe the account that the token speaks for."""
    account = context.account
    return {
        "result": {
            "account_id": account.id,
            "account_name": account.name,
            "account_email": account.email,
            "created": account.created,
            "language_code": "en",
            "active": True,
            "frozen": False,
            "balance": money(account.balance),
            "credit_limit": 0,
            "currency": account.currency,
        },
        "api_address": context.api_address,
    }


@command("GetSubscriptionPrice")
def get_subscription_price(context: Context) -> dict[str, Any]:
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
