"""The live state as rows of a desired state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voxsip.plan._rows import NONE_TEXT

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration


def exported(item: SipRegistration) -> dict[str, Any]:
    """Return a live registration as a row; None for what it has not.

    Parts are named if a name can be read back exactly, else given by id. A cell that text cannot hold is
    left out: the id is enough to find the registration.
    """
    row: dict[str, Any] = {"sip_registration_id": item.sip_registration_id}
    for name in ("sip_username", "proxy", "auth_user", "outbound_proxy"):
        value = getattr(item, name)
        if value is None and name in {"auth_user", "outbound_proxy"}:
            row[name] = None
        elif _is_readable(value):
            row[name] = value
    if item.is_persistent is not None:
        row["is_persistent"] = item.is_persistent
    for part in ("application", "rule", "user"):
        number, name = getattr(item, f"{part}_id"), getattr(item, f"{part}_name")
        if number is not None and not _is_readable(name):
            row[f"{part}_id"] = number
        else:
            row[f"{part}_name"] = None if number is None else name
    return row


def _is_readable(value: object) -> bool:
    """Return whether a text is read back from a cell as it was."""
    return (
        isinstance(value, str)
        and bool(value)
        and value == value.strip()
        and value != NONE_TEXT
        and value.isprintable()
    )
