"""Registrations that fail and recover as a test says, and the callbacks that tell of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from voxsip.emulator._service.callbacks import Delivery, make_delivery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voxsip.emulator._service.service import Service
    from voxsip.emulator._state.model import Registration

_OK = 200
_CODES = range(100, 700)


def set_status(
    service: Service,
    ids: Sequence[int],
    status_code: int | None,
    error_message: str | None = None,
    account_id: int | None = None,
) -> list[Delivery]:
    """Give registrations a status, and return the callbacks that this causes.

    Args:
        service: the service with the registrations.
        ids: the ids of the registrations.
        status_code: the SIP status; 200 works, others fail, None is in progress until told otherwise.
        error_message: the reason of a failure.
        account_id: a child account; None for the main one.

    Raises:
        ValueError: a status that is none.
        LookupError: there is no such registration or account; nothing was changed.
    """
    if status_code is not None and (type(status_code) is not int or status_code not in _CODES):
        raise ValueError("status_code must be a SIP status from 100 to 699, or None")
    if error_message is not None and not isinstance(error_message, str):
        raise ValueError("error_message must be a text")
    with service.lock:
        account = service.main if account_id is None else service.accounts[account_id]
        failed, recovered = [], []
        for registration in [account.registrations[number] for number in ids]:
            before = _failure(registration)
            if status_code is None:
                registration.ready_at = math.inf
            else:
                registration.ready_at = account.clock.now()
                registration.status_code = status_code
                registration.error_message = None if status_code == _OK else error_message
                after = _failure(registration)
                if after is None and before is not None:
                    recovered.append({"sip_registration_id": registration.id})
                elif after is not None and after != before:
                    failed.append(after)
            account.touch(registration)
        told = (("sip_registration_fail", failed), ("sip_registration_recovered", recovered))
        made = [
            make_delivery(account, service.callback_ids, kind, {"sip_registrations": items})
            for kind, items in told
            if items
        ]
    return [delivery for delivery in made if delivery is not None]


def _failure(registration: Registration) -> dict[str, Any] | None:
    """Return a callback for a failing registration; None if it does not fail."""
    if registration.status_code == _OK:
        return None
    failure: dict[str, Any] = {
        "sip_registration_id": registration.id,
        "status_code": str(registration.status_code),
    }
    if registration.error_message is not None:
        failure["error_message"] = registration.error_message
    return failure
