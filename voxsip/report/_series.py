"""Throughput and latency over the life of a job, in memory that does not grow with its length.

Time is cut into a fixed number of buckets. When a job outlives the last one, neighbors are merged and every
bucket covers twice the time: a minute is seen by the quarter second, a night by the minute. Latencies are
counted in bins that each reach 19 % further than the one before, so a percentile is off by at most that.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

import attrs

BUCKETS = 240
FIRST_WIDTH = 0.25
"""Seconds that a bucket covers at first."""
STATUSES = ("done", "unchanged", "failed", "skipped", "unknown")
_INDEX = {status: index for index, status in enumerate(STATUSES)}
_BINS_PER_DOUBLING = 4
_BINS = 76
_SHORTEST = 0.001


@attrs.frozen(kw_only=True)
class Bucket:
    """What happened in one stretch of time.

    Attributes:
        start: seconds since the job began.
        seconds: the length of the stretch.
        p50: median latency in seconds, or None if no row was sent.
        p95: latency that 95 of 100 rows stayed below, likewise.
    """

    start: float
    seconds: float
    counts: dict[str, int]
    p50: float | None
    p95: float | None


class TimeSeries:
    """Counts rows by time, status and latency.

    Attributes:
        width: seconds that one bucket covers now.
        seconds: time of the last row, counted from the start of the job.
    """

    __slots__ = ("_counts", "_latencies", "seconds", "width")

    def __init__(self) -> None:
        self.width: float = FIRST_WIDTH
        self.seconds: float = 0.0
        self._counts = array("L", [0]) * (BUCKETS * len(STATUSES))
        self._latencies = array("L", [0]) * (BUCKETS * _BINS)

    def add(self, at: float, status: str, elapsed: float = 0.0) -> None:
        """Count a row.

        Args:
            at: seconds since the job began; earlier than the last row's is fine.
            elapsed: seconds it took; 0.0 for a row that was not sent.
        """
        bucket = int(at / self.width)
        while bucket >= BUCKETS:
            self._widen()
            bucket = int(at / self.width)
        if at > self.seconds:  # noqa: PLR1730 - twice as fast as max(), once a row
            self.seconds = at
        self._counts[bucket * len(STATUSES) + _INDEX[status]] += 1
        if elapsed > 0.0:
            self._latencies[bucket * _BINS + _bin_of(elapsed)] += 1

    def buckets(self) -> list[Bucket]:
        """Return the buckets from the start to the last row."""
        used = min(int(self.seconds / self.width) + 1, BUCKETS)
        return [
            Bucket(
                start=index * self.width,
                seconds=min(self.width, self.seconds - index * self.width) or self.width,
                counts={
                    status: self._counts[index * len(STATUSES) + code]
                    for status, code in _INDEX.items()
                },
                p50=_quantile(bins := self._latencies[index * _BINS : (index + 1) * _BINS], 0.5),
                p95=_quantile(bins, 0.95),
            )
            for index in range(used)
        ]

    def latency(self, share: float) -> float | None:
        """Return the latency in seconds that this share of rows stayed below, or None."""
        return _quantile([sum(self._latencies[bin_::_BINS]) for bin_ in range(_BINS)], share)

    def _widen(self) -> None:
        self.width *= 2.0
        for series, stride in ((self._counts, len(STATUSES)), (self._latencies, _BINS)):
            half = BUCKETS // 2 * stride
            for index in range(half):
                pair, place = divmod(index, stride)
                first = 2 * pair * stride + place
                series[index] = series[first] + series[first + stride]
            series[half:] = array("L", [0]) * half


def _bin_of(elapsed: float) -> int:
    if elapsed <= _SHORTEST:
        return 0
    return min(int(math.log2(elapsed / _SHORTEST) * _BINS_PER_DOUBLING) + 1, _BINS - 1)


def _quantile(bins: Iterable[int], share: float) -> float | None:
    """Return the quantile, taking a bin's rows as spread over it evenly (by ratio)."""
    counts = list(bins)
    left = share * sum(counts)
    if left == 0.0:
        return None
    for bin_, count in enumerate(counts):
        if count >= left:
            return _SHORTEST * math.exp2((bin_ - 1.0 + left / count) / _BINS_PER_DOUBLING)
        left -= count
    raise AssertionError  # pragma: no cover - the last bin completes every rank
