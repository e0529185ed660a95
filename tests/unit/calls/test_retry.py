"""What is tried again, when, and how often."""

import asyncio
import pickle
from email.utils import formatdate

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import counts
from voxsip._calls.retry import Retrier, RetryBudget
from voxsip._config import RetryPolicy
from voxsip._errors import Disposition, OutcomeUnknownError, RateLimitError, ServerError
from voxsip.emulator import Fault, Faults

BIND = "BindSipRegistration"
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
DONE = Answer({"result": 1})


def bind(client):
    return client.sip_registrations.bind(sip_registration_id=1, application_id=1)


def lost():
    return OutcomeUnknownError("lost")


# The policy


def test_backoff_doubles_up_to_a_ceiling():
    policy = RetryPolicy(backoff=0.5, max_backoff=3)
    assert [policy.delay(n, None, lambda: 1.0) for n in range(1, 6)] == [0.5, 1, 2, 3, 3]
    assert policy.delay(10_000, None, lambda: 1.0) == 3


def test_jitter_is_full():
    policy = RetryPolicy(backoff=8)
    assert [policy.delay(1, None, lambda share=share: share) for share in (0, 0.5, 1)] == [0, 4, 8]


def test_named_delay_is_the_least_and_has_a_ceiling():
    policy = RetryPolicy(backoff=1, max_retry_after=30)
    assert policy.delay(3, 10, lambda: 0.0) == 10
    assert policy.delay(3, 10, lambda: 1.0) == 11  # spread, so that not all come back at once
    assert policy.delay(1, 3600, lambda: 0.0) == 30


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("attempts", 0),
        ("attempts", "3"),
        ("attempts", True),
        ("attempts", 1.5),
        ("backoff", -1),
        ("backoff", float("nan")),
        ("max_backoff", float("inf")),
        ("max_retry_after", None),
        ("budget", -0.5),
        ("budget_refill", "x"),
    ],
)
def test_numbers_out_of_range_are_refused(option, value):
    with pytest.raises(voxsip.ConfigurationError, match=option):
        RetryPolicy(**{option: value})


def test_policy_is_a_value():
    policy = RetryPolicy(attempts=7)
    assert pickle.loads(pickle.dumps(policy)) == policy == RetryPolicy(attempts=7)  # noqa: S301


# The budget


def test_budget_runs_out_and_fills_with_calls():
    budget = RetryBudget(RetryPolicy(budget=2, budget_refill=0.5))
    assert [budget.spend(lost()) for _ in range(3)] == [True, True, False]
    budget.earn()
    assert not budget.spend(lost())
    budget.earn()
    assert budget.spend(lost())


def test_budget_never_exceeds_its_size():
    budget = RetryBudget(RetryPolicy(budget=1, budget_refill=10))
    budget.earn()
    assert [budget.spend(lost()) for _ in range(2)] == [True, False]


def test_throttling_is_free():
    budget = RetryBudget(RetryPolicy(budget=0))
    assert budget.spend(RateLimitError("later", code=340, command="X"))
    assert not budget.spend(ServerError("inside", code=2, command="X"))


# The loop


async def test_continues_while_there_may_be_more(clock):
    turns = []

    async def attempt():
        turns.append(len(turns) + 1)
        raise lost()

    retrier = Retrier(RetryPolicy(), clock=clock, jitter=lambda: 0.5)
    with pytest.raises(OutcomeUnknownError):
        await retrier.again(lost(), attempt, lambda turns: turns < 4)
    assert turns == [1, 2, 3]
    assert clock.delays == [0.125, 0.25, 0.5]


async def test_other_exceptions_are_not_ours_to_repeat(clock):
    async def attempt():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await Retrier(RetryPolicy(), clock=clock).again(lost(), attempt, lambda _: True)
    assert len(clock.delays) == 1


async def test_jitter_comes_from_chance_by_default(clock):
    async def attempt():
        raise lost()

    retrier = Retrier(RetryPolicy(backoff=1, max_backoff=1), clock=clock)
    with pytest.raises(OutcomeUnknownError):
        await retrier.again(lost(), attempt, lambda turns: turns < 9)
    assert len(set(clock.delays)) == 8
    assert all(0 <= delay <= 1 for delay in clock.delays)


# A client's calls


@CLIENTS
async def test_as_many_attempts_as_the_policy_says(serve, connect, clock, cls):
    emulator = await serve(registrations=1, faults=Faults([Fault(kind="http", status=502)]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=4))
    error = await side.fails(voxsip.UnexpectedReplyError, bind)
    assert error.attempts == 4
    assert counts(emulator, BIND) == (4, 0)
    assert clock.delays == [0.25, 0.5, 1.0]


