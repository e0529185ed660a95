"""The async client: views, deadlines, cancellation, and calls by name."""

import asyncio
import copy
import logging
import pickle

import pytest

import voxsip
from tests.support.answers import Answer
from tests.support.harness import Clock, counts
from voxsip._calls.limiter import Limiter
from voxsip._calls.retry import Retrier
from voxsip._config import RateLimit, RetryPolicy
from voxsip.emulator import Fault, Faults

INFO = "GetAccountInfo"
ACCOUNT = {"result": {"account_id": 1}}
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def info(client, **options):
    return client.accounts.get_account_info(**options)


def create(client, name="alice", **options):
    return client.sip_registrations.create(sip_username=name, proxy="p.example.com", **options)


class Held:
    """A server that holds its answers back until told otherwise."""

    def __init__(self, body):
        self.body = body
        self.arrived = asyncio.Semaphore(0)
        self.go = asyncio.Event()

    async def __call__(self, _):
        self.arrived.release()
        await self.go.wait()
        return Answer(self.body)


@pytest.fixture
async def held(answer, connect):
    """Make a client of a server that answers nothing before `go` is set."""
    made = []

    async def make(body=ACCOUNT, **options):
        made.append(Held(body))
        server = await answer(made[-1])
        return made[-1], server, connect(base_url=server.base_url, **options)

    yield make
    for one in made:
        one.go.set()


# Calls by name


@CLIENTS
async def test_call_by_name_gives_the_decoded_reply(serve, connect, cls):
    side = connect(await serve(registrations=2), cls=cls)
    reply = await side(
        lambda client: client.call("GetSipRegistrations", {"count": 1, "rule_id": None})
    )
    assert [row["sip_registration_id"] for row in reply["result"]] == [1]
    assert (await side(lambda client: client.call(INFO)))["result"]["account_id"] == 1


async def test_command_the_spec_does_not_know(answer, connect):
    server = await answer(Answer({"result": [1], "extra": {"x": 0.1}}))
    side = connect(base_url=server.base_url)
    reply = await side.client.call("GetNewThings", {"ids": [1, 2], "flag": True})
    assert reply == {"result": [1], "extra": {"x": 0.1}}
    assert str(server.requests[0].rel_url) == "/platform_api/GetNewThings?ids=1%3B2&flag=true"


@pytest.mark.parametrize(
    ("name", "attempts"), [("GetNewThings", 2), ("CheckNewThings", 2), ("AddNewThing", 1)]
)
async def test_unknown_command_is_repeated_only_if_it_reads(answer, connect, name, attempts):
    server = await answer(Answer(status=502), Answer({"result": 1}))
    side = connect(base_url=server.base_url)
    if attempts == 2:
        assert await side.client.call(name) == {"result": 1}
    else:
        await side.fails(voxsip.UnexpectedReplyError, lambda client: client.call(name))
    assert len(server.requests) == attempts


@pytest.mark.parametrize(
    ("name", "params", "reply"),
    [
        ("EditCallListTasksPriority", {"list_id": 1, "tasks": [{}]}, {"results": "3 tasks"}),
        ("VerifyOutboundTestPhoneNumber", {}, {}),
        ("SQ_GetAgentCustomStatusMapping", {}, {"sq_status_name": "READY"}),
    ],
)
async def test_command_whose_replies_hold_no_result(answer, connect, name, params, reply):
    refused = {"error": {"code": 101, "msg": "no"}}
    side = connect(base_url=(await answer(Answer(reply), Answer(refused), Answer([]))).base_url)
    assert await side.client.call(name, params) == reply
    await side.fails(voxsip.InvalidRequestError, lambda client: client.call(name, params))
    with pytest.raises(voxsip.UnexpectedReplyError):
        await side.client.with_options(retry=RetryPolicy(attempts=1)).call(name, params)


@pytest.mark.parametrize("beside", [None, {}, {"balance": 10}, {"frozen": "", "balance": ""}])
async def test_create_is_done_whatever_the_reply_says_beside_the_id(answer, connect, beside):
    reply = {"result": 1, "sip_registration_id": 5, "account_info": beside}
    server = await answer(Answer(reply), Answer(status=500))
    side = connect(base_url=server.base_url)
    made = await side.client.sip_registrations.create(sip_username="alice", proxy="p.example")
    assert made.sip_registration_id == 5
    assert len(server.requests) == 1


# Views


