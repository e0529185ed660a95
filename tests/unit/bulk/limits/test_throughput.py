import pytest
from hypothesis import given, strategies as st

from voxsip.bulk._limits.throughput import MEMORY, Throughput


@pytest.mark.parametrize("rate", [2, 20, 300])
def test_measures_a_steady_rate(rate):
    seen = Throughput()
    for event in range(rate * 20):
        seen.add(1000.0 + event / rate)
    assert seen.rate == pytest.approx(rate, rel=0.15)


def test_measures_a_rate_from_the_first_half_second():
    seen = Throughput()
    for event in range(100):
        seen.add(7.0 + event / 200)
    assert seen.rate == pytest.approx(200, rel=0.05)
    assert seen.seconds == pytest.approx(0.5, rel=0.15)


def test_follows_a_change_within_a_few_seconds():
    seen = Throughput()
    for event in range(1000):
        seen.add(event / 100)
    for event in range(4000):
        seen.add(10.0 + event / 1000)
    assert seen.rate == pytest.approx(1000, rel=0.15)


def test_an_idle_time_counts_as_such():
    seen = Throughput()
    for event in range(100):
        seen.add(event / 100)
    seen.add(30.0)
    assert seen.rate < 1.0


def test_the_share_is_that_of_lately():
    seen = Throughput()
    for event in range(1000):
        seen.add(event / 100, accepted=event % 2 == 0)
    assert seen.throttled_share == pytest.approx(0.5, rel=0.05)
    for event in range(1000):
        seen.add(10.0 + event / 100)
    assert seen.throttled_share < 0.01


def test_nothing_seen_is_no_rate():
    assert Throughput().rate == Throughput().throttled_share == Throughput().seconds == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.booleans()), max_size=200))
def test_is_never_negative_nor_more_than_what_happened(events):
    seen, now = Throughput(), 50.0
    for gap, accepted in events:
        now += gap
        seen.add(now, accepted=accepted)
        assert 0.0 <= seen.rate <= len(events) * 10 + 1e-6
        assert 0.0 <= seen.throttled_share <= 1.0
        assert 0.0 <= seen.seconds <= MEMORY
