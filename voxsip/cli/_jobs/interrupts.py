"""Ctrl-C: once stops a job in order, twice at once; before and after a job, once is enough.

SIGTERM and SIGHUP ask for the same as Ctrl-C. One stop may arrive as several signals: `timeout` signals its child and
then the group, `uv run` and shells pass on what the terminal has sent already. Signals within a second are one.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from attrs import define

from voxsip.cli._connection import run
from voxsip.cli._exit_codes import CommandError, Exit
from voxsip.cli._terminal.streams import give_up_output

SAME_STOP = 1.0
"""Seconds after a signal in which others belong to the same stop."""


def stop_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that ask a command to end; under nohup, SIGHUP is none."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signals.append(signal.SIGHUP)
    return tuple(signals)


@define
class Interrupts:
    """What the next signal does: call `first`, once, or else cancel the task.

    Attributes:
        over: all is done but saying so; signals come too late to change anything.
        taken: the clock's time at which the last stop began; None before the first.
    """

    _task: asyncio.Task[object] | None
    first: Callable[[], None] | None = None
    over: bool = False
    taken: float | None = None
    _clock: Callable[[], float] = time.monotonic

    def __call__(self) -> None:
        """Take a signal."""
        if self._is_same_stop():
            return
        if self.over:
            give_up_output()
            return
        first, self.first = self.first, None
        if first is not None:
            first()
        elif self._task is not None:
            self._task.cancel()

    def late(self, *_: object) -> None:
        """Take a signal once all is over: nothing but waiting for a reader can be ended."""
        if not self._is_same_stop():
            give_up_output()

    def _is_same_stop(self) -> bool:
        now = self._clock()
        if self.taken is not None and now - self.taken < SAME_STOP:
            return True
        self.taken = now
        return False


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take the signals from here on, in place of the loop's own handlers."""
    loop = asyncio.get_running_loop()
    taken = Interrupts(asyncio.current_task())
    signals = stop_signals()
    stack = contextlib.ExitStack()
    try:
        for number in signals:
            with contextlib.suppress(NotImplementedError):  # Windows: asyncio cancels the task
                loop.add_signal_handler(number, taken)
                stack.callback(loop.remove_signal_handler, number)
        yield taken
    finally:
        with _blocked(signals):  # between two handlers a signal would kill
            stack.close()
            if taken.over or taken.taken is not None:  # the rest of the same stop may be on its way
                for number in signals:
                    signal.signal(number, taken.late)


def run_interruptible(
    main: Callable[[Interrupts], Coroutine[Any, Any, Exit]], cut_off: Callable[[], str]
) -> Exit:
    """Run a command that takes the signals itself; return its exit code.

    Args:
        cut_off: a function that returns the message for a job that is cut off.

    Raises:
        CommandError: it was cut off.
    """

    async def interruptible() -> Exit:
        with interrupts() as signals:
            return await main(signals)

    try:
        return run(interruptible())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise CommandError(cut_off(), Exit.INTERRUPTED) from None


@contextlib.contextmanager
def _blocked(signals: tuple[signal.Signals, ...]) -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
