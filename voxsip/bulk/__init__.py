"""Jobs over many rows: bind, create and delete SIP registrations, as many at once as the server takes.

Reached through a client: `client.bulk.bind(rows)`. Rows that conflict run in input order, all others overlap,
and the final state is that of running them one after another.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from voxsip._bindings.rows import BindRequest, CreateRequest, DeleteRequest
from voxsip.bulk._async import AsyncBulk
from voxsip.bulk._job import BulkJob
from voxsip.bulk._options import (
    BindOptions,
    CreateOptions,
    JobOptions,
    PacedOptions,
    ResumeOptions,
    RunOptions,
)
from voxsip.bulk._outcomes import Mismatch, Outcome, Quote, Report, Stop
from voxsip.bulk._sync import Bulk, SyncBulkJob

if TYPE_CHECKING:
    from voxsip.bulk._journal.job_status import JournalStatus as JournalStatus
    from voxsip.bulk._journal.status import (
        check_journal as check_journal,
        read_journal as read_journal,
    )

__all__ = [
    "AsyncBulk",
    "BindOptions",
    "BindRequest",
    "Bulk",
    "BulkJob",
    "CreateOptions",
    "CreateRequest",
    "DeleteRequest",
    "JobOptions",
    "JournalStatus",
    "Mismatch",
    "Outcome",
    "PacedOptions",
    "Quote",
    "Report",
    "ResumeOptions",
    "RunOptions",
    "Stop",
    "SyncBulkJob",
    "check_journal",
    "read_journal",
]


def __getattr__(name: str) -> Any:
    """Import what most jobs do without (SQLite) when it is first asked for."""
    if name in {"JournalStatus", "check_journal", "read_journal"}:
        return getattr(import_module("voxsip.bulk._journal.status"), name)
    raise AttributeError(f"module 'voxsip.bulk' has no attribute {name!r}")
