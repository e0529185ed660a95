"""Ctrl-C: once stops a job in order, twice at once; before and after a job, once is enough."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator

from attrs import define

# A service manager's SIGTERM asks for the same as a person's Ctrl-C.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@define
class Interrupts:
    """What the next signal does: it calls `first`, once, or cancels the task where there is none.

    Attributes:
        over: all is done but saying so; signals come too late to change anything.
    """

    _task: asyncio.Task[object] | None
    first: Callable[[], None] | None = None
    over: bool = False

    def __call__(self) -> None:
        """Take a signal."""
        if self.over:
            return
        first, self.first = self.first, None
        if first is not None:
            first()
        elif self._task is not None:
            self._task.cancel()


@contextlib.contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take the signals from here on; a handler of the loop's own would count one of them a second time."""
    loop = asyncio.get_running_loop()
    taken = Interrupts(asyncio.current_task())
    with contextlib.ExitStack() as stack:
        for number in _SIGNALS:
            with contextlib.suppress(NotImplementedError):  # Windows: asyncio cancels the task
                loop.add_signal_handler(number, taken)
                stack.callback(loop.remove_signal_handler, number)
        yield taken
    if taken.over:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
