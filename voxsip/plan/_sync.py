"""Desired state for blocking code: the async twin, run by the process's loop thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Unpack

from voxsip._protocol.interfaces import Runner
from voxsip.bulk import SyncBulkJob
from voxsip.bulk._sync import Inbox
from voxsip.plan._async import AsyncDesired, Path, Row
from voxsip.plan._model import Change
from voxsip.plan._options import ApplyOptions, PlanOptions
from voxsip.plan._plan import Plan


class Desired:
    """Makes plans and applies them, for blocking code. Available as `client.desired`.

    Args:
        desired: The async twin.
        runner: Runs coroutines.
    """

    def __init__(self, desired: AsyncDesired, runner: Runner) -> None:
        self._desired = desired
        self._runner = runner

    def plan(self, rows: Iterable[Row], **options: Unpack[PlanOptions]) -> Plan:
        """Read the live state once and return what has to change; see `AsyncDesired.plan`."""
        return self._runner.run(self._desired.plan(rows, **options))

    def apply(
        self,
        plan: Plan,
        *,
        journal: Path | None = None,
        rows: Iterable[Row] | None = None,
        force: bool = False,
        **options: Unpack[ApplyOptions],
    ) -> SyncBulkJob[Change]:
        """Apply a plan; see `AsyncDesired.apply`."""
        job = self._desired.apply(plan, journal=journal, rows=rows, force=force, **options)
        return SyncBulkJob(job, Inbox(()), (), self._runner)

    def export(
        self, *, application_id: int | None = None, application_name: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the live registrations as rows; see `AsyncDesired.export`."""

        async def collect() -> list[dict[str, Any]]:
            rows = self._desired.export(
                application_id=application_id, application_name=application_name
            )
            return [row async for row in rows]

        return iter(self._runner.run(collect()))
