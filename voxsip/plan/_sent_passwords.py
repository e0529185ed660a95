"""The passwords that a plan sends: from the references in it, or from the rows that it was made of."""

from __future__ import annotations

from collections.abc import Iterable

from voxsip._bindings.digest import new_checksum
from voxsip._errors import InvalidArgumentError
from voxsip._printable import counted
from voxsip.plan._match import wanted_digest
from voxsip.plan._model import Change
from voxsip.plan._passwords import IN_ROW, read_password
from voxsip.plan._plan import Plan
from voxsip.plan._rows import LEAVE, Fault, Wanted, read_wanted


def find_passwords(plan: Plan, rows: Iterable[object] | None) -> dict[int, str]:
    """Return the passwords that a plan sends, by the number of the change.

    Raises:
        InvalidArgumentError: One is nowhere to be found; none is shown.
    """
    found = {number: read_password(text) for number, text in plan.passwords.items()}
    missing: dict[int, Change] = {}
    for change in plan.changes:
        if change.password is None or change.number in found:
            continue
        if change.password != IN_ROW:
            problem = None
            try:
                found[change.number] = read_password(change.password)
            except Fault as fault:
                problem = f"{change.label}: {fault.message}; {fault.remedy}"
            if problem is not None:
                raise InvalidArgumentError(problem, field="password")
        elif change.index is not None:
            missing[change.index] = change
    if missing:
        _read_rows(plan, rows, missing, found)
    return found


def _read_rows(
    plan: Plan, rows: Iterable[object] | None, missing: dict[int, Change], found: dict[int, str]
) -> None:
    if rows is None:
        raise InvalidArgumentError(
            f"plan: the passwords of {counted(len(missing), 'change')} are in its input, not in the plan; "
            "give the same rows, or refer to passwords (env:NAME, file:PATH)",
            field="rows",
        )
    checksum = new_checksum()
    for index, row in enumerate(rows):
        digest = b""
        wanted: Wanted | None = None
        try:
            wanted = read_wanted(index, row)
        except Fault:
            wanted = None
        if wanted is not None:
            digest = wanted_digest(wanted)
            change = missing.get(index)
            if change is not None and wanted.password not in {LEAVE, None}:
                found[change.number] = read_password(wanted.password)
                del missing[index]
        checksum.update(digest)
    if checksum.hexdigest() != plan.checksum or missing:
        found.clear()
        raise InvalidArgumentError(
            "rows: they are not those that the plan was made of; give the same, or plan again",
            field="rows",
        )
