"""Events of calls: what hooks and the log are told, in which order, and what they are never told."""

import asyncio
import gc
import logging

import pytest

import voxsip
from tests.support.harness import counts
from voxsip.emulator import Fault, Faults
from voxsip.events import AttemptEnded, CallEnded, CallStarted, RetryPlanned, Throttled

CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])
INFO = "GetAccountInfo"
CREATE = "CreateSipRegistration"
LIST = "GetSipRegistrations"


def info(client):
    return client.accounts.get_account_info()


def create(client):
    return client.sip_registrations.create(
        sip_username="S3CRET-name", proxy="pbx.example.com", password="S3CRET-word"
    )


def kinds(events):
    return [type(event) for event in events]


@CLIENTS
async def test_a_call_that_works(serve, connect, clock, cls):
    emulator = await serve()
    seen = []
    side = connect(emulator, cls=cls, on_event=seen.append)
    await side(info)
    started, attempt, ended = seen
    assert started == CallStarted(started.call, INFO, f"{emulator.base_url}/{INFO}")
    assert attempt == AttemptEnded(started.call, INFO, 1, 0.0, 0.0, None, None, 200)
    assert ended == CallEnded(started.call, INFO, "done", 0.0, 1, None, None, 200)
    await side(info)
    assert seen[3].call != started.call


@CLIENTS
async def test_each_retry_is_told_and_logged_once(serve, connect, clock, cls, caplog):
    faults = [Fault(kind="http", status=502, times={1}), Fault(kind="error", code=340, times={2})]
    emulator = await serve(faults=Faults(faults))
    seen = []
    side = connect(emulator, cls=cls, on_event=seen.append)
    with caplog.at_level(logging.INFO, "voxsip"):
        await side(info)
    assert kinds(seen) == [
        *(CallStarted, AttemptEnded, RetryPlanned),
        *(AttemptEnded, Throttled, RetryPlanned),
        *(AttemptEnded, CallEnded),
    ]
    first, second = (event for event in seen if isinstance(event, RetryPlanned))
    assert (first.attempt, first.error, first.code) == (1, "UnexpectedReplyError", None)
    assert (second.attempt, second.error, second.code) == (2, "RateLimitError", 340)
    assert [first.delay, second.delay] == clock.delays
    assert [event.http_status for event in seen if isinstance(event, AttemptEnded)] == [
        *(502, 200, 200)
    ]
    assert (seen[-1].attempts, seen[-1].seconds) == (3, pytest.approx(sum(clock.delays), abs=1e-6))
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        (
            "INFO",
            f"{INFO}: attempt 1 failed (UnexpectedReplyError, HTTP 502); retry in {clock.delays[0]:.2f} s",
        ),
        (
            "INFO",
            f"{INFO}: attempt 2 failed (RateLimitError 340); retry in {clock.delays[1]:.2f} s",
        ),
    ]


async def test_the_server_says_how_long_to_wait(serve, connect):
    slow = Fault(kind="http", status=429, body="json", retry_after=7, first=1)
    seen = []
    side = connect(await serve(faults=Faults([slow])), on_event=seen.append)
    await side(info)
    (throttled,) = (event for event in seen if isinstance(event, Throttled))
    assert throttled[2:] == (1, None, 7.0)


@pytest.mark.parametrize(
    ("fault", "error", "status"),
    [
        (Fault(kind="error", code=104), "ForbiddenError", "failed"),
        (Fault(kind="refuse"), "OutcomeUnknownError", "unknown"),
    ],
    ids=["refused", "unknown"],
)
@CLIENTS
async def test_a_call_that_fails(serve, connect, cls, fault, error, status):
    seen = []
    policy = voxsip.RetryPolicy(attempts=1)
    side = connect(
        await serve(faults=Faults([fault])), cls=cls, policy=policy, on_event=seen.append
    )
    await side.fails(getattr(voxsip, error), info)
    assert kinds(seen) == [CallStarted, AttemptEnded, CallEnded]
    assert [event.error for event in seen[1:]] == [error, error]
    assert (seen[-1].status, seen[-1].attempts) == (status, 1)


async def test_what_never_left_is_no_attempt(serve, connect):
    seen = []
    side = connect(await serve(), on_event=seen.append)
    await side.fails(
        voxsip.NotSentError, lambda client: client.accounts.get_account_info(deadline=0)
    )
    assert kinds(seen) == [CallStarted, CallEnded]
    assert seen[-1][2:] == ("failed", 0.0, 0, "NotSentError", None, None)


async def test_a_cancelled_call(serve, connect):
    answers = asyncio.Event()
    seen = []

    def hook(event):
        seen.append(event)
        answers.set()

    side = connect(await serve(faults=Faults([Fault(kind="delay", seconds=60)])), on_event=hook)
    call = asyncio.create_task(info(side.client))
    await answers.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (seen[-1].status, seen[-1].error) == ("cancelled", "CancelledError")


