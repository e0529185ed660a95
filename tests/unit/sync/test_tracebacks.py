"""Passwords stay out of tracebacks that print locals, whichever way a call ends; the caller's own frames stay in."""

import signal
import threading
import traceback

import pytest

import voxsip
from voxsip._sync.loop_thread import LoopThread
from voxsip.emulator import Fault, Faults

MARK = "a-password-to-be-found"


def printed(error):
    """Return all that a program shows of an exception which prints locals."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format()) + repr(error) + repr(error.__dict__)


def create(client, **options):
    client.sip_registrations.create(sip_username="a", proxy="b", password=MARK, **options)


def update(client, **options):
    client.sip_registrations.update(sip_registration_id=1, password=MARK, **options)


def call(client, **options):
    client.call(
        "CreateSipRegistration",
        {"sip_username": "a", "proxy": "b", "password": MARK},
        **options,
    )


secretive = pytest.mark.parametrize("use", [create, update, call])


def check(error, use):
    text = printed(error)
    assert MARK not in text
    assert f"in {use.__name__}\n" in text  # where the caller called


@secretive
def test_a_refusal(client, emulator, use):
    emulator.faults = Faults([Fault(kind="error", code=127)])
    with pytest.raises(voxsip.InsufficientFundsError) as caught:
        use(client)
    check(caught.value, use)


@secretive
def test_a_reply_that_makes_no_sense(client, emulator, use):
    emulator.faults = Faults([Fault(kind="not_json", body=f"<html>{MARK}</html>")])
    with pytest.raises(voxsip.VoxsipError) as caught:
        use(client.with_options(retry=voxsip.RetryPolicy(attempts=1)))
    check(caught.value, use)


@secretive
def test_a_lost_reply_and_a_deadline(client, watch, use):
    watch.hold("CreateSipRegistration", "UpdateSipRegistration")
    with pytest.raises(voxsip.TransportError, match="deadline") as caught:
        use(client, deadline=0.05)
    check(caught.value, use)


@secretive
def test_a_server_that_is_not_there(emulator, use):
    client = voxsip.Client(
        emulator.credentials,
        base_url="http://127.0.0.1:1/platform_api",
        retry=voxsip.RetryPolicy(attempts=2, backoff=0),
    )
    with pytest.raises(voxsip.NotSentError) as caught:
        use(client)
    check(caught.value, use)


@secretive
def test_a_wrong_argument(client, use):
    with pytest.raises((voxsip.InvalidArgumentError, TypeError)) as caught:
        use(client, deadline="soon")
    check(caught.value, use)


@secretive
def test_ctrl_c(client, watch, use, caplog):
    watch.hold("CreateSipRegistration", "UpdateSipRegistration")

    def interrupt():
        watch.wait()
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        use(client)
    thread.join()
    check(caught.value, use)
    assert MARK not in caplog.text


@secretive
def test_its_own_loop(client, use):
    async def inside():
        with pytest.raises(RuntimeError) as caught:
            use(client)
        return caught.value

    check(LoopThread().run(inside()), use)


@secretive
def test_what_the_caller_was_handling_keeps_its_traceback(client, emulator, use):
    def work():
        raise LookupError("the caller's own")

    def work_and_report():
        try:
            work()
        except LookupError:
            with pytest.raises(voxsip.InsufficientFundsError):
                use(client)
            raise

    emulator.faults = Faults([Fault(kind="error", code=127)])
    with pytest.raises(LookupError) as caught:
        work_and_report()
    assert "in work\n" in printed(caught.value)


async def test_and_so_it_does_for_async_callers(emulator):
    def work():
        raise LookupError("the caller's own")

    async def work_and_report(client):
        try:
            work()
        except LookupError:
            with pytest.raises(voxsip.NotFoundError):
                await client.sip_registrations.update(sip_registration_id=1000, password=MARK)
            with pytest.raises(voxsip.NotFoundError):
                await client.call("BindSipRegistration", {"sip_registration_id": 1000})
            raise

    async with voxsip.AsyncClient(emulator.credentials, base_url=emulator.base_url) as client:
        with pytest.raises(LookupError) as caught:
            await work_and_report(client)
    assert "in work\n" in printed(caught.value)


@pytest.mark.parametrize(
    "wrong", [{"encoding": "smoke"}, {"session": "s"}, {"max_connections": 0}, {"rate_limit": -1}]
)
def test_a_client_that_cannot_be_made(wrong):
    with pytest.raises((voxsip.ConfigurationError, TypeError)) as caught:
        voxsip.Client(token=MARK, **wrong)
    assert MARK not in printed(caught.value)


def test_a_list_shows_where_it_was_read(client, emulator):
    emulator.faults = Faults([Fault(kind="token_error", code=100)])
    with pytest.raises(voxsip.AuthorizationError) as caught:
        list(client.sip_registrations.list())
    text = printed(caught.value)
    assert "test_a_list_shows_where_it_was_read" in text
    assert "Bearer" not in text
    assert client.bearer() not in text
