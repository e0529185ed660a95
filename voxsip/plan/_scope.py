"""What `prune` is limited to: an application, a proxy, the beginning of a SIP user name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs

from voxsip._errors import InvalidArgumentError
from voxsip.plan._identity import same_host

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration

KEYS = ("application_id", "application_name", "proxy", "prefix")


@attrs.frozen(kw_only=True)
class Scope:
    """The registrations that may be pruned: those that match all that is given.

    Attributes:
        application_id: Those bound to this application.
        application_name: Those bound to the application of this name.
        proxy: Those at this SIP server.
        prefix: Those whose SIP user name begins like this.
    """

    application_id: int | None = None
    application_name: str | None = None
    proxy: str | None = None
    prefix: str | None = None

    @classmethod
    def of(cls, given: Scope | Mapping[str, object]) -> Scope:
        """Take a scope, or make one of a mapping.

        Raises:
            InvalidArgumentError: A key is unknown, a value is wrong, or nothing is given.
        """
        if isinstance(given, Scope):
            return given
        if not isinstance(given, Mapping):
            raise _wrong(f"expected a mapping, got {type(given).__name__}")
        values: dict[str, Any] = {}
        for key, value in given.items():
            if key not in KEYS:
                raise _wrong(f"unknown key {key!r}")
            if key == "application_id":
                if isinstance(value, str) and value.isascii() and value.isdigit():
                    value = int(value)  # noqa: PLW2901 - as on a command line
                fine = type(value) is int and value > 0
            else:
                fine = isinstance(value, str) and bool(value.strip())
            if not fine:
                raise _wrong(f"{key}: {value!r} is no value for it")
            values[key] = value
        if not values:
            raise _wrong("nothing is given")
        return cls(**values)

    def covers(self, item: SipRegistration) -> bool:
        """Return whether a live registration is in the scope."""
        return (
            (self.application_id is None or item.application_id == self.application_id)
            and (self.application_name is None or item.application_name == self.application_name)
            and (self.proxy is None or same_host(item.proxy or "", self.proxy))
            and (self.prefix is None or (item.sip_username or "").startswith(self.prefix))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what is given."""
        return {name: value for name in KEYS if (value := getattr(self, name)) is not None}


def _wrong(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"scope: {problem}; give one or more of {', '.join(KEYS)}", field="scope"
    )
