import pytest
from hypothesis import given, strategies as st

from voxsip.emulator._service.limit import TokenBucket


@given(
    rate=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200),
)
def test_never_more_than_the_rate_and_one_seconds_worth(rate, pauses):
    now = [100.0]
    bucket = TokenBucket(rate, lambda: now[0])
    passed = 0
    for pause in pauses:
        now[0] += pause
        passed += bucket.take()
        assert passed <= rate * (now[0] - 100.0) + rate + 1e-6


def test_refills():
    now = [0.0]
    bucket = TokenBucket(2, lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 100
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing_away():
    now = [10.0]
    bucket = TokenBucket(1, lambda: now[0])
    assert bucket.take()
    now[0] = 5.0
    assert not bucket.take()
    now[0] = 6.0
    assert bucket.take()


def test_less_than_one_a_second():
    now = [0.0]
    bucket = TokenBucket(0.5, lambda: now[0])
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] = 2.0
    assert bucket.take()


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_no_rate_at_all(rate):
    with pytest.raises(ValueError, match="more than zero"):
        TokenBucket(rate, lambda: 0.0)


async def test_error_340_on_the_wire(serve):
    moments = [1_700_000_000.0]
    wire = await serve(rate_limit=2, clock=lambda: moments[0])
    wire = wire.acting(iat=1_700_000_000, exp=1_700_000_600)
    await wire.create()
    await wire.create()
    parameters = {"sip_username": "x", "proxy": "sip.example.com"}
    assert await wire.refused("CreateSipRegistration", **parameters) == 340
    assert wire.emulator.state.counters["CreateSipRegistration"] == {"received": 3, "executed": 2}
    moments[0] += 0.5
    await wire.create()
    wire.emulator.rate_limit = None
    for _ in range(5):
        await wire.create()
    assert wire.emulator.rate_limit is None
