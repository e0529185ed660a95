"""The rate of calls, in a time of its own."""

import asyncio

import pytest

import voxsip
from voxsip._calls.limiter import Limiter, TokenBucket
from voxsip._config import RateLimit, RetryPolicy
from voxsip.emulator import Fault, Faults


def departures(bucket, clock, count):
    """Take slots one after another; return when each may be used, from now."""
    start = clock()
    return [round(clock() + bucket.reserve() - start, 6) for _ in range(count)]


def test_slots_are_evenly_spaced(clock):
    assert departures(TokenBucket(4, clock=clock), clock, 4) == [0, 0.25, 0.5, 0.75]


def test_no_more_than_rate_and_burst_leave_in_any_second(clock):
    bucket = TokenBucket(20, burst=5, clock=clock)
    clock.seconds += 1000  # however long the pause
    times = departures(bucket, clock, 100)
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= 25
    assert times[:5] == [0] * 5


def test_unused_slots_are_not_saved_up(clock):
    bucket = TokenBucket(10, clock=clock)
    bucket.reserve()
    clock.seconds += 60
    assert departures(bucket, clock, 3) == [0, 0.1, 0.2]


def test_pause_holds_everybody_and_is_never_shortened(clock):
    bucket = TokenBucket(10, clock=clock)
    bucket.pause(5)
    bucket.pause(1)
    assert departures(bucket, clock, 2) == [5, 5.1]


def test_change_of_rate_voids_slots_in_the_future(clock):
    bucket = TokenBucket(1, clock=clock)
    departures(bucket, clock, 5)
    epoch = bucket.epoch
    bucket.set_rate(100)
    assert bucket.epoch > epoch
    assert departures(bucket, clock, 2) == [0, 0.01]
    assert bucket.rate == 100


async def test_limiter_waits_as_long_as_it_must(clock):
    limiter = Limiter(RateLimit(2), clock=clock)
    for _ in range(3):
        await limiter.acquire()
    assert clock.delays == [0.5, 0.5]
    assert limiter.rate == 2


async def test_limiter_without_a_rate_only_pauses(clock):
    limiter = Limiter(clock=clock)
    assert limiter.rate is None
    for _ in range(100):
        await limiter.acquire()
    limiter.pause(3)
    await limiter.acquire()
    assert max(clock.delays) == 3
    assert sum(clock.delays) == pytest.approx(3, abs=1e-3)


async def test_waiters_line_up_again_after_a_change(clock):
    limiter = Limiter(RateLimit(1), clock=clock)
    await limiter.acquire()
    clock.after[1] = lambda: limiter.pause(10)
    await limiter.acquire()
    assert clock.delays == [1, 10]


async def test_rate_may_be_lifted_and_set(clock):
    limiter = Limiter(RateLimit(1), clock=clock)
    limiter.set_rate(None)
    assert limiter.rate is None
    limiter.set_rate(4)
    await limiter.acquire()
    await limiter.acquire()
    assert limiter.rate == 4
    assert clock.delays == [0.25]


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), "5", None, True])
def test_rate_must_be_a_number_above_zero(rate):
    with pytest.raises(voxsip.ConfigurationError, match="rate"):
        RateLimit(rate)
    if rate is not None:
        with pytest.raises(voxsip.ConfigurationError, match="rate"):
            Limiter().set_rate(rate)


@pytest.mark.parametrize("burst", [0, 0.5, "1"])
def test_burst_must_be_at_least_one(burst):
    with pytest.raises(voxsip.ConfigurationError, match="burst"):
        RateLimit(1, burst=burst)


async def test_retries_count_too(serve, connect, clock):
    emulator = await serve(registrations=1, faults=Faults([Fault(kind="http", first=2)]))
    limiter = Limiter(RateLimit(0.5), clock=clock)
    side = connect(emulator, policy=RetryPolicy(backoff=0))
    await side.client.with_options(rate_limit=limiter).sip_registrations.bind(
        sip_registration_id=1, application_id=1
    )
    assert sum(clock.delays) == 4


async def test_rate_is_shared_by_all_calls(emulator, connect, clock):
    side = connect(emulator)
    limiter = Limiter(RateLimit(10), clock=clock)
    view = side.client.with_options(rate_limit=limiter)
    await asyncio.gather(*(view.call("GetAccountInfo") for _ in range(5)))
    assert limiter._bucket.reserve() + clock() == pytest.approx(1_750_000_000.25 + 0.5)
