"""Events for machines: one JSON object on a line of standard output, each with its name and time.

`docs/events.schema.json` describes them; members are added, never renamed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from voxsip.cli._terminal.output import print_json


def print_event(name: str, **members: object) -> None:
    """Write an event."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    print_json({"event": name, "time": time, **members})
