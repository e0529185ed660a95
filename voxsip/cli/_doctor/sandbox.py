"""What only writing can tell, tried in an application that the user gave for it.

It makes one rule there whose pattern no call matches, and deletes it again. Nothing is bought.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from voxsip import APIError, OutcomeUnknownError, RetryPolicy, VoxsipError
from voxsip.cli._doctor.findings import State, Verdict, verdict

if TYPE_CHECKING:
    from voxsip import AsyncClient

_DUPLICATE_NAME = 175
_NO_SUCH_RULE = 147


async def try_in_sandbox(client: AsyncClient, application_id: int) -> dict[str, Verdict]:
    """Make and delete a rule, each twice; return verdicts by assumption."""
    once = client.with_options(retry=RetryPolicy(attempts=1))  # a retry would hide what is asked
    name = f"voxsip-doctor-{secrets.token_hex(8)}"
    arguments: dict[str, Any] = {
        "application_id": application_id,
        "rule_name": name,
        "rule_pattern": f"^{name}$",
    }
    left_over = f"; look for a rule named {name} and delete it"
    verdicts: dict[str, Verdict] = {}
    try:
        made = await once.call("AddRule", arguments)
    except VoxsipError as error:
        why = f"{error}{left_over}" if isinstance(error, OutcomeUnknownError) else str(error)
        names = ("result-1", "duplicate-name", "delete-again")
        return dict.fromkeys(names, (State.UNDECIDED, why))
    result = made.get("result")
    verdicts["result-1"] = verdict(result == 1, f"AddRule answers {result!r}")
    rule = {"rule_id": made.get("rule_id")}
    try:
        verdicts["duplicate-name"] = await _refused(once, "AddRule", arguments, _DUPLICATE_NAME)
        listed = await once.call(
            "GetRules", {"application_id": application_id, "rule_name": name, "count": 1000}
        )
        seen = [row for row in listed["result"] if row.get("rule_name") == name]
        verdicts["visible-at-once"] = verdict(bool(seen), f"{len(seen)} listed right after AddRule")
    except VoxsipError as error:
        verdicts.setdefault("visible-at-once", (State.UNDECIDED, str(error)))
    try:
        await client.call("DelRule", rule)
        verdicts["delete-again"] = await _refused(once, "DelRule", rule, _NO_SUCH_RULE)
    except VoxsipError as error:
        verdicts["delete-again"] = (State.UNDECIDED, f"{error}{left_over}")
    return verdicts


async def _refused(
    client: AsyncClient, command: str, arguments: dict[str, Any], code: int
) -> Verdict:
    try:
        await client.call(command, arguments)
    except APIError as error:
        return verdict(error.code == code, f"a second {command} is refused with {error.code}")
    return verdict(False, f"a second {command} succeeds")
