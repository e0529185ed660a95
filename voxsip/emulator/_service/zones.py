"""Time zones of the history: times are kept in UTC; requests and replies use the zone that a request names."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from voxsip.emulator._service.errors import RefusedError
from voxsip.emulator._service.values import INVALID_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

_EARLIEST, _LATEST = -(10**10), 10**11


class Zone:
    """The zone that a request names with `timezone`; UTC if it names none.

    Args:
        values: parameters of the request.
        bounds: whether `from_date` and `to_date` are in that zone, too.

    Raises:
        RefusedError: 101 for a zone that is not known.
    """

    def __init__(self, values: Mapping[str, Any], *, bounds: bool = True) -> None:
        self.name = values.get("timezone", "Etc/UTC")
        self._zone: tzinfo = UTC
        if "timezone" in values:
            try:
                self._zone = ZoneInfo(self.name)
            except (LookupError, ValueError, OSError):
                raise RefusedError(INVALID_ARGUMENTS, "There is no such timezone") from None
        self._bounds = self._zone if bounds else UTC

    def seconds(self, moment: datetime | None) -> int | None:
        """Return a bound as seconds since 1970."""
        if moment is None:
            return None
        try:
            return int(moment.replace(tzinfo=self._bounds).timestamp())
        except OverflowError:
            return _EARLIEST if moment.year < 2000 else _LATEST

    def text(self, seconds: float) -> str:
        """Return a moment as the wire has it in this zone."""
        moment = datetime.fromtimestamp(int(seconds), self._zone)
        return moment.replace(tzinfo=None).isoformat(" ")

    def told(self, text: str) -> str:
        """Return a UTC timestamp as the wire has it in this zone."""
        if self._zone is UTC:
            return text
        return self.text(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
