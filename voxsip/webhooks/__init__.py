"""Webhooks: receives the callbacks that the service POSTs to an account's callback URL, and handles each once.

`Receiver` answers such requests: as an ASGI application (`ASGIApp`), from an aiohttp server (`aiohttp_handler`), or from
any other by `Receiver.answer`. `parse` alone verifies and reads a body.

A callback has a `hash`, the MD5 of the account's callback salt, account id, API key and callback id. It shows that the
sender knows salt and key, or has seen this callback before; it does not cover the rest of the body. Serve the callback
URL over HTTPS only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.webhooks._asgi import ASGIApp
from voxsip.webhooks._callbacks import (
    Callback,
    CallbackError,
    FailedRegistration,
    RecoveredRegistration,
    SipRegistrationFail,
    SipRegistrationRecovered,
    UnverifiedCallbackError,
)
from voxsip.webhooks._parsing import parse
from voxsip.webhooks._receiver import Answer, Receiver
from voxsip.webhooks._seen import Claim, MemorySeenStore, SeenStore

if TYPE_CHECKING:
    from voxsip.webhooks._aiohttp import aiohttp_handler as aiohttp_handler

__all__ = [
    "ASGIApp",
    "Answer",
    "Callback",
    "CallbackError",
    "Claim",
    "FailedRegistration",
    "MemorySeenStore",
    "Receiver",
    "RecoveredRegistration",
    "SeenStore",
    "SipRegistrationFail",
    "SipRegistrationRecovered",
    "UnverifiedCallbackError",
    "aiohttp_handler",
    "parse",
]


def __getattr__(name: str) -> Any:
    """Import `aiohttp_handler` at its first use, since it needs aiohttp."""
    if name != "aiohttp_handler":
        raise AttributeError(f"module 'voxsip.webhooks' has no attribute {name!r}")
    from voxsip.webhooks._aiohttp import aiohttp_handler  # noqa: PLC0415 - an ASGI service needs none

    return aiohttp_handler
