"""Watching a call from outside."""

import asyncio

import pytest

import voxsip
from tests.support.harness import counts
from voxsip._config import RetryPolicy
from voxsip.emulator import Fault, Faults

INFO = "GetAccountInfo"
CLIENTS = pytest.mark.parametrize("cls", [voxsip.AsyncClient, voxsip.Client], ids=["async", "sync"])


def info(client):
    return client.accounts.get_account_info()


@CLIENTS
async def test_counts_the_attempts_of_a_call(serve, connect, cls):
    emulator = await serve(faults=Faults([Fault(kind="http", first=2)]))
    side = connect(emulator, cls=cls)
    seen = []
    with voxsip.CallTrace(seen.append) as trace:
        await side(info)
        assert (trace.attempts, trace.failures) == (3, 2)
        assert [type(error) for error in seen] == [voxsip.UnexpectedReplyError] * 2
        trace.reset()
        await side(info)
        assert trace.attempts == 1
    assert counts(emulator, INFO)[0] == 4


@CLIENTS
async def test_tells_of_every_failure_of_a_call_that_fails(serve, connect, cls):
    emulator = await serve(faults=Faults([Fault(kind="error", code=340)]))
    side = connect(emulator, cls=cls, policy=RetryPolicy(attempts=3))
    seen = []
    with voxsip.CallTrace(seen.append) as trace:
        error = await side.fails(voxsip.RateLimitError, info)
    assert trace.failures == len(seen) == error.attempts == 3
    assert seen[-1] is error


async def test_new_token_counts_as_an_attempt(serve, connect):
    emulator = await serve(faults=Faults([Fault(kind="token_error", first=1)]))
    side = connect(emulator)
    with voxsip.CallTrace() as trace:
        await side(info)
    assert trace.attempts == 2


async def test_attempts_of_a_look_up_are_told_of_and_not_counted(serve, connect):
    lost = Fault(kind="lose_reply", command="CreateSipRegistration", first=1)
    down = Fault(kind="http", command="GetSipRegistrations", first=2)
    emulator = await serve(faults=Faults([lost, down]))
    side = connect(emulator)
    seen = []
    with voxsip.CallTrace(seen.append) as trace:
        await side(lambda client: client.sip_registrations.create(sip_username="a", proxy="p"))
    assert trace.failures == 1
    assert len(seen) == 3


async def test_tasks_do_not_see_each_others_calls(serve, connect):
    emulator = await serve(faults=Faults([Fault(kind="http", first=1, command=INFO)]))
    side = connect(emulator)

    async def traced(act):
        with voxsip.CallTrace() as trace:
            await side(act)
        return trace.attempts

    attempts = await asyncio.gather(
        traced(info),
        traced(lambda client: client.call("GetUsers")),
        traced(lambda c: c.call("GetRules", {"application_id": 1})),
    )
    assert attempts == [2, 1, 1]


async def test_ends_with_its_block(serve, connect):
    emulator = await serve(faults=Faults([Fault(kind="http", first=1)]))
    side = connect(emulator)
    with voxsip.CallTrace() as outer:
        with voxsip.CallTrace() as inner:
            pass
        await side(info)
    assert (outer.failures, inner.failures) == (1, 0)
