"""Where the CPU time of an awaited bind goes: `python -m benchmarks.where [CONTENDER] [SECONDS]`.

A timer looks a thousand times a CPU second at what is running, and counts it to the innermost layer it knows. What a layer
calls (yarl, multidict, attrs, orjson, locks) counts to the layer, C functions to the Python function that called them.
It works for asyncio's loop, which is Python; uvloop shows no such frames.
"""

from __future__ import annotations

import signal
import sys
from collections import Counter
from pathlib import PurePath
from types import FrameType

from benchmarks.contenders import CONTENDERS
from benchmarks.contenders._base import Contender
from benchmarks.cores import pin
from benchmarks.stage import staged

INTERVAL = 0.001
AREAS = ("voxsip", "aiohttp", "TLS", "event loop", "the caller", "elsewhere")
_TLS = ("asyncio/sslproto.py", "/ssl.py")
_LOOP = (
    *("asyncio/base_events.py", "asyncio/selector_events.py", "asyncio/events.py"),
    *("asyncio/unix_events.py", "asyncio/transports.py", "/selectors.py"),
)
Samples = Counter[tuple[str, str]]


def area_of(path: str) -> str | None:
    """Return the layer a file belongs to; None for what only works for layers."""
    text = PurePath(path).as_posix()
    if "/aiohttp/" in text:
        return "aiohttp"
    if "/voxsip/" in text and "/site-packages/" not in text.rpartition("/voxsip/")[2]:
        return "voxsip"
    if "/benchmarks/" in text:
        return "the caller"
    if text.endswith(_TLS):
        return "TLS"
    if text.endswith(_LOOP):
        return "event loop"
    return None


def sample(contender: Contender, calls: int) -> Samples:
    """Make calls and count, by layer and function, what was running whenever the timer looked."""
    samples: Samples = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        inner = frame
        while frame is not None:
            area = area_of(frame.f_code.co_filename)
            if area is not None:
                samples[area, _name(frame)] += 1
                return
            frame = frame.f_back
        samples["elsewhere", _name(inner)] += 1

    previous = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        contender.run(calls)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    return samples


def as_markdown(samples: Samples, most: int = 6) -> str:
    """Return a table of layers, each with the functions that take most of its time."""
    total = sum(samples.values())
    lines = ["| layer | share | most of it in |", "| --- | ---: | --- |"]
    for area in AREAS:
        of_area = Counter({name: n for (where, name), n in samples.items() if where == area})
        if of_area:
            top = ", ".join(f"`{name}` {n / total:.1%}" for name, n in of_area.most_common(most))
            lines.append(f"| {area} | {of_area.total() / total:.1%} | {top} |")
    return "\n".join(lines)


def _name(frame: FrameType | None) -> str:
    return "?" if frame is None else frame.f_code.co_qualname


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "voxsip"
    calls = int(float(sys.argv[2]) * 5_000) if len(sys.argv) > 2 else 40_000
    with staged(concurrency=64) as stage:
        pin(stage.core)
        contender = CONTENDERS[name].make(stage.scene)
        contender.run(1_000)
        samples = sample(contender, calls)
        contender.close()
    print(f"{sum(samples.values()):,} samples over {calls:,} calls\n")
    print(as_markdown(samples))


if __name__ == "__main__":
    main()
