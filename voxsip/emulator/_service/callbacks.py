"""Account callbacks as the service makes and signs them; `_http.callbacks` sends them."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
from attrs import define, field

from voxsip.emulator._service.context import money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip.emulator._state.account import Account


@define(kw_only=True)
class Delivery:
    """One callback on its way to an account's callback URL.

    Attributes:
        callback_id: its number, counted from 1 over all accounts.
        account_id: the account of the callback.
        type: the type of the callback, such as "sip_registration_fail".
        url: the URL it is posted to.
        body: the signed request.
        attempts: the result of each attempt: the HTTP status, or the name of an error.
        delivered: whether an attempt was answered with 2xx.
    """

    callback_id: int
    account_id: int
    type: str
    url: str
    body: bytes = field(repr=False)
    attempts: list[int | str] = field(factory=list)
    delivered: bool = False

    def describe(self) -> dict[str, Any]:
        """Return what `GET /_emulator/callbacks` answers of it."""
        names = ("callback_id", "account_id", "type", "url", "attempts", "delivered")
        return {name: getattr(self, name) for name in names}


def make_delivery(
    account: Account, ids: Iterator[int], kind: str, content: dict[str, Any]
) -> Delivery | None:
    """Return a signed callback of an account; None if it has no callback URL.

    Args:
        account: the account of the callback.
        ids: gives the numbers of callbacks.
        kind: its type, which also names the member that holds the content.
        content: the content of the callback.
    """
    url = account.settings.get("callback_url")
    if not url:
        return None
    number = next(ids)
    signed = f"{account.callback_salt}{account.id}{account.api_key}{number}"
    callback = {
        "callback_id": number,
        "type": kind,
        "account_id": account.id,
        "hash": hashlib.md5(signed.encode(), usedforsecurity=False).hexdigest(),
        "account_name": account.name,
        "account_email": account.email,
        "language_code": "en",
        "account_first_name": account.settings.get("account_first_name", ""),
        "account_last_name": account.settings.get("account_last_name", ""),
        "balance": money(account.balance),
        "currency": account.currency,
        kind: content,
    }
    return Delivery(
        callback_id=number,
        account_id=account.id,
        type=kind,
        url=url,
        body=orjson.dumps({"callbacks": [callback]}),
    )


def is_web_url(text: str) -> bool:
    """Returns whether a text is an HTTP or HTTPS URL with a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_loopback_url(text: str) -> bool:
    """Returns whether a URL names a loopback address or localhost."""
    host = (urlsplit(text).hostname or "") if is_web_url(text) else ""
    try:
        return is_loopback(host)
    except ValueError:
        return host == "localhost"


def is_loopback(address: str) -> bool:
    """Returns whether an IP address is a loopback one, in any form."""
    found = ip_address(address.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
