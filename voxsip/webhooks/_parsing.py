"""Verifies the body of a callback request, then reads it. Pure: no I/O, no web framework."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, final

import orjson

from voxsip._errors import InvalidArgumentError
from voxsip._redaction.values import SecretBytes, conceal
from voxsip.webhooks._callbacks import (
    Callback,
    CallbackError,
    FailedRegistration,
    RecoveredRegistration,
    SipRegistrationFail,
    SipRegistrationRecovered,
    UnverifiedCallbackError,
)

MAX_BODY = 1024 * 1024
"""The largest body in bytes; a larger one is refused unread."""


def parse(
    body: bytes | bytearray | str,
    *,
    account_id: int,
    api_key: str,
    salt: str,
    max_body: int = MAX_BODY,
) -> tuple[Callback, ...]:
    """Verify the body of a callback request and return its callbacks.

    One callback that is wrong makes the whole body an error.

    Args:
        body: the body of the request, unchanged.
        account_id: the account's id.
        api_key: the account's API key.
        salt: the account's callback salt; "" if it has none.
        max_body: the largest body in bytes.

    Raises:
        UnverifiedCallbackError: A callback's hash is missing or wrong.
        CallbackError: The body is too long, not JSON, or not of the shape that the service sends.
        InvalidArgumentError: Account id, key or salt is of a wrong type or empty.
    """
    api_key, salt = conceal(api_key), conceal(salt)
    return Verifier(account_id, api_key, salt).read(body, max_body)


@final
class Verifier:
    """A verifier of callbacks with the secrets of one account, which it does not show.

    Args:
        account_id: the account's id.
        api_key: the account's API key.
        salt: the account's callback salt; "" if it has none.

    Raises:
        InvalidArgumentError: Account id, key or salt cannot be right.
    """

    __slots__ = ("_secret", "account_id")

    def __init__(self, account_id: int, api_key: str, salt: str) -> None:
        api_key, salt = conceal(api_key), conceal(salt)
        self._secret = _secret(account_id, api_key, salt)
        self.account_id = account_id

    def read(self, body: bytes | bytearray | str, max_body: int) -> tuple[Callback, ...]:
        """Verify a body and return its callbacks; see `parse`."""
        check_limit(max_body)
        data = _decode(body, max_body)
        items = data.get("callbacks") if isinstance(data, dict) else None
        if not isinstance(items, list):
            raise CallbackError("callbacks: expected a list under this name")
        return tuple(
            _read(item, place, self.account_id, self._secret) for place, item in enumerate(items)
        )


def _secret(account_id: object, api_key: object, salt: object) -> bytes:
    if type(account_id) is not int or account_id <= 0:
        raise InvalidArgumentError("account_id: expected a positive integer", field="account_id")
    if not isinstance(api_key, str) or not api_key:
        raise InvalidArgumentError("api_key: expected a non-empty text", field="api_key")
    if not isinstance(salt, str):
        raise InvalidArgumentError("salt: expected a text", field="salt")
    try:
        return SecretBytes((salt + str(account_id) + api_key).encode())
    except UnicodeEncodeError:
        raise InvalidArgumentError("api_key and salt: expected text that UTF-8 can carry") from None


def check_limit(max_body: object) -> None:
    """Check the largest size of a body.

    Raises:
        InvalidArgumentError: It is not a whole number above 0.
    """
    if type(max_body) is not int or max_body < 1:
        raise InvalidArgumentError("max_body: expected a positive integer", field="max_body")


def _decode(body: bytes | bytearray | str, limit: int) -> object:
    if not isinstance(body, bytes | bytearray | str):
        raise InvalidArgumentError(f"body: expected bytes, got {type(body).__name__}", field="body")
    if len(body) > limit:
        raise CallbackError(f"a body of more than {limit} bytes")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise CallbackError("the body is not JSON") from None


def _read(item: object, place: int, account_id: int, secret: bytes) -> Callback:
    """Verify one callback, then read its content."""
    where = f"callbacks[{place}]"
    if not isinstance(item, dict):
        raise CallbackError(f"{where}: expected an object")
    number, kind, owner = item.get("callback_id"), item.get("type"), item.get("account_id")
    if type(number) is not int or number < 0:
        raise CallbackError(f"{where}.callback_id: expected an integer")
    if not _is_signed(item.get("hash"), number, secret):
        raise UnverifiedCallbackError(
            f"{where}.hash: missing or wrong; it is made with the account's callback salt and API key"
        )
    if owner not in (None, account_id, str(account_id)):
        raise UnverifiedCallbackError(f"{where}.account_id: that of another account")
    if not isinstance(kind, str) or not kind:
        raise CallbackError(f"{where}.type: expected a text")
    content = item.get(kind)
    if content is None:
        if any(isinstance(value, dict) for value in item.values()):
            raise CallbackError(
                f"{where}: what its type names is missing, and something else is there"
            )
        content = {}
    if not isinstance(content, dict):
        raise CallbackError(f"{where}: what is named by its type: expected an object")
    known: dict[str, Any] = {
        "callback_id": number,
        "type": kind,
        "account_id": account_id,
        "content": content,
        "account": {
            name: value
            for name, value in item.items()
            if name not in {"callback_id", "type", "hash", kind}
        },
    }
    make = _TYPES.get(kind)
    return Callback(**known) if make is None else make(known, content, f"{where}.{kind}")


def _is_signed(given: object, number: int, secret: bytes) -> bool:
    if not isinstance(given, str):
        return False
    # the service has chosen MD5; callbacks have no other signature
    wanted = hashlib.md5(secret + str(number).encode(), usedforsecurity=False).hexdigest()
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _fail(known: dict[str, Any], content: dict[str, Any], where: str) -> Callback:
    return SipRegistrationFail(
        **known,
        sip_registrations=tuple(
            FailedRegistration(
                sip_registration_id=number,
                status_code=_text(item.get("status_code")),
                error_message=_text(item.get("error_message")),
            )
            for number, item in _registrations(content, where)
        ),
    )


def _recovered(known: dict[str, Any], content: dict[str, Any], where: str) -> Callback:
    return SipRegistrationRecovered(
        **known,
        sip_registrations=tuple(
            RecoveredRegistration(sip_registration_id=number)
            for number, _ in _registrations(content, where)
        ),
    )


def _registrations(content: dict[str, Any], where: str) -> list[tuple[int, dict[str, Any]]]:
    items = content.get("sip_registrations")
    if items is None:
        return []
    if not isinstance(items, list):
        raise CallbackError(f"{where}.sip_registrations: expected a list")
    for place, item in enumerate(items):
        if not isinstance(item, dict) or type(item.get("sip_registration_id")) is not int:
            raise CallbackError(
                f"{where}.sip_registrations[{place}]: expected an object with sip_registration_id"
            )
    return [(item["sip_registration_id"], item) for item in items]


def _text(value: object) -> str | None:
    """Return a text, or a number as text: a status code may be either."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


_TYPES: Mapping[str, Callable[[dict[str, Any], dict[str, Any], str], Callback]] = {
    "sip_registration_fail": _fail,
    "sip_registration_recovered": _recovered,
}
