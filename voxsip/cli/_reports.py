"""The folder of reports that `--report DIR` asks for."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voxsip.bulk import BulkJob, ReportWriter


@contextlib.contextmanager
def reports(
    directory: str | None, kind: str, name: str, job: BulkJob[Any]
) -> Iterator[ReportWriter | None]:
    """Write a job's reports, complete for what has ended even where the job is cut off."""
    if directory is None:
        yield None
        return
    from voxsip.bulk import ReportWriter  # noqa: PLC0415 - plots and all

    writer = ReportWriter(directory, kind, name)
    try:
        yield writer
    finally:
        writer.finish(job.report)
