"""What `prune` is limited to: an application, a proxy, the beginning of a SIP user name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

import attrs

from voxsip._errors import InvalidArgumentError
from voxsip._printable import brief
from voxsip._protocol.identity import LARGEST_ID, fold_host

if TYPE_CHECKING:
    from voxsip._generated.sip_registrations.models import SipRegistration

_DIGITS = len(str(LARGEST_ID))
KEYS = ("application_id", "application_name", "proxy", "prefix")


@attrs.frozen(kw_only=True)
class Scope:
    """The registrations that may be pruned: those that match all that is given.

    Attributes:
        application_id: Those bound to this application.
        application_name: Those bound to the application of this name.
        proxy: Those at this SIP server.
        prefix: Those whose SIP user name begins like this.

    Raises:
        InvalidArgumentError: A value is wrong, or nothing is given: such a scope would be the whole account.
    """

    application_id: int | None = None
    application_name: str | None = None
    proxy: str | None = None
    prefix: str | None = None

    def __attrs_post_init__(self) -> None:
        """Check what is given."""
        for key in KEYS:
            value = getattr(self, key)
            number = key == "application_id"
            fits = type(value) is int and 0 < value <= LARGEST_ID if number else _is_text(value)
            if value is not None and not fits:
                raise _wrong(f"{key}: {brief(value)} is no value for it")
        if not self.to_dict():
            raise _wrong("nothing is given")

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
            if value is None:
                raise _wrong(f"{key}: None is no value for it")
            if key == "application_id" and _is_text(value):
                digits = value.isascii() and value.isdigit() and len(value) <= _DIGITS
                value = int(value) if digits else value  # noqa: PLW2901
            values[key] = value
        return cls(**values)

    def covers(self, item: SipRegistration) -> bool:
        """Return whether a live registration is in the scope."""
        return (
            (self.application_id is None or item.application_id == self.application_id)
            and (self.application_name is None or item.application_name == self.application_name)
            and (self.proxy is None or fold_host(item.proxy or "") == fold_host(self.proxy))
            and (self.prefix is None or (item.sip_username or "").startswith(self.prefix))
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what is given."""
        return {name: value for name in KEYS if (value := getattr(self, name)) is not None}


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _wrong(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"scope: {problem}; give one or more of {', '.join(KEYS)}", field="scope"
    )
