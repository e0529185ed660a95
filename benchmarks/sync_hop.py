"""What a blocking call costs beyond the awaited one: the way to the loop thread and back.

    python -m benchmarks.sync_hop

The coroutine does nothing, so all that is measured is the hop. Rounds of both are interleaved; medians are printed,
wall time and CPU time of the process, in microseconds a call.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

from voxsip._sync.loop_thread import LoopThread

ROUNDS = 15
CALLS = 1000
LOOPS = ("uvloop", "asyncio")


async def nothing() -> None:
    pass


async def await_many() -> None:
    for _ in range(CALLS):
        await nothing()


def block_many() -> None:
    run = LoopThread().run
    for _ in range(CALLS):
        run(nothing())


def clocked(work: Callable[[], None]) -> tuple[float, float]:
    """Return microseconds a call: wall, CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (
        (time.perf_counter() - wall) / CALLS * 1e6,
        (time.process_time() - cpu) / CALLS * 1e6,
    )


def measure(loop: str) -> None:
    """Print one line for a kind of loop."""
    if loop == "asyncio":
        sys.modules["uvloop"] = None  # type: ignore[assignment]  # as if not installed
    block_many()
    rounds = [
        (clocked(lambda: asyncio.run(await_many())), clocked(block_many)) for _ in range(ROUNDS)
    ]
    wall, cpu = (
        median(blocked[clock] - awaited[clock] for awaited, blocked in rounds) for clock in (0, 1)
    )
    kind = type(LoopThread().run(running_loop())).__module__
    print(f"{loop:8} {wall:6.1f} us wall {cpu:6.1f} us CPU   ({kind})")


async def running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1])
    else:
        for name in LOOPS:
            subprocess.run([sys.executable, "-m", "benchmarks.sync_hop", name], check=True)
