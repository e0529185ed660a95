"""Rate and time left."""

import pytest

from voxsip.cli._display.progress import ProgressMeter, duration, time_left


@pytest.fixture
def clock():
    return Clock()


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_nothing_is_known_at_first(clock):
    meter = ProgressMeter(100, clock)
    assert (meter.rate, meter.left) == (0.0, None)


def test_rate_and_time_left(clock):
    meter = ProgressMeter(100, clock)
    clock.now += 2
    meter.feed(40)
    assert (meter.rate, meter.left) == (20.0, 3.0)


def test_the_rate_is_of_the_last_ten_seconds(clock):
    meter = ProgressMeter(200, clock)
    for second in range(1, 61):
        clock.now += 1
        meter.feed(second if second <= 50 else 50 + (second - 50) * 5)
    assert (meter.rate, meter.left) == (5.0, 20.0)


def test_a_rate_is_never_below_zero(clock):
    """A job whose driver died: 184 rows are done, and its parts count from 0 again."""
    meter = ProgressMeter(400, clock)
    for done in (146, 20, 100, 184):
        clock.now += 1
        meter.feed(done, restored=184)
        assert (meter.rate, meter.left) == (0.0, None)
    clock.now += 1
    meter.feed(234, restored=184)
    assert (meter.rate, round(meter.left)) == (10.0, 17)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "?"), (0, "0 s"), (59.4, "59 s"), (65, "1:05"), (3600, "1:00:00"), (7322, "2:02:02")],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_restored_rows_are_no_speed(clock):
    meter = ProgressMeter(1000, clock)
    clock.now += 1
    meter.feed(400, 378)
    assert (meter.rate, meter.left) == (22.0, 600 / 22)
    clock.now += 1
    meter.feed(420, 378)
    assert meter.rate == 21.0


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1 s"), (0, "0 s"), (None, "?"), (90, "1:30")])
def test_time_left_is_not_nothing_while_there_is_something_to_do(seconds, text):
    assert time_left(seconds) == text
