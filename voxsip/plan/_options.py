"""How a plan is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import attrs

from voxsip.bulk._options import PacedOptions
from voxsip.plan._scope import Scope


class PlanOptions(TypedDict, total=False):
    """How a plan is made.

    Attributes:
        prune: Delete the registrations in `scope` that no row mentions (False).
        scope: The limits of `prune`; all that is given must match: `application_id`, `application_name`, `proxy`,
            `prefix` (of the SIP user name).
        set_passwords: Send the passwords of existing registrations too (False). The API never shows passwords, so voxsip
            cannot see whether they differ.
        replace: Replace registrations that cannot be updated (`is_persistent`): create, move the user, delete (False).
        delete_first: Delete before creating, if a quota leaves no room for both (False).
        force: Allow the plan to be applied although it exceeds a threshold (False).
        source: Name of the input, for messages.
        lines: Line of each row in the input, for messages.
    """

    prune: bool
    scope: Scope | Mapping[str, object] | None
    set_passwords: bool
    replace: bool
    delete_first: bool
    force: bool
    source: str | None
    lines: Sequence[int]


class ApplyOptions(PacedOptions, total=False):
    """Options of a job that applies a plan; its rows are the plan's changes.

    Attributes:
        check_funds: Compare the price of new registrations with the balance first (True).
    """

    check_funds: bool


FLAGS = ("set_passwords", "replace", "delete_first", "force")
"""Options of a plan that are true or false, its pruning left out: that has a scope."""


@attrs.frozen(kw_only=True)
class Options:
    """How to plan: `PlanOptions`, checked. Without a scope nothing is pruned."""

    scope: Scope | None = None
    set_passwords: bool = False
    replace: bool = False
    delete_first: bool = False
    force: bool = False

    def to_dict(self) -> dict[str, bool]:
        """Return what is no part of a plan's scope or thresholds."""
        return {
            "prune": self.scope is not None,
            "set_passwords": self.set_passwords,
            "replace": self.replace,
            "delete_first": self.delete_first,
        }
