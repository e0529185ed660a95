import pytest
from hypothesis import given, strategies as st

from voxsip.bulk._limits.throughput import Throughput


@pytest.mark.parametrize("rate", [2, 20, 300])
def test_measures_a_steady_rate(rate):
    seen = Throughput()
    for event in range(rate * 20):
        seen.add(1000.0 + event / rate)
    measured, _ = seen.rate(1020.0)
    assert measured == pytest.approx(rate, rel=0.12)


def test_looks_at_the_last_second_where_that_is_enough():
    seen = Throughput()
    for event in range(1000):
        seen.add(event / 100)
    for event in range(2000):
        seen.add(10.0 + event / 1000)
    measured, events = seen.rate(12.0)
    assert measured == pytest.approx(1000, rel=0.05)
    assert events < 1100


def test_an_idle_time_counts_as_such():
    seen = Throughput()
    for event in range(100):
        seen.add(event / 100)
    assert seen.rate(30.0) == (0.0, 0)


def test_forgets_what_was_before_a_restart():
    seen = Throughput()
    seen.add(1.0)
    seen.restart(6.0)
    seen.add(2.0)
    assert seen.rate(3.0)[1] == 0
    seen.add(6.5)
    assert seen.rate(7.0) == (pytest.approx(1.0), 1)


def test_nothing_seen_is_no_rate():
    assert Throughput().rate(5.0) == (0.0, 0)


@given(st.lists(st.floats(0.0, 5.0), max_size=200))
def test_is_never_negative_nor_more_than_what_happened(gaps):
    seen, now = Throughput(), 50.0
    for gap in gaps:
        now += gap
        seen.add(now)
        measured, events = seen.rate(now)
        assert 0 < events <= len(gaps)
        assert 0 < measured <= events * 10 + 1e-6