async def test_view_shares_connections_and_tokens(side):
    await side(info)
    await info(side.client.with_options(timeout=1, retry=RetryPolicy(attempts=1)))
    assert len(side.signer.signed) == 1
    assert len(side.client._caller.pool._loop_states) == 1


@CLIENTS
async def test_view_changes_only_what_it_names(serve, connect, cls):
    emulator = await serve(faults=Faults([Fault(kind="http")]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=2))
    once = RetryPolicy(attempts=1)
    error = await side.fails(
        voxsip.UnexpectedReplyError,
        lambda c: info(c.with_options(retry=once).with_options(timeout=9)),
    )
    assert error.attempts == 1
    assert (await side.fails(voxsip.UnexpectedReplyError, info)).attempts == 2


async def test_view_takes_a_rate_or_a_limiter(side):
    limiter = Limiter(RateLimit(5))
    assert side.client.with_options(rate_limit=limiter).limiter is limiter
    assert side.client.with_options(rate_limit=RateLimit(7)).limiter.rate == 7
    assert side.client.limiter is None
    for wrong in ({"rate_limit": 5}, {"retry": 5}, {"timeout": "5"}, {"timeout": 0}):
        with pytest.raises(voxsip.ConfigurationError):
            side.client.with_options(**wrong)


async def test_view_knows_creates_of_the_client(serve, connect):
    emulator = await serve(
        faults=Faults([Fault(kind="lose_reply", command="CreateSipRegistration")])
    )
    side = connect(emulator)
    views = [side.client, side.client.with_options(timeout=9)]
    made = await asyncio.gather(*(create(view) for view in views))
    assert {reply.sip_registration_id for reply in made} == {1, 2}


# Deadlines


@CLIENTS
async def test_deadline_while_in_flight_is_an_unknown_outcome(held, cls):
    _, server, side = await held(cls=cls)
    error = await side.fails(voxsip.OutcomeUnknownError, lambda c: info(c, deadline=0.05))
    assert "deadline of 0.05 s" in str(error)
    assert error.attempts == 1
    assert len(server.requests) <= 1


@CLIENTS
@pytest.mark.parametrize("deadline", [0, -1.5])
async def test_deadline_that_has_passed_sends_nothing(held, cls, deadline):
    _, server, side = await held(cls=cls)
    await side.fails(voxsip.NotSentError, lambda c: info(c, deadline=deadline))
    assert server.requests == []


@CLIENTS
@pytest.mark.parametrize("deadline", ["5", float("nan"), [1], True, 10**400], ids=range(5))
async def test_deadline_that_is_no_number_is_refused(held, cls, deadline):
    _, server, side = await held(cls=cls)
    error = await side.fails(voxsip.InvalidArgumentError, lambda c: info(c, deadline=deadline))
    assert error.field == "deadline"
    assert server.requests == []


async def test_deadline_while_queueing_was_never_sent(held):
    hold, server, side = await held(max_connections=1)
    first = asyncio.ensure_future(side(info))
    await hold.arrived.acquire()
    error = await side.fails(voxsip.NotSentError, lambda c: info(c, deadline=0.05))
    assert error.attempts == 0
    hold.go.set()
    await first
    assert len(server.requests) == 1


async def test_deadline_while_waiting_for_the_rate_was_never_sent(emulator, side):
    limiter = Limiter()
    limiter.pause(1000)
    view = side.client.with_options(rate_limit=limiter, deadline=0.05)
    with pytest.raises(voxsip.NotSentError):
        await info(view)
    assert counts(emulator, INFO) == (0, 0)


async def never(_):
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="error", code=340), voxsip.RateLimitError),
        (Fault(kind="http", status=429), voxsip.RateLimitError),
        (Fault(kind="lose_reply"), voxsip.OutcomeUnknownError),
        (Fault(kind="http", status=502), voxsip.OutcomeUnknownError),
    ],
)
async def test_deadline_while_backing_off_is_what_was_met(serve, connect, fault, kind):
    emulator = await serve(faults=Faults([fault]))
    side = connect(emulator)
    side.client._caller.retrier = Retrier(RetryPolicy(), clock=Clock(sleep=never))
    error = await side.fails(kind, lambda c: info(c, deadline=0.5))
    assert error.attempts == 1
    if kind is voxsip.RateLimitError:
        assert error.__notes__ == ["the deadline of 0.5 s passed before another attempt"]


