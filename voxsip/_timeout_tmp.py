"""How long an attempt may take."""

from __future__ import annotations

import attrs

from voxsip._checks_tmp import above
from voxsip._errors import ConfigurationError


@attrs.frozen(kw_only=True)
class Timeout:
    """Seconds an attempt may take. The clock starts once the client lets the attempt go, not while it queues.

    Arguments:
        connect: for a new connection, TLS included; past it the request was never sent.
        total: for the whole attempt; past it the outcome is unknown.

    Raises:
        ConfigurationError: a number that is not above 0.
    """

    connect: float = attrs.field(default=10.0, validator=above(0))
    total: float = attrs.field(default=30.0, validator=above(0))

    @classmethod
    def of(cls, value: float | Timeout) -> Timeout:
        """Return the timeout itself, or one made of the seconds for the whole attempt."""
        if isinstance(value, Timeout):
            return value
        if not isinstance(value, int | float):
            raise ConfigurationError(f"timeout: expected seconds or a Timeout, got {value!r}")
        made = cls(total=value)
        # a little less than the whole, so that a connection that never comes is told from a reply that does not
        return attrs.evolve(made, connect=min(made.connect, 0.9 * value))
