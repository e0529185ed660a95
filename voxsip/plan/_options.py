"""How a plan is made."""

from __future__ import annotations

import attrs

from voxsip.plan._scope import Scope


@attrs.frozen(kw_only=True)
class Options:
    """How to plan.

    Attributes:
        scope: Prune the registrations in it that no row mentions; None prunes nothing.
        set_passwords: Send the passwords of registrations that exist already.
        replace: Replace registrations that cannot be updated.
        delete_first: Delete before creating.
        force: Let the plan be applied despite thresholds.
    """

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