@CLIENTS
async def test_deadline_of_a_view_and_of_a_call(held, cls):
    _, _, side = await held(cls=cls)
    error = await side.fails(
        voxsip.OutcomeUnknownError, lambda c: info(c.with_options(deadline=0.05))
    )
    assert "0.05 s" in str(error)
    error = await side.fails(
        voxsip.OutcomeUnknownError, lambda c: info(c.with_options(deadline=100), deadline=0.04)
    )
    assert "0.04 s" in str(error)
    await side.fails(voxsip.OutcomeUnknownError, lambda c: c.call(INFO, deadline=0.05))


@CLIENTS
async def test_deadline_that_is_kept_changes_nothing(emulator, connect, cls):
    side = connect(emulator, cls=cls)
    assert (await side(lambda c: info(c, deadline=60))).result.account_id == 1


async def test_deadline_does_not_leak_a_place(held):
    hold, _, side = await held(max_connections=2)
    for _ in range(5):
        await side.fails(voxsip.OutcomeUnknownError, lambda c: info(c, deadline=0.01))
    hold.go.set()
    await asyncio.gather(*(side(info) for _ in range(4)))


# Cancellation


async def test_cancelled_create_in_flight_says_that_it_may_be_done(held, caplog):
    hold, _, side = await held({"result": 1, "sip_registration_id": 1})
    task = asyncio.ensure_future(side(create))
    await hold.arrived.acquire()
    task.cancel()
    with (
        caplog.at_level(logging.WARNING, "voxsip"),
        pytest.raises(asyncio.CancelledError) as caught,
    ):
        await task
    said = "CreateSipRegistration was cancelled after it was sent; its outcome is unknown"
    assert caught.value.__notes__ == [said]
    assert caplog.messages == [said]


async def test_cancelled_create_in_doubt_says_so_too(serve, connect, caplog):
    sleeping = asyncio.Event()

    async def sleep(_):
        sleeping.set()
        await asyncio.Event().wait()

    emulator = await serve(faults=Faults([Fault(kind="lose_reply")]))
    side = connect(emulator)
    side.client._caller.retrier = Retrier(RetryPolicy(), clock=Clock(sleep=sleep))
    task = asyncio.ensure_future(side(create))
    await sleeping.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "its outcome is unknown" in caplog.text


async def test_cancelled_before_it_was_sent_says_nothing(held, caplog):
    hold, server, side = await held(max_connections=1)
    first = asyncio.ensure_future(side(info))
    await hold.arrived.acquire()
    queued = asyncio.ensure_future(side(create))
    await asyncio.sleep(0)
    queued.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await queued
    assert not hasattr(caught.value, "__notes__")
    assert caplog.messages == []
    hold.go.set()
    await first
    assert len(server.requests) == 1


async def test_cancelling_one_does_not_disturb_the_others(held):
    hold, _, side = await held(max_connections=5)
    tasks = [asyncio.ensure_future(side(info)) for _ in range(30)]
    for _ in range(5):
        await hold.arrived.acquire()
    for task in tasks[::2]:
        task.cancel()
    hold.go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in done[::2]] == [asyncio.CancelledError] * 15
    assert all(one.result.account_id == 1 for one in done[1::2])
    assert len(side.signer.signed) == 1
    [loop_state] = side.client._caller.pool._loop_states.values()
    assert loop_state.slots._value == 5


async def test_cancelled_create_lets_the_next_one_go(serve, connect):
    sleeping = asyncio.Event()

    async def sleep(_):
        sleeping.set()
        await asyncio.Event().wait()

    emulator = await serve(faults=Faults([Fault(kind="error", code=340, first=1)]))
    side = connect(emulator)
    side.client._caller.retrier = Retrier(RetryPolicy(), clock=Clock(sleep=sleep))
    first = asyncio.ensure_future(side(create))
    await sleeping.wait()
    second = asyncio.ensure_future(side(create))  # waits for the first
    first.cancel()
    assert (await second).sip_registration_id == 1


async def test_client_is_a_context(serve, account):
    emulator = await serve()
    async with voxsip.AsyncClient(account, base_url=emulator.base_url) as client:
        await client.call("GetUsers")
        [loop_state] = client._caller.pool._loop_states.values()
    assert loop_state.session.closed


@CLIENTS
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_client_is_not_copied_with_its_token(cls, copied):
    client = cls(token="MARK")
    for holder in (client, client.with_options(timeout=5), client.sip_registrations):
        if copied is copy.copy and holder is client.sip_registrations:
            continue  # a group holds the client, and no secret
        with pytest.raises(
            TypeError, match=f"{cls.__name__} cannot be copied or pickled"
        ) as caught:
            copied(holder)
        assert "MARK" not in str(caught.value)