async def test_one_attempt_means_no_wait(serve, connect, clock):
    for fault in (Fault(kind="http", status=429, retry_after=5), Fault(kind="lose_reply")):
        emulator = await serve(registrations=1, faults=Faults([fault]))
        side = connect(emulator, policy=RetryPolicy(attempts=1))
        error = await side.fails(
            RateLimitError if fault.kind == "http" else OutcomeUnknownError, bind
        )
        assert error.attempts == 1
        assert counts(emulator, BIND)[0] == 1
    assert clock.delays == []


@CLIENTS
@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honored(serve, connect, clock, cls, form, status):
    fault = Fault(kind="http", status=status, retry_after=7, retry_after_form=form, first=1)
    emulator = await serve(registrations=1, clock_offset=12345, faults=Faults([fault]))
    await connect(emulator, cls=cls, jitter=0.0)(bind)
    assert clock.delays == [7]


async def test_retry_after_has_a_ceiling(serve, connect, clock):
    fault = Fault(kind="http", status=429, retry_after=86400, first=1)
    emulator = await serve(registrations=1, faults=Faults([fault]))
    await connect(emulator, policy=RetryPolicy(max_retry_after=20), jitter=0.0)(bind)
    assert clock.delays == [20]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        ({"code": 416, "msg": "Repeat the request after 12 seconds"}, 12),
        ({"code": 416, "msg": "Retry after 3s, please"}, 3),
        ({"code": 416, "msg": "Repeat the request after 0.5 seconds"}, 0.5),
        ({"code": 340, "msg": "Wait", "details": {"retry_after": 4}}, 4),
        ({"code": 340, "msg": "Wait 5 sec"}, 5),
        ({"code": 340, "msg": "Wait, 3000 calls seen"}, 0),
        ({"code": 162, "msg": None, "details": {"retry_after": -4}}, 0),
        ({"code": 484, "details": {"retry_after": "soon"}}, 0),
    ],
)
async def test_delay_named_in_an_error(answer, connect, clock, error, seconds):
    server = await answer(Answer({"error": error}), DONE)
    await connect(base_url=server.base_url, jitter=0.0)(bind)
    assert clock.delays == [seconds]


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e3", "Mon, 99 Foo 2025", "٣"])
async def test_retry_after_that_says_nothing(answer, connect, clock, text):
    headers = {"Retry-After": text.encode().decode("latin-1")}
    server = await answer(Answer(status=429, headers=headers), DONE)
    await connect(base_url=server.base_url, jitter=0.0)(bind)
    assert clock.delays == [0]


async def test_retry_after_in_the_past_is_now(answer, connect, clock):
    past = {"Retry-After": formatdate(0, usegmt=True)}
    server = await answer(Answer(status=429, headers=past), DONE)
    await connect(base_url=server.base_url, jitter=0.0)(bind)
    assert clock.delays == [0]


async def test_an_outage_is_not_answered_with_a_storm(serve, connect):
    emulator = await serve(registrations=1, faults=Faults([Fault(kind="http", status=503)]))
    side = connect(emulator, policy=RetryPolicy(attempts=10, budget=20, budget_refill=0.1))
    calls = [side(bind) for _ in range(50)]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert all(error.disposition is Disposition.UNKNOWN for error in errors)
    assert counts(emulator, BIND)[0] <= 50 + 20 + 5


async def test_a_view_has_a_budget_of_its_own(serve, connect):
    emulator = await serve(registrations=1, faults=Faults([Fault(kind="http", status=503)]))
    side = connect(emulator, policy=RetryPolicy(attempts=2, budget=0))
    generous = side.client.with_options(retry=RetryPolicy(attempts=3, budget=9))
    assert (await side.fails(voxsip.UnexpectedReplyError, bind)).attempts == 1
    with pytest.raises(voxsip.UnexpectedReplyError) as caught:
        await bind(generous)
    assert caught.value.attempts == 3


async def test_a_last_failure_costs_no_budget(serve, connect):
    emulator = await serve(registrations=1, faults=Faults([Fault(kind="http", status=503)]))
    side = connect(emulator, policy=RetryPolicy(attempts=1, budget=1, budget_refill=0))
    await side.fails(voxsip.UnexpectedReplyError, bind)
    assert side.client._caller.retrier.budget.spend(lost())
