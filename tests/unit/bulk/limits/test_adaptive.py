import math

import pytest
from hypothesis import given, strategies as st

from voxsip._errors import (
    InvalidRequestError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from voxsip.bulk._limits.adaptive import INITIAL_LIMIT, MAX_PAUSE, MIN_RATE, AdaptiveLimits

THROTTLED = RateLimitError("", code=340, command="X")
BROKEN = ServerError("", code=2, command="X")


def grown(maximum=64, **options):
    """Return limits after a second of nothing but success, the window at its maximum."""
    limits = AdaptiveLimits(maximum, **options)
    for call in range(200):
        limits.on_success(call * 0.005, limits.limit)
    assert limits.limit == maximum
    return limits


def test_starts_small_and_doubles_every_round_trip():
    limits = AdaptiveLimits(256)
    assert limits.limit == INITIAL_LIMIT
    for _ in range(INITIAL_LIMIT):
        limits.on_success(0.05, limits.limit)
    assert limits.limit == 2 * INITIAL_LIMIT


def test_adds_one_a_round_trip_after_trouble():
    limits = grown()
    limits.on_failure(1.0, BROKEN)
    assert limits.limit == 32
    for _ in range(33):
        limits.on_success(2.0, limits.limit)
    assert limits.limit == 33


def test_does_not_grow_while_the_window_is_not_full():
    limits = AdaptiveLimits(64)
    for call in range(1000):
        limits.on_success(call * 0.01, limits.limit - 1)
    assert limits.limit == INITIAL_LIMIT


@pytest.mark.parametrize(
    ("error", "limit"),
    [
        (BROKEN, 32),
        (OutcomeUnknownError("lost"), 32),
        (NotSentError("refused"), 32),
        (THROTTLED, 64),
        (RateLimitError("", code=162, command="X"), 64),
        (RateLimitError("", code=484, command="X"), 64),
        (NotSentError("certificate", permanent=True), 64),
        (InvalidRequestError("bad", code=101, command="X"), 64),
    ],
)
def test_what_a_failure_takes_from_the_window(error, limit):
    limits = grown()
    limits.on_failure(1.0, error)
    assert limits.limit == limit
    assert (limits.rate is not None) == (error is THROTTLED)


@pytest.mark.parametrize("error", [BROKEN, THROTTLED])
def test_a_burst_of_failures_counts_once(error):
    once, often = grown(), grown()
    once.on_failure(1.0, error)
    for failure in range(50):
        often.on_failure(1.0 + failure * 0.002, error)
    assert (once.limit, once.rate) == (often.limit, often.rate)
    for failure in range(60):  # what continues is no burst
        often.on_failure(1.5 + failure * 0.01, error)
    assert often.limit < once.limit or often.rate < once.rate


def test_the_first_refusal_sets_the_rate_to_what_was_accepted_before():
    rates = []
    limits = grown(on_rate=rates.append)
    limits.on_failure(1.0, THROTTLED)
    assert limits.rate == pytest.approx(0.95 * 200, rel=0.1)
    assert rates == [limits.rate]


def test_a_refusal_among_many_successes_is_borne_once_there_is_a_rate():
    limits = grown()
    limits.on_failure(1.0, THROTTLED)
    rate = limits.rate
    for call in range(400):
        limits.on_success(1.0 + call * 0.005, 20)
    assert limits.rate > rate
    rate = limits.rate
    limits.on_failure(3.0, THROTTLED)
    assert limits.rate == rate
    for _ in range(50):
        limits.on_failure(3.0, THROTTLED)
    assert limits.rate < rate


def test_one_pause_for_a_burst_that_asks_for_it():
    pauses = []
    limits = grown(on_pause=pauses.append)
    for _ in range(64):
        limits.on_pushback(1.0, 5.0)
    assert limits.resume_at == 6.0
    assert pauses == [5.0]
    limits.on_pushback(1.1, 2.0)
    assert limits.resume_at == 6.0
    limits.on_pushback(7.0, 1e9)
    assert limits.resume_at == 7.0 + MAX_PAUSE


def test_a_named_delay_counts_for_a_broken_server_too():
    limits = grown()
    limits.on_failure(1.0, error := OutcomeUnknownError("503"))
    assert limits.resume_at == 0.0
    error.retry_after = 3.0
    limits.on_failure(2.0, error)
    assert limits.resume_at == 5.0
    assert limits.rate is None


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["success", "throttled", "broken", "named"]),
        st.floats(0.0, 3.0),
        st.integers(0, 300),
        st.floats(0.0, 10.0),
    ),
    max_size=200,
)


@given(EVENTS, st.integers(1, 256), st.one_of(st.none(), st.floats(MIN_RATE, 1e4)))
def test_holds_its_bounds_whatever_happens(events, maximum, max_rate):
    rates, pauses = [], []
    limits = AdaptiveLimits(
        maximum, max_rate=max_rate, on_rate=rates.append, on_pause=pauses.append
    )
    now = 100.0
    for kind, passed, number, seconds in events:
        now += passed
        before = (limits.limit, limits.rate, limits.resume_at)
        if kind == "success":
            limits.on_success(now, number)
            assert limits.limit >= before[0]
            assert limits.limit == before[0] or number >= before[0]
            assert before[1] is None or limits.rate >= before[1]
            assert limits.resume_at == before[2]
        else:
            limits.on_pushback(
                now, seconds if kind == "named" else None, throttled=kind != "broken"
            )
            assert limits.limit <= before[0]
            assert limits.rate == before[1] or before[1] is None or limits.rate < before[1]
            assert limits.resume_at >= before[2]
        assert 1 <= limits.limit <= maximum
        if limits.rate is not None:
            assert MIN_RATE <= limits.rate <= (max_rate or math.inf)
            assert math.isfinite(limits.rate)
        assert limits.resume_at <= now + MAX_PAUSE or limits.resume_at == before[2]
        assert not rates or rates[-1] == limits.rate
    assert all(0.0 < pause <= MAX_PAUSE for pause in pauses)


@given(EVENTS)
def test_the_same_events_give_the_same_limits(events):
    seen = []
    for _ in range(2):
        limits, now = AdaptiveLimits(64), 0.0
        for kind, passed, number, seconds in events:
            now += passed
            if kind == "success":
                limits.on_success(now, number)
            else:
                limits.on_pushback(now, seconds if kind == "named" else None)
        seen.append((limits.limit, limits.rate, limits.resume_at))
    assert seen[0] == seen[1]
