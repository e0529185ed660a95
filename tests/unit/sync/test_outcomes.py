"""What comes of a call, in the caller's thread: results and errors, deadlines, context, traces."""

import asyncio
import contextvars
import pickle
import sys

import pytest

import voxsip
from tests.support.in_child import leftovers
from voxsip._sync.loop_thread import LoopThread
from voxsip.emulator import Fault, Faults


def test_errors_are_what_they_are_to_async_callers(client, emulator):
    with pytest.raises(voxsip.NotFoundError) as caught:
        client.sip_registrations.bind(sip_registration_id=1000, application_id=1)
    error = caught.value
    assert (error.code, error.command, error.attempts) == (275, "BindSipRegistration", 1)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own
    with pytest.raises(voxsip.InvalidArgumentError):
        client.sip_registrations.bind(application_id=1)
    with pytest.raises(voxsip.NotFoundError):
        client.call("BindSipRegistration", {"sip_registration_id": 1000, "application_id": 1})


def test_an_error_raised_twice_is_two_errors(client):
    def fail():
        with pytest.raises(voxsip.NotFoundError) as caught:
            client.sip_registrations.bind(sip_registration_id=1000, application_id=1)
        return caught.value

    assert fail() is not fail()


def test_a_deadline_cancels_what_it_ends(client, watch):
    watch.hold("GetUsers", "BindSipRegistration", "CreateSipRegistration")
    for call in (
        client.users.list(application_id=1, deadline=0.05).first_page,
        lambda: client.sip_registrations.bind(
            sip_registration_id=1, application_id=1, deadline=0.05
        ),
        lambda: client.call("GetUsers", {"application_id": 1}, deadline=0.05),
        client.with_options(deadline=0.05).users.list(application_id=1).first_page,
    ):
        with pytest.raises(voxsip.TransportError, match="deadline"):
            call()
        assert not leftovers()


def test_a_timeout_cancels_the_attempt(client, watch):
    watch.hold("GetUsers")
    client = client.with_options(timeout=0.05, retry=voxsip.RetryPolicy(attempts=2, backoff=0))
    with pytest.raises(voxsip.TransportError) as caught:
        client.users.list(application_id=1).first_page()
    assert caught.value.attempts == 2
    assert not leftovers()


def test_retries_are_traced_through_the_facade(client, emulator):
    emulator.faults = Faults([Fault(kind="error", code=340, first=2)])
    client = client.with_options(retry=voxsip.RetryPolicy(backoff=0))
    failed = []
    with voxsip.CallTrace(failed.append) as trace:
        client.sip_registrations.bind(sip_registration_id=1, application_id=1)
    assert trace.attempts == 3
    assert [type(error) for error in failed] == [voxsip.RateLimitError] * 2


def test_the_callers_context_is_seen_and_copied():
    variable = contextvars.ContextVar("variable")

    async def look():
        seen = variable.get()
        variable.set("changed on the loop thread")
        return seen

    variable.set("set by the caller")
    assert LoopThread().run(look()) == "set by the caller"
    assert variable.get() == "set by the caller"


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_ends_programs_reaches_the_caller_and_spares_the_loop(client, kind):
    async def end():
        raise kind("the end")

    for _ in range(2):
        with pytest.raises(kind, match="the end"):
            LoopThread().run(end())
    assert client.accounts.get_account_info().result.account_id == 1


def test_a_programs_end_by_a_trace(client, emulator):
    emulator.faults = Faults([Fault(kind="error", code=340)])
    with pytest.raises(SystemExit), voxsip.CallTrace(sys.exit):
        client.sip_registrations.bind(sip_registration_id=1, application_id=1)


def test_a_cancelled_coroutine_raises_what_it_is():
    async def give_up():
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        LoopThread().run(give_up())
