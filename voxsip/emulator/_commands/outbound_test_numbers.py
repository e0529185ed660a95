"""The one number that an account may call before it has paid: add, verify, activate, delete."""

from __future__ import annotations

from voxsip.emulator._service.context import Context, Reply, command
from voxsip.emulator._service.errors import RefusedError

INVALID_PHONE_NUMBER = 121
ALREADY_THERE = 547
NO_NUMBER = 548
DAILY_LIMIT = 554

_DAILY = 5
_KEY = "_test_number_id"


@command("AddOutboundTestPhoneNumber")
def add(context: Context) -> Reply:
    """Add the number, unless there is one."""
    table = context.account.table(_KEY)
    number = context.values["phone_number"].removeprefix("+")
    if not number.isascii() or not number.isdigit():
        raise RefusedError(INVALID_PHONE_NUMBER)
    if table.rows:
        raise RefusedError(ALREADY_THERE)
    table.add(phone_number=number, is_verified=False, _left=_DAILY)
    return {"result": 1}


@command("VerifyOutboundTestPhoneNumber")
def verify(context: Context) -> Reply:
    """Count a call that would tell the code; there may be five in all, not five a day."""
    for row in context.account.table(_KEY).rows.values():
        if not row["_left"]:
            raise RefusedError(DAILY_LIMIT)
        row["_left"] -= 1
        return {"daily_attempts_left": row["_left"]}
    raise RefusedError(NO_NUMBER)


@command("ActivateOutboundTestPhoneNumber")
def activate(context: Context) -> Reply:
    """Accept any code."""
    for row in context.account.table(_KEY).rows.values():
        row["is_verified"] = True
        return {"result": 1}
    raise RefusedError(NO_NUMBER)


@command("DelOutboundTestPhoneNumber")
def delete(context: Context) -> Reply:
    """Delete the number; one that is not there counts as deleted."""
    context.account.table(_KEY).rows.clear()
    return {"result": 1}


@command("GetOutboundTestPhoneNumbers")
def list_(context: Context) -> Reply:
    """List the number."""
    return {
        "result": [
            {"phone_number": row["phone_number"], "is_verified": row["is_verified"]}
            for row in context.account.table(_KEY).rows.values()
        ]
    }
