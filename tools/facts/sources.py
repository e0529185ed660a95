"""Read the four files of facts, and correct what they say about themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

import attrs

if TYPE_CHECKING:
    from pathlib import Path

Member = tuple[str, str, bool]
"""Name, wire type, whether it is required."""

MONEY = ("price", "cost", "amount", "balance", "charge", "tax_reserve", "credit_limit", "money")
"""A number with one of these in its name is money."""
NOT_MONEY = {"auto_charge", "subscription_auto_charge"}
SIZES = {"file_size", "download_size"}
FRACTIONS = {
    *("avg", "min", "max", "sum", "percent", "service_level", "value", "service_probability"),
    *("resource_quantity", "minutes_to_submit", "quantum"),
}
"""Members of replies that need not be whole numbers."""
UNIX = {"expires_at", "last_updated"}
MORE: dict[str, list[Member]] = {"ApplicationInfoType": [("rules", "[RuleInfoType]", False)]}
"""Members that a parameter asks for (`with_rules`, `with_scenarios`), and the typings leave out."""
ARRAYS = {("AccountInvoice", "rows"), ("InvoiceSpendingDetails", "taxes")}
"""Members whose names are plural, though the typings say one."""


@attrs.frozen
class Facts:
    """What is known of the API.

    Attributes:
        api: groups, structures, error numbers and roles.
        more: corrections by command and structure.
        names: group attribute, method and kind of result by command.
        retry: retry class and its reasons by command.
    """

    api: dict[str, Any]
    more: dict[str, Any]
    names: dict[str, Any]
    retry: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the files of a folder."""
        stems = ("management_api", "facts_more", "names", "retry_classes")
        return cls(*(json.loads((folder / f"{stem}.json").read_bytes()) for stem in stems))

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return the commands of each group, by the group's attribute of the client."""
        groups: dict[str, dict[str, Any]] = {}
        for commands in self.api["groups"].values():
            for name, entry in commands.items():
                attribute = self.names["commands"][name]["group_attr"]
                groups.setdefault(attribute, {})[name] = entry
        return groups

    def title(self, attribute: str) -> str:
        """Return the service's own name of a group."""
        found: str = next(
            group
            for group, commands in self.api["groups"].items()
            for name in commands
            if self.names["commands"][name]["group_attr"] == attribute
        )
        return found

    def about(self, command: str) -> dict[str, Any]:
        """Return the corrections for a command."""
        found: dict[str, Any] = self.more["commands"].get(command, {})
        return found

    def members(self, structure: str) -> list[Member]:
        """Return the members of a structure with their corrected types."""
        found = [tuple(member) for member in self.api["structs"][structure]]
        missing = self.more["missing_members"].get(structure, [])
        found += [(name, "string", False) for name in missing]
        found += MORE.get(structure, [])
        decimal = set(self.more["structs"].get(structure, {}).get("decimal", ()))
        decimal |= set(self.more["prices_not_decimal_in_java"].get(structure, ()))
        return [(name, _member_type(structure, name, kind, decimal), r) for name, kind, r in found]


def _member_type(structure: str, name: str, kind: str, decimal: set[str]) -> str:
    if (structure, name) in ARRAYS:
        return f"[{kind}]"
    if name == "end_user_uuid":
        return "string"
    if name == "subscription_price":
        return "decimal-text"
    if kind != "number":
        return kind
    if name in UNIX:
        return "unix"
    if name in FRACTIONS:
        return "fraction"
    return "decimal" if is_money(name) or (name in decimal and name not in SIZES) else kind


def is_money(name: str) -> bool:
    """Returns whether a number of this name is an amount of money."""
    return name not in NOT_MONEY and any(word in name for word in MONEY)
