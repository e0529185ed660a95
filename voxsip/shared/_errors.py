"""What goes wrong with a store as such."""

from __future__ import annotations

from voxsip._errors import NotSentError


class StoreUnavailableError(NotSentError):
    """The store did not answer, so nothing was sent."""
