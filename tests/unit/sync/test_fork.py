"""After a fork: the child works on a thread and connections of its own, the parent's are not touched."""

import gc
import multiprocessing
import os
import sys
import threading

import pytest

import voxsip
from tests.support.in_child import (
    bind_nothing,
    count_registrations,
    hear,
    leftovers,
    loop_threads,
    say,
    wait_for_child,
    without_uvloop,
)
from tests.support.loops import LOOPS
from voxsip._sync import loop_thread
from voxsip._sync.loop_thread import LoopThread

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
TLS = pytest.mark.parametrize(
    "tls", [True], ids=["https"]
)  # where a close says goodbye to the server


@LOOPS
@TLS
def test_idle(run, watch, tls, loop):
    def program(client, loop):
        if loop == "asyncio":
            without_uvloop()

        def works():
            return client.accounts.get_account_info().result.account_id == 1

        def child(use):
            pid = os.fork()
            if pid:
                code = wait_for_child(pid)
                assert works()
                return code
            use()
            sys.exit(7)

        def call():
            assert not loop_threads()
            assert works()
            assert len(loop_threads()) == 1

        def close():
            client.close()
            assert not loop_threads()

        def drop():
            nonlocal client
            del client
            gc.collect()

        def leave():
            call()
            os._exit(7)

        def fork_again():
            assert child(call) == 7

        assert works()
        for use in (call, close, drop, os.getpid, leave, fork_again):
            assert child(use) == 7, use
        assert len(loop_threads()) == 1

    run(program, loop=loop)
    # one of the parent's, kept to its end; one for each process that called
    assert watch.seen["connect"] == 1 + 1 + 1 + 2


@LOOPS
@TLS
def test_while_calls_are_in_flight(start, watch, tls, loop):
    def program(client, loop):
        if loop == "asyncio":
            without_uvloop()
        counts = []

        def count():
            counts.append(len(client.users.list(application_id=1).first_page()))

        client.accounts.get_account_info()
        threads = [threading.Thread(target=count) for _ in range(5)]
        for thread in threads:
            thread.start()
        hear()
        pid = os.fork()
        if not pid:
            say("child")
            assert not leftovers()
            client.close()
            assert client.accounts.get_account_info().result.account_id == 1
            assert client.sip_registrations.create(
                sip_username="a", proxy="b", password="c"
            ).sip_registration_id
            del client
            gc.collect()
            sys.exit(7)
        assert wait_for_child(pid) == 7
        for thread in threads:
            thread.join()
        assert counts == [4] * 5
        assert client.accounts.get_account_info().result.account_id == 1

    watch.pause("GetUsers")
    running = start(program, loop=loop)
    watch.wait()
    running.tell()
    assert running.hear() == "child"
    watch.resume()
    assert running.finish() == []
    assert watch.seen["connect"] <= 5 + 2  # the child has its own, and so has its purchase
    assert watch.seen["GetUsers"] == 5


def test_while_another_thread_holds_the_lock_that_starts_the_loop(run):
    def program(client):
        reached, go_on = threading.Event(), threading.Event()
        new_loop = loop_thread.new_loop

        def slow_new_loop():
            reached.set()
            go_on.wait()
            return new_loop()

        loop_thread.new_loop = slow_new_loop
        thread = threading.Thread(target=client.accounts.get_account_info)
        thread.start()
        reached.wait()
        pid = os.fork()
        if not pid:
            go_on.set()
            assert client.accounts.get_account_info().result.account_id == 1
            sys.exit(7)
        assert wait_for_child(pid) == 7
        go_on.set()
        thread.join()
        assert client.accounts.get_account_info().result.account_id == 1

    run(program)


def test_while_another_thread_imports_for_its_first_call(run):
    def program(client):
        reached, go_on = threading.Event(), threading.Event()

        class Slow:
            def find_spec(self, name, *_):
                if name == "voxsip._protocol.converter":
                    reached.set()
                    go_on.wait(10)

        sys.meta_path.insert(0, Slow())
        thread = threading.Thread(target=client.accounts.get_account_info)
        thread.start()
        reached.wait()
        threading.Timer(0.2, go_on.set).start()  # while the fork waits for the import
        pid = os.fork()
        if not pid:
            assert client.accounts.get_account_info().result.account_id == 1
            os._exit(7)
        assert wait_for_child(pid) == 7
        thread.join()

    run(program)


def test_while_a_create_of_the_same_registration_is_in_flight(start, watch):
    def program(client):
        def create():
            return client.sip_registrations.create(
                sip_username="a", proxy="b", password="c"
            ).sip_registration_id

        ids = []
        thread = threading.Thread(target=lambda: ids.append(create()))
        thread.start()
        hear()
        pid = os.fork()
        if not pid:
            say("child")
            assert create() == 22
            sys.exit(7)
        assert wait_for_child(pid) == 7
        thread.join()
        assert ids == [21]

    watch.pause("CreateSipRegistration")
    running = start(program)
    watch.wait()
    running.tell()
    assert running.hear() == "child"
    watch.resume()
    assert running.finish() == []


def test_before_the_first_call(run, watch):
    def program(client):
        pid = os.fork()
        if not pid:
            client.close()
            client.accounts.get_account_info()
            sys.exit(7)
        assert wait_for_child(pid) == 7
        assert not loop_threads()
        assert not LoopThread.is_alive()

    run(program)
    assert watch.seen["connect"] == 1


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(run, method):
    def program(client, method):
        assert client.accounts.get_account_info().result.account_id == 1
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.apply(count_registrations) == 20
            try:
                pool.apply(bind_nothing)
            except voxsip.NotFoundError as error:
                say(error.code, error.attempts)
            pool.close()
            pool.join()
        assert client.accounts.get_account_info().result.account_id == 1

    assert run(program, method=method) == ["275 1"]
