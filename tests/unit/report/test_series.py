import pytest
from hypothesis import given, strategies as st

from voxsip.report._series import BUCKETS, FIRST_WIDTH, STATUSES, TimeSeries


def test_counts_by_time():
    series = TimeSeries()
    series.add(0.0, "done", 0.1)
    series.add(0.3, "failed", 0.2)
    series.add(0.3, "skipped")
    first, second = series.buckets()
    assert (first.start, first.seconds, first.counts["done"]) == (0.0, FIRST_WIDTH, 1)
    assert (second.counts["failed"], second.counts["skipped"]) == (1, 1)
    assert second.p50 == pytest.approx(0.2, rel=0.2)


def test_a_bucket_without_a_sent_row_has_no_latency():
    series = TimeSeries()
    series.add(0.0, "unchanged")
    assert series.buckets()[0].p50 is None
    assert series.latency(0.5) is None


def test_an_empty_series_is_one_empty_bucket():
    (bucket,) = TimeSeries().buckets()
    assert sum(bucket.counts.values()) == 0


@pytest.mark.parametrize("end", [59.0, 61.0, 3600.0, 100_000.0])
def test_widens_as_time_grows_and_loses_nothing(end):
    series = TimeSeries()
    for step in range(1000):
        series.add(end * step / 999, "done", 0.05)
    buckets = series.buckets()
    assert len(buckets) <= BUCKETS
    assert series.seconds == end
    assert buckets[-1].start <= end <= buckets[-1].start + series.width
    assert sum(bucket.counts["done"] for bucket in buckets) == 1000
    if end > 60:
        assert len(buckets) >= BUCKETS / 2


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(st.floats(0, 1e6), st.sampled_from(STATUSES), st.floats(0, 1e4)), max_size=100
    )
)
def test_every_row_is_in_its_bucket_whatever_the_order(rows):
    series = TimeSeries()
    for row in rows:
        series.add(*row)
    buckets = series.buckets()
    for status in STATUSES:
        assert sum(bucket.counts[status] for bucket in buckets) == sum(
            row[1] == status for row in rows
        )
    for bucket in buckets:
        inside = [row for row in rows if bucket.start <= row[0] < bucket.start + series.width]
        assert sum(bucket.counts.values()) == len(inside)


@given(st.lists(st.floats(0.001, 300.0), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_off_by_a_bin_at_most(latencies, share):
    series = TimeSeries()
    for latency in latencies:
        series.add(0.0, "done", latency)
    found = series.latency(share)
    rank = max(0, min(len(latencies) - 1, int(share * len(latencies) + 1e-9)))
    ranked = sorted(latencies)
    low, high = ranked[max(0, rank - 1)], ranked[rank]
    assert low / 1.2 <= found <= high * 1.2
