"""Jobs over many rows: bind, create and delete SIP registrations, as many at once as the server takes.

Reached through a client: `client.bulk.bind(rows)`. Rows that conflict run in input order, all others overlap,
and the final state is that of running them one after another.
"""

from __future__ import annotations

from voxsip.bulk._api import AsyncBulk
from voxsip.bulk._blocking import Bulk, SyncBulkJob
from voxsip.bulk._job import BulkJob
from voxsip.bulk._outcomes import Mismatch, Outcome, Quote, Report, Stop
from voxsip.bulk._rows import BindRequest, CreateRequest, DeleteRequest

__all__ = [
    "AsyncBulk",
    "BindRequest",
    "Bulk",
    "BulkJob",
    "CreateRequest",
    "DeleteRequest",
    "Mismatch",
    "Outcome",
    "Quote",
    "Report",
    "Stop",
    "SyncBulkJob",
]
