"""Desired state for blocking code: the async twin, run by the process's loop thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from voxsip._calls.limiter import LimiterSource, RateLimiter
from voxsip._config import RateLimit
from voxsip._protocol.interfaces import Runner
from voxsip.bulk import SyncBulkJob
from voxsip.bulk._options import DEFAULT_CONCURRENCY
from voxsip.bulk._sync import Inbox
from voxsip.plan._async import AsyncDesired, Path, Row
from voxsip.plan._model import Change
from voxsip.plan._plan import Plan
from voxsip.plan._scope import Scope


class Desired:
    """Makes plans and applies them, for blocking code. Available as `client.desired`.

    Args:
        desired: The async twin.
        runner: Runs coroutines.
    """

    def __init__(self, desired: AsyncDesired, runner: Runner) -> None:
        self._desired = desired
        self._runner = runner

    def plan(
        self,
        rows: Iterable[Row],
        *,
        prune: bool = False,
        scope: Scope | Mapping[str, object] | None = None,
        set_passwords: bool = False,
        replace: bool = False,
        delete_first: bool = False,
        force: bool = False,
        source: str | None = None,
        lines: Sequence[int] = (),
    ) -> Plan:
        """Read the live state once and return what has to change; see `AsyncDesired.plan`."""
        return self._runner.run(
            self._desired.plan(
                rows,
                prune=prune,
                scope=scope,
                set_passwords=set_passwords,
                replace=replace,
                delete_first=delete_first,
                force=force,
                source=source,
                lines=lines,
            )
        )

    def apply(
        self,
        plan: Plan,
        *,
        journal: Path | None = None,
        rows: Iterable[Row] | None = None,
        force: bool = False,
        concurrency: int = DEFAULT_CONCURRENCY,
        rate_limit: RateLimit | RateLimiter | LimiterSource | None = None,
        check_funds: bool = True,
        max_failures: int | None = None,
        max_failure_ratio: float | None = None,
        min_rows_for_ratio: int = 100,
        deadline: float | None = None,
    ) -> SyncBulkJob[Change]:
        """Apply a plan; see `AsyncDesired.apply`."""
        job = self._desired.apply(
            plan,
            journal=journal,
            rows=rows,
            force=force,
            concurrency=concurrency,
            rate_limit=rate_limit,
            check_funds=check_funds,
            max_failures=max_failures,
            max_failure_ratio=max_failure_ratio,
            min_rows_for_ratio=min_rows_for_ratio,
            deadline=deadline,
        )
        return SyncBulkJob(job, Inbox(()), (), self._runner)

    def export(
        self, *, application_id: int | None = None, application_name: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Give the live registrations as rows of a desired state; see `AsyncDesired.export`."""

        async def collect() -> list[dict[str, Any]]:
            rows = self._desired.export(
                application_id=application_id, application_name=application_name
            )
            return [row async for row in rows]

        return iter(self._runner.run(collect()))
