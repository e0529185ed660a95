"""The throughput and latency of a job's earlier runs, read back from its journal."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right

from voxsip.bulk._journal_schema import INTENDED, STATUSES
from voxsip.bulk._series import TimeSeries


def read_history(connection: sqlite3.Connection, *, before: int) -> TimeSeries:
    """Return what happened in the runs before this one, one after the other without the time between.

    Arguments:
        before: number of the run that is not counted any more.
    """
    series = TimeSeries()
    starts = [
        start
        for (start,) in connection.execute(
            "SELECT started_at FROM run WHERE id < ? ORDER BY id", (before,)
        )
    ]
    if not starts:
        return series
    ends = list(starts)  # a killed run has noted no end: its last row is its end
    rows = f"FROM row WHERE status <> {INTENDED} AND at >= {starts[0]:d}"
    for (at,) in connection.execute(f"SELECT at {rows}"):
        run = bisect_right(starts, at) - 1
        ends[run] = max(ends[run], at)
    offsets = [0]
    for start, end in zip(starts, ends, strict=True):
        offsets.append(offsets[-1] + end - start)
    for at, status, elapsed in connection.execute(f"SELECT at, status, elapsed {rows}"):
        run = bisect_right(starts, at) - 1
        series.add((offsets[run] + at - starts[run]) / 1e3, STATUSES[status - 1], elapsed / 1e6)
    return series
