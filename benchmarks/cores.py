"""Which core runs what: the contenders on one, the responder on the other, where a process may choose."""

from __future__ import annotations

import os


def choose() -> tuple[str, ...]:
    """Return the core of the contenders and the responder's, as arguments; none where there is no choice."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    cores = sorted(os.sched_getaffinity(0))
    return (str(cores[0]), str(cores[-1])) if len(cores) > 1 else ()


def pin(core: str = "") -> None:
    """Keep this process, and those it will start, on one core; without a name, on none in particular."""
    if core:
        os.sched_setaffinity(0, {int(core)})