async def test_a_new_token_is_a_retry_without_delay(serve, connect, caplog):
    seen = []
    emulator = await serve(faults=Faults([Fault(kind="token_error", first=1)]))
    side = connect(emulator, on_event=seen.append)
    with caplog.at_level(logging.INFO, "voxsip"):
        await side(info)
    (planned,) = (event for event in seen if isinstance(event, RetryPlanned))
    assert (planned.attempt, planned.delay, planned.error) == (1, 0.0, "AuthorizationError")
    assert len(caplog.records) == 1


@CLIENTS
async def test_a_look_up_is_a_call_of_its_own_and_no_event_has_an_argument(
    serve, connect, cls, caplog
):
    lost = Fault(kind="lose_reply", command=CREATE, first=1)
    refused = Fault(kind="error", code=2, command=LIST, msg="S3CRET-word is wrong", first=1)
    emulator = await serve(faults=Faults([lost, refused]))
    seen = []
    side = connect(emulator, cls=cls, on_event=seen.append)
    with caplog.at_level(logging.DEBUG, "voxsip"):
        await side(create)
    assert counts(emulator, CREATE) == (1, 1)
    started = {event.call: event.command for event in seen if isinstance(event, CallStarted)}
    ended = [(event.command, event.status) for event in seen if isinstance(event, CallEnded)]
    assert sorted(started.values()) == sorted(command for command, _ in ended)
    assert set(started.values()) == {CREATE, LIST}
    assert ended[-1] == (CREATE, "done")
    assert seen[-1].seconds > 0.0  # of the waits, though its only attempt took no time
    assert "S3CRET" not in repr(seen)
    assert "pbx" not in repr(seen)
    assert "S3CRET" not in caplog.text
    assert "pbx" not in caplog.text


@CLIENTS
async def test_hooks_that_raise_change_no_outcome_and_are_logged_once(serve, connect, cls, caplog):
    class Bad:
        def __call__(self, event):
            raise ValueError(type(event).__name__)

    def cancels(event):
        raise asyncio.CancelledError

    emulator = await serve(faults=Faults([Fault(kind="error", code=340, first=1)]))
    seen = []
    side = connect(emulator, cls=cls, on_event=[Bad(), cancels, seen.append])
    await side(info)
    await side(info)
    assert counts(emulator, INFO)[0] == 3
    assert sum(isinstance(event, CallEnded) for event in seen) == 2
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 2
    assert "Bad failed; its later errors are not logged" in texts[0]
    assert "cancels failed" in texts[1]
    assert "ValueError: CallStarted" in caplog.text


@pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client])
def test_hooks_that_are_none(cls):
    async def awaited(event):
        raise AssertionError

    class Awaited:
        async def __call__(self, event):
            raise AssertionError

    for wrong in (awaited, Awaited(), [Awaited()]):
        with pytest.raises(voxsip.ConfigurationError, match="got a coroutine function"):
            cls(token="t", on_event=wrong)
    for wrong in (7, "hook", [7]):
        with pytest.raises(voxsip.ConfigurationError, match="on_event: expected a function"):
            cls(token="t", on_event=wrong)
    assert isinstance(cls(token="t", on_event=[]), cls)


async def test_views_and_jobs_tell_the_hooks_of_their_client(serve, connect):
    emulator = await serve(registrations=3)
    seen = []
    side = connect(emulator, on_event=seen.append)
    await info(side.client.with_options(deadline=5))
    rows = [
        {"sip_registration_id": number, "application_id": 1, "bind": True} for number in (1, 2, 3)
    ]
    report = await side.client.bulk.bind(rows)
    assert report.done == 3
    ended = [event.command for event in seen if isinstance(event, CallEnded)]
    assert ended[0] == INFO
    assert ended.count("BindSipRegistration") == 3


async def test_durations_are_logged_at_debug_beside_hooks(serve, connect, caplog):
    seen = []
    side = connect(
        await serve(faults=Faults([Fault(kind="http", status=502, first=1)])), on_event=seen.append
    )
    with caplog.at_level(logging.DEBUG, "voxsip"):
        await side(info)
    assert [record.getMessage() for record in caplog.records if record.levelname == "DEBUG"] == [
        f"{INFO}: attempt 1 failed after 0.000 s: UnexpectedReplyError, HTTP 502",
        f"{INFO}: done (attempt 2, 0.000 s)",
    ]
    assert kinds(seen)[-1] is CallEnded


async def test_nothing_is_left_for_the_collector(serve, connect):
    side = connect(await serve(), on_event=lambda event: None)
    await side(info)
    gc.collect()
    gc.disable()
    try:
        await side(info)
        assert not [
            found for found in gc.get_objects() if type(found).__name__ in {"CallWatch", "Request"}
        ]
    finally:
        gc.enable()
