"""Jobs on several machines: rows divided into parts that workers of an engine run, with all that is true in PostgreSQL.

Reached through a client: `client.cluster.create(path, store=…)`. The engine is Dask (extra `cluster`); others call
`run_part`. Nothing of this is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voxsip.cluster._async import AsyncCluster
    from voxsip.cluster._dask import EngineLostError
    from voxsip.cluster._errors import PartHeldError, WorkerRefusedError
    from voxsip.cluster._job import ClusterJob, JobProgress, JobStatus, read_status
    from voxsip.cluster._part import PartSummary, run_part, run_part_sync
    from voxsip.cluster._sync import Cluster, SyncClusterJob
    from voxsip.cluster._workers import connect, local_workers

__all__ = [
    "AsyncCluster",
    "Cluster",
    "ClusterJob",
    "EngineLostError",
    "JobProgress",
    "JobStatus",
    "PartHeldError",
    "PartSummary",
    "SyncClusterJob",
    "WorkerRefusedError",
    "connect",
    "local_workers",
    "read_status",
    "run_part",
    "run_part_sync",
]

_MODULES = {
    "AsyncCluster": "_async",
    "Cluster": "_sync",
    "ClusterJob": "_job",
    "EngineLostError": "_dask",
    "JobProgress": "_job",
    "JobStatus": "_job",
    "PartHeldError": "_errors",
    "PartSummary": "_part",
    "SyncClusterJob": "_sync",
    "WorkerRefusedError": "_errors",
    "connect": "_workers",
    "local_workers": "_workers",
    "read_status": "_job",
    "run_part": "_part",
    "run_part_sync": "_part",
}


def __getattr__(name: str) -> Any:
    """Import what most programs never touch when it is first asked for."""
    if name in _MODULES:
        value = globals()[name] = getattr(import_module(f"voxsip.cluster.{_MODULES[name]}"), name)
        return value
    raise AttributeError(f"module 'voxsip.cluster' has no attribute {name!r}")
