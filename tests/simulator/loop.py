"""An event loop without sockets: idle, it lets the world's time pass; at a chosen step its process dies or sleeps."""

import asyncio
import contextvars
import math
from contextlib import suppress

MOST_CLOSINGS = 20


class CrashError(BaseException):
    """The process is killed here."""


class StuckError(AssertionError):
    """Everything waits and nothing will ever happen."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs one life of a client.

    Args:
        world: Whose time passes.
        process: Whose monotonic clock the timers follow.
        crash_at: Step at which the process is killed, or None.
        on_crash: Called there instead of killing it.
        suspend_at: Step at which the machine sleeps, or None.
        suspend_for: Seconds it sleeps.
    """

    def __init__(
        self, world, process, *, crash_at=None, on_crash=None, suspend_at=None, suspend_for=0.0
    ):
        super().__init__()
        self._world = world
        self._process = process
        self._crash_at = crash_at
        self._on_crash = on_crash
        self._suspend_at = suspend_at
        self._suspend_for = suspend_for
        self._clock_resolution = 1e-9
        self._selector = self
        self.steps = 0
        self._buried = False
        self.failures = []
        self.set_exception_handler(lambda _, context: self.failures.append(context))

    def time(self):
        return self._process.monotonic()

    def _process_events(self, event_list):
        """There are no sockets."""

    def _write_to_self(self):
        """There is nobody to wake."""

    def select(self, timeout):
        """Let time pass until a timer of this loop or an event of the world, whichever comes first."""
        self.steps += 1
        if self.steps == self._crash_at:
            if self._on_crash is None:
                raise CrashError
            self._on_crash()
            return ()
        if self.steps == self._suspend_at:
            self._process.suspend(self._suspend_for)
        if timeout is not None and timeout <= 0:
            return ()
        world = self._world
        upcoming = world.next_event
        if timeout is None:
            if upcoming is None:
                raise StuckError("everything waits, and nothing is going to happen")
            world.step()
            return ()
        due = world.now + timeout
        if upcoming is not None and upcoming <= due:
            world.step()
        else:
            world.run_until(math.nextafter(due, math.inf))  # a timer never rings early
        return ()

    def _asyncgen_finalizer_hook(self, agen):
        """Close a generator: where it stands, if there is no loop any more that would."""
        if not self._buried:
            super()._asyncgen_finalizer_hook(agen)
            return
        self._asyncgens.discard(agen)
        closing = agen.aclose()
        with suppress(BaseException):
            closing.send(None)
        with suppress(BaseException):
            closing.close()

    def bury(self):
        """Close what a killed process leaves: every coroutine in its own context, without letting it run on."""
        self._buried = True
        asyncio._set_running_loop(self)
        try:
            for task in asyncio.all_tasks(self):
                task._log_destroy_pending = False
                _close(task)
            for generator in list(self._asyncgens):
                self._asyncgen_finalizer_hook(generator)
        finally:
            asyncio._set_running_loop(None)
        self._ready.clear()
        self._scheduled.clear()
        self._selector = None
        with suppress(BaseException):
            self.close()

    def close(self):
        self._closed = True


def _close(task):
    """Close a task's coroutine; one that awaits in its `finally` is closed again where it waits next."""
    coroutine = task.get_coro()
    context = getattr(task, "get_context", contextvars.copy_context)()  # from 3.12 on: its own
    for _ in range(MOST_CLOSINGS):
        with suppress(BaseException):
            context.run(coroutine.close)
        if coroutine.cr_frame is None:
            return
