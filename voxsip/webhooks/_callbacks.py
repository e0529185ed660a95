"""The types of callbacks, and the errors for bodies that are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Factory, field, frozen

from voxsip._errors import VoxsipError


class CallbackError(VoxsipError, ValueError):
    """A body is not a callback of the service. Answer it with HTTP 400."""


class UnverifiedCallbackError(CallbackError):
    """A callback's hash is missing or wrong.

    It is not from the service, or salt and key are not the account's. Answer it with HTTP 403.
    """


@frozen(kw_only=True)
class Callback:
    """One callback of a type that has no class of its own here.

    Attributes:
        callback_id: its number, the same in every delivery of the callback.
        type: the kind of event, such as "min_balance".
        account_id: the account that the event happened to.
        content: the content of the callback beyond its type, decoded JSON.
        account: name, e-mail, balance and so on of the account, decoded JSON.
    """

    callback_id: int
    type: str
    account_id: int
    content: Mapping[str, Any] = field(factory=dict, repr=False)
    account: Mapping[str, Any] = field(factory=dict, repr=False)


@frozen(kw_only=True)
class FailedRegistration:
    """A SIP registration that no longer works.

    Attributes:
        sip_registration_id: its id.
        status_code: the SIP status, as text, or None.
        error_message: the reason in words, or None.
    """

    sip_registration_id: int
    status_code: str | None = None
    error_message: str | None = None


@frozen(kw_only=True)
class RecoveredRegistration:
    """A SIP registration that works again.

    Attributes:
        sip_registration_id: its id.
    """

    sip_registration_id: int


@frozen(kw_only=True)
class SipRegistrationFail(Callback):
    """SIP registrations failed.

    Attributes:
        sip_registrations: those that failed.
    """

    sip_registrations: tuple[FailedRegistration, ...] = Factory(tuple)


@frozen(kw_only=True)
class SipRegistrationRecovered(Callback):
    """SIP registrations work again.

    Attributes:
        sip_registrations: those that recovered.
    """

    sip_registrations: tuple[RecoveredRegistration, ...] = Factory(tuple)
