"""The throughput and latency of a job over all its runs, read back from its journal."""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect_right
from contextlib import closing

from voxsip.bulk._journal import values
from voxsip.bulk._journal.status import opened_for_reading
from voxsip.bulk._journal.values import INTENDED
from voxsip.report._series import TimeSeries


def read_history(path: str | os.PathLike[str]) -> TimeSeries:
    """Return what happened in all runs of a job, without the time between them.

    Blocks for about two seconds per million rows.

    Raises:
        ConfigurationError: no such file, not a journal, damaged, or of a newer format.
    """
    with opened_for_reading(path) as connection:
        return _read(connection)


def _read(connection: sqlite3.Connection) -> TimeSeries:
    series = TimeSeries()
    with closing(connection.execute("SELECT started_at FROM run ORDER BY id")) as runs:
        starts = [values.moment(start, "the start of a run") for (start,) in runs]
    if not starts:
        return series
    ends = list(starts)  # a killed run has noted no end: its last row is its end
    rows = f"FROM row WHERE status <> {INTENDED} AND at >= {starts[0]:d}"
    for (at,) in connection.execute(f"SELECT at {rows}"):
        run = bisect_right(starts, at) - 1
        ends[run] = max(ends[run], values.moment(at, "the time of a row"))
    offsets = [0]
    for start, end in zip(starts, ends, strict=True):
        offsets.append(offsets[-1] + end - start)
    for at, status, elapsed in connection.execute(f"SELECT at, status, elapsed {rows}"):
        run = bisect_right(starts, at) - 1
        series.add((offsets[run] + at - starts[run]) / 1e3, values.status_of(status), elapsed / 1e6)
    return series
