"""Jobs on several machines for blocking code: the async twins, run by the process's loop thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Self, Unpack

from voxsip._protocol.interfaces import Runner
from voxsip._redaction.values import conceal
from voxsip.bulk import Outcome, Report, Stop
from voxsip.cluster._async import (
    AnyOptions,
    AsyncCluster,
    BindOptions,
    CreateOptions,
    JobOptions,
    Path,
)
from voxsip.cluster._job import ClusterJob, JobFacts, JobProgress
from voxsip.cluster._store import JobRecord


class SyncClusterJob(JobFacts):
    """A job whose rows are divided into parts; see `ClusterJob`.

    Args:
        job: The async twin.
        runner: Runs coroutines.
    """

    def __init__(self, job: ClusterJob, runner: Runner) -> None:
        self._job = job
        self._runner = runner

    def _kept(self) -> JobRecord:
        return self._job._kept()  # noqa: SLF001 - the async twin

    def run(
        self,
        dask_client: Any,
        *,
        on_progress: Callable[[JobProgress], object] | None = None,
        reports: str | os.PathLike[str] | None = None,
    ) -> Report:
        """Run what is left of the job on a blocking client of Dask; see `ClusterJob.run`."""
        return self._runner.run(
            self._job.run(dask_client, on_progress=on_progress, reports=reports)
        )

    def report(self, *, reports: str | os.PathLike[str] | None = None) -> Report:
        """Return the report of the job as it stands; see `ClusterJob.report`."""
        return self._runner.run(self._job.report(reports=reports))

    def accounts(self) -> dict[int | None, int]:
        """Return the number of rows of each account; None is the client's own."""
        return self._runner.run(self._job.accounts())

    def progress(self) -> JobProgress:
        """Return how far the job is."""
        return self._runner.run(self._job.progress())

    def outcomes(self) -> Iterator[Outcome[Any]]:
        """Give how every row ended; see `ClusterJob.outcomes`."""
        source = self._job.outcomes()

        async def some() -> list[Outcome[Any]]:
            found = []
            async for outcome in source:
                found.append(outcome)
                if len(found) == BATCH:
                    break
            return found

        try:
            while outcomes := self._runner.run(some()):
                yield from outcomes
        finally:
            self._runner.run(source.aclose())

    def stop(self, reason: str = Stop.REQUESTED) -> None:
        """Send no further row; see `ClusterJob.stop`."""
        self._runner.run(self._job.stop(reason))

    def reopen(self) -> None:
        """Let the job continue after it was stopped; see `ClusterJob.reopen`."""
        self._runner.run(self._job.reopen())

    def close(self) -> None:
        """Close the connection to the store; it is made again when it is needed."""
        self._runner.run(self._job.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


BATCH = 1_000
"""Outcomes that go from thread to thread at once."""


class Cluster:
    """Makes and finds jobs on several machines. Available as `client.cluster`.

    Args:
        cluster: The async twin.
        runner: Runs coroutines.
    """

    def __init__(self, cluster: AsyncCluster, runner: Runner) -> None:
        self._cluster = cluster
        self._runner = runner

    def bind(self, path: Path, *, store: str, **options: Unpack[BindOptions]) -> SyncClusterJob:
        """Make a job that binds and unbinds registrations; see `AsyncCluster.bind`."""
        return self._made(self._cluster.bind, path, store, options)

    def create(self, path: Path, *, store: str, **options: Unpack[CreateOptions]) -> SyncClusterJob:
        """Make a job that buys registrations; see `AsyncCluster.create`."""
        return self._made(self._cluster.create, path, store, options)

    def delete(self, path: Path, *, store: str, **options: Unpack[JobOptions]) -> SyncClusterJob:
        """Make a job that gives registrations up; see `AsyncCluster.delete`."""
        return self._made(self._cluster.delete, path, store, options)

    def _made(
        self,
        make: Callable[..., Coroutine[Any, Any, ClusterJob]],
        path: Path,
        store: str,
        options: AnyOptions,
    ) -> SyncClusterJob:
        made = make(path, store=conceal(store), **options)
        return SyncClusterJob(self._runner.run(made), self._runner)

    def open(self, job_id: str, *, store: str) -> SyncClusterJob:
        """Find a job again; see `AsyncCluster.open`."""
        store = conceal(store)
        return SyncClusterJob(
            self._runner.run(self._cluster.open(job_id, store=store)), self._runner
        )
