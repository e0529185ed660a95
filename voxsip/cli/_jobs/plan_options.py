"""How a file of desired state is planned, as `plan` and `apply` take it."""

from __future__ import annotations

from typing import Annotated, Any

from attrs import asdict, frozen
from cyclopts import Group, Parameter

from voxsip.cli._connection import Switch
from voxsip.cli._exit_codes import CommandError

_GROUP = Group("Planning", sort_key=30)
_KEYS = {
    "application": "application_name",
    "application_id": "application_id",
    "application_name": "application_name",
    "proxy": "proxy",
    "prefix": "prefix",
}


@Parameter(name="*", group=_GROUP)
@frozen(kw_only=True)
class PlanOptions:
    """How a file is planned."""

    prune: Switch = False
    "Delete the registrations in --scope that the file does not mention."
    scope: Annotated[tuple[str, ...], Parameter(metavar="KEY=VALUE", show_default=False)] = ()
    "Registrations that --prune may delete: application=NAME, application_id=ID, proxy=HOST, prefix=TEXT; all must match."
    set_passwords: Switch = False
    "Send the passwords of existing registrations too; the API never shows whether they differ."
    replace: Switch = False
    "Replace registrations that cannot be updated: create, move the user, delete."
    delete_first: Switch = False
    "Delete before creating, if a quota leaves no room for both."
    force: Switch = False
    "Allow the plan to be applied although it exceeds a threshold."

    def values(self) -> dict[str, Any]:
        """Return the options as `client.desired.plan` takes them."""
        scope: dict[str, str] = {}
        for text in self.scope:
            key, mark, value = text.partition("=")
            name = _KEYS.get(key.strip())
            if not mark or not value.strip() or name is None:
                known = ", ".join(f"{one}=…" for one in _KEYS if one != "application_name")
                raise CommandError(f"--scope: {text!r} says nothing; write one of {known}")
            if name in scope:
                raise CommandError(f"--scope: {key} is given twice; plan each by itself")
            scope[name] = value
        return {**asdict(self), "scope": scope or None}


DEFAULT_PLANNING = PlanOptions()
