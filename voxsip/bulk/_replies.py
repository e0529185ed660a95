"""Replies of commands that no server sent just now: those of earlier runs, and of rows that need no call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxsip._protocol.model import Model


def reply_of(command: str, made: int | None = None) -> Model | None:
    """Return the known reply of a done command; None for a create without an id.

    Args:
        command: One of those that change registrations.
        made: The registration that it made.
    """
    from voxsip._generated.sip_registrations import models  # noqa: PLC0415 - no group until a job needs it

    if command == "CreateSipRegistration":
        if made is None:
            return None
        return models.CreateSipRegistrationReply(result=1, sip_registration_id=made)
    replies: dict[str, type[Any]] = {
        "BindSipRegistration": models.BindSipRegistrationReply,
        "DeleteSipRegistration": models.DeleteSipRegistrationReply,
        "UpdateSipRegistration": models.UpdateSipRegistrationReply,
    }
    reply: Model = replies[command](result=1)
    return reply


def made_by(result: object) -> int | None:
    """Return the registration that the command of this reply made, or None."""
    made = getattr(result, "sip_registration_id", None)
    return made if type(made) is int else None
