"""The end of the interpreter with a client that nobody closed: quick, silent, with the right exit code."""

import atexit
import os
import sys
import threading

import pytest

import voxsip
from tests.support.in_child import say, without_uvloop
from tests.support.loops import LOOPS

THREADS_START_LATE = pytest.mark.skipif(
    (3, 12) <= sys.version_info < (3, 12, 2),
    reason="this Python starts no thread after the main one",
)


@LOOPS
@pytest.mark.parametrize("tls", [True], ids=["https"])
def test_without_close(run, tls, loop):
    def program(client, loop):
        if loop == "asyncio":
            without_uvloop()
        assert client.accounts.get_account_info().result.account_id == 1
        globals()["kept"] = client
        next(iter(client.sip_registrations.list(count=5)))

    run(program, loop=loop)


@LOOPS
@pytest.mark.parametrize("early", [True, pytest.param(False, marks=THREADS_START_LATE)])
def test_names_are_resolved_to_the_end(run, loop, early):
    """Resolvers work in threads of an executor, which takes no work once the main thread has ended."""

    def program(client, loop, early):
        if loop == "asyncio":
            without_uvloop()
        url = os.environ["VOXIMPLANT_BASE_URL"].replace("127.0.0.1", "localhost")
        main = threading.current_thread()

        def call():
            say(voxsip.Client(base_url=url).accounts.get_account_info().result.account_id)

        def call_late():
            main.join()
            call()

        if early:
            call()
        atexit.register(call)
        threading.Thread(target=call_late).start()

    assert run(program, loop=loop, early=early) == ["1"] * (2 + early)


def test_sys_exit(run):
    def program(client):
        client.accounts.get_account_info()
        sys.exit(3)

    run(program, code=3)


def test_an_exception_that_nobody_caught(start):
    def program(client):
        client.sip_registrations.bind(sip_registration_id=1000, application_id=1)

    running = start(program)
    running.finish(code=1, error=None)
    assert running.errors.startswith("Traceback")
    assert "voxsip._errors.NotFoundError: BindSipRegistration: " in running.errors.splitlines()[-1]


@LOOPS
def test_while_daemon_threads_are_in_a_call(start, watch, loop):
    def program(client, loop):
        if loop == "asyncio":
            without_uvloop()

        def forever():
            while True:
                client.users.list(application_id=1).first_page()

        for _ in range(3):
            threading.Thread(target=forever, daemon=True).start()
        assert client.accounts.get_account_info().result.account_id == 1
        sys.stdin.readline()

    watch.hold("GetUsers")
    running = start(program, loop=loop)
    watch.wait(3)
    running.tell()
    running.finish()


def test_a_purchase_in_flight_is_reported(start, watch):
    def program(client):
        def create():
            client.sip_registrations.create(sip_username="a", proxy="b", password="c")

        threading.Thread(target=create, daemon=True).start()
        sys.stdin.readline()

    watch.hold("CreateSipRegistration")
    running = start(program)
    watch.wait()
    running.tell()
    running.finish(error=None)
    [line] = running.errors.splitlines()
    assert "outcome is unknown" in line


@THREADS_START_LATE
def test_other_threads_continue_to_their_end(start, watch):
    def program(client):
        def count():
            say(len(client.users.list(application_id=1).first_page()))
            say(len(list(client.sip_registrations.list())))

        threading.Thread(target=count).start()

    watch.pause("GetUsers")
    running = start(program)
    watch.wait()
    watch.resume()
    assert running.finish() == ["4", "20"]


def test_exit_handlers_may_call(run):
    def program(client):
        def at_exit():
            say(client.accounts.get_account_info().result.account_id)
            client.close()
            say(len(list(client.sip_registrations.list())))

        atexit.register(at_exit)
        client.accounts.get_account_info()

    assert run(program) == ["1", "20"]


def test_exit_handlers_may_make_the_first_call_where_threads_may_still_start(run):
    def program(client):
        def at_exit():
            try:
                say(client.accounts.get_account_info().result.account_id)
            except RuntimeError as error:
                say(error)

        atexit.register(at_exit)

    assert run(program)[0] in {"1", "can't create new thread at interpreter shutdown"}


def test_exit_handlers_that_come_after_ours_are_refused_in_words(run):
    def program(client):
        client.accounts.get_account_info()
        atexit._run_exitfuncs()  # from here on as in a handler registered before voxsip was imported
        try:
            client.accounts.get_account_info()
        except RuntimeError as error:
            say(error)
        client.close()

    [line] = run(program)
    assert "the interpreter is ending" in line
