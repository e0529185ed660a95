"""Ctrl-C, and whatever else a signal handler raises: the call is cancelled, waited for, and the reason raised."""

import asyncio
import gc
import logging
import signal
import sys

import pytest

from tests.support.in_child import hear, leftovers, say, without_uvloop
from voxsip._sync.loop_thread import LoopThread


def test_ctrl_c_cancels_the_call_and_leaves_the_client_usable(start, watch):
    def program(client):
        class LateError(Exception):
            pass

        def alarm(number, frame):
            raise LateError

        for kind in (KeyboardInterrupt, LateError):
            try:
                client.users.list(application_id=1).first_page()
            except kind:
                assert not leftovers(), leftovers()
                assert client.accounts.get_account_info().result.account_id == 1
                signal.signal(signal.SIGINT, alarm)  # any handler's exception does the same
                say(kind.__name__)

    watch.hold("GetUsers")
    running = start(program)
    for name in ("KeyboardInterrupt", "LateError"):
        watch.wait()
        running.interrupt()
        assert running.hear() == name
    running.finish()


def test_an_uncaught_ctrl_c_ends_the_program_with_its_usual_traceback(start, watch):
    def program(client):
        client.users.list(application_id=1).first_page()

    watch.hold("GetUsers")
    running = start(program)
    watch.wait()
    running.interrupt()
    running.finish(code=-2, error=None)
    assert running.errors.startswith("Traceback")
    assert running.errors.endswith("\nKeyboardInterrupt\n")
    assert running.errors.count("Traceback") == 1, running.errors


def test_pressed_again_it_gets_out_of_a_cancellation_that_hangs(start):
    def program(client):
        async def stubborn():
            say("in flight")
            for turn in range(2):
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    say(f"ignored {turn}")  # the last one by the end of the interpreter

        try:
            LoopThread().run(stubborn())
        except KeyboardInterrupt:
            say("out", client.accounts.get_account_info().result.account_id)

    running = start(program)
    assert running.hear() == "in flight"
    running.interrupt()
    assert running.hear() == "ignored 0"
    running.interrupt()
    assert running.hear() == "out 1"
    assert running.finish() == ["ignored 1"]


def test_what_an_abandoned_call_raises_in_the_end_is_nobodys_business(start):
    def program(client):
        end = asyncio.Event()

        async def stubborn():
            say("in flight")
            try:
                await end.wait()
            except asyncio.CancelledError:
                say("not yet")
                await end.wait()
                raise LookupError from None

        async def finish():
            end.set()

        try:
            LoopThread().run(stubborn())
        except KeyboardInterrupt:
            LoopThread().run(finish())
            while leftovers():
                pass
            gc.collect()  # an exception that nobody asked for would be logged

    running = start(program)
    assert running.hear() == "in flight"
    running.interrupt()
    assert running.hear() == "not yet"
    running.interrupt()
    running.finish()


def test_ctrl_c_while_a_list_is_iterated(start, watch):
    def program(client):
        read = []
        try:
            for registration in client.sip_registrations.list(count=5):
                read.append(registration)
                if len(read) == 5:
                    say("first page read")
                    hear()
        except KeyboardInterrupt:
            say("interrupted after", len(read))
        say(len(list(client.sip_registrations.list(offset=5, count=15))))

    running = start(program)
    assert running.hear() == "first page read"
    watch.hold("GetSipRegistrations")
    running.tell()
    watch.wait()
    watch.hold()
    running.interrupt()
    assert running.finish() == ["interrupted after 5", "15"]


def test_ctrl_c_during_a_create_says_that_its_outcome_is_unknown(start, watch):
    def program(client):
        logging.disable()  # it is logged, too
        try:
            client.sip_registrations.create(sip_username="a", proxy="b", password="c")
        except KeyboardInterrupt as error:
            say(*error.__notes__)

    watch.hold("CreateSipRegistration")
    running = start(program)
    watch.wait()
    running.interrupt()
    [note] = running.finish()
    assert "outcome is unknown" in note


@pytest.mark.parametrize(("loop", "ending"), [("uvloop", "return"), ("asyncio", "raise")])
def test_ctrl_c_at_any_moment_of_a_call(run, loop, ending):
    """One call, interrupted at its first instruction, the same call at its second, and so on to its end."""

    def program(client, loop, ending):
        if loop == "asyncio":
            without_uvloop()

        async def body():
            await asyncio.sleep(0)
            if ending == "raise":
                raise LookupError

        class Interrupter:
            """Counts this thread's instructions from the call's first step on."""

            def __init__(self, number):
                self.left = number
                self.begun = False

            def __call__(self, frame, event, argument):
                self.begun = self.begun or frame.f_code.co_name == "_service_for_caller"
                module = frame.f_globals["__name__"]
                if module == "_weakrefset":  # its callbacks swallow what is raised
                    return None
                if module in {"traceback", "linecache"}:  # asyncio's debug mode, and a lot of it
                    return None
                frame.f_trace_opcodes = True
                if event in {"opcode", "line"} and self.begun:
                    self.left -= 1
                    if self.left < 0:
                        sys.settrace(None)
                        raise KeyboardInterrupt
                return self

        run = LoopThread().run
        run(asyncio.sleep(0))
        interrupts = 0
        while True:
            coroutine = body()
            sys.settrace(Interrupter(interrupts))
            try:
                run(coroutine)
            except KeyboardInterrupt:
                interrupts += 1
            except LookupError:
                break
            else:
                break
            finally:
                sys.settrace(None)
            assert coroutine.cr_frame is None, interrupts  # it has ended
        gc.collect()
        assert not leftovers(), leftovers()
        assert client.accounts.get_account_info().result.account_id == 1
        say(interrupts)

    [interrupts] = run(program, loop=loop, ending=ending)
    assert int(interrupts) > 20  # Python 3.12.1 tells lines only
