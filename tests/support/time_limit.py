"""A test that does not end fails by its name, with the stacks of all threads and tasks, and costs no more than its limit.

pytest-timeout keeps the limits; this says what its signal does. Its own handler shows threads only, while what hangs here is
a coroutine, and its timer ends with the test's failure: a fixture that then waits for the same thing would wait forever.
"""

import asyncio
import gc
import inspect
import linecache
import os
import signal
import sys
import threading
import traceback

import pytest

LONG = 240
"""Seconds for tests that take seconds, and for those that start other programs."""
GRACE = 30
"""Seconds for the fixtures of a test that failed by its limit; then the process ends."""
DEEPEST = 12
"""Frames of a thread's stack that are shown, counted from the innermost."""

if hasattr(signal, "SIGALRM"):

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_set_timer(item, settings):
        def stop(number, frame):
            signal.signal(signal.SIGALRM, give_up)
            signal.setitimer(signal.ITIMER_REAL, GRACE)
            item.add_report_section("call", "stacks", stacks())
            pytest.fail(f"no end after {settings.timeout:g} s: {item.nodeid}")

        def give_up(number, frame):
            item.config.pluginmanager.getplugin("capturemanager").suspend_global_capture()
            text = f"\n{item.nodeid}: its fixtures do not end either\n{stacks()}\n"
            os.write(2, text.encode(errors="replace"))
            os._exit(1)

        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, settings.timeout)
        return True

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_timeout_cancel_timer(item):
        return True  # asked for as a test fails, too: what follows has a limit as well

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(item):
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)


def pytest_collection_modifyitems(config, items):
    """Give slow tests their time; `--timeout` on the command line wins, a test's own marker too."""
    if config.getoption("timeout", None) is None:
        for item in items:
            marks = {mark.name for mark in item.iter_markers()}
            if "timeout" not in marks and marks & {"slow", "once", "vendor"}:
                item.add_marker(pytest.mark.timeout(LONG))


def stacks():
    """Return where every thread and every task is."""
    parts = []
    for task in _tasks():
        parts.append(f"task {task.get_name()}:\n")
        parts += _awaits(task.get_coro()) or ["  (running)\n"]
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        parts.append(f"thread {names.get(ident, ident)}:\n")
        parts += traceback.format_stack(frame, DEEPEST)
    return "".join(parts)


def _tasks():
    loops = [one for one in gc.get_objects() if isinstance(one, asyncio.AbstractEventLoop)]
    return [task for loop in loops if not loop.is_closed() for task in asyncio.all_tasks(loop)]


def _awaits(waiting):
    """Return the lines a suspended coroutine stands at, down to what it waits for."""
    lines = []
    while waiting is not None:
        if type(waiting).__name__.startswith("async_generator_a"):  # asend, athrow
            waiting = next(filter(inspect.isasyncgen, gc.get_referents(waiting)), None)
        for kind, inner in (("cr", "cr_await"), ("gi", "gi_yieldfrom"), ("ag", "ag_await")):
            if (frame := getattr(waiting, f"{kind}_frame", None)) is not None:
                code = frame.f_code
                line = linecache.getline(code.co_filename, frame.f_lineno).strip()
                lines.append(
                    f'  File "{code.co_filename}", line {frame.f_lineno}, in {code.co_qualname}\n    {line}\n'
                )
                waiting = getattr(waiting, inner)
                break
        else:
            break
    return lines
