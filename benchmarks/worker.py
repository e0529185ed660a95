"""A process of its own for one contender: it makes calls when told to, and says what they cost.

One JSON line in, `{"calls": n, "warm_up": m}`; one out. `python -m benchmarks.worker SCENE CONTENDER [CORE]`
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.contenders._base import Contender, WrongReplyError
from benchmarks.cores import pin
from benchmarks.memory import peak
from benchmarks.scene import Scene


def measure(contender: Contender, calls: int) -> dict[str, float]:
    """Make the calls and return what they cost: CPU of all threads and children, and wall time, in seconds."""
    gc.collect()
    cpu, wall = _cpu(), time.perf_counter()
    good = contender.run(calls)
    wall, cpu = time.perf_counter() - wall, _cpu() - cpu
    if good != calls and (contender.exact or not good):
        raise WrongReplyError(f"{good} of {calls} calls worked")
    return {"calls": good, "cpu": cpu, "wall": wall, "memory": peak()}


def main() -> None:
    path, name, *core = sys.argv[1:]
    pin(*core)
    contender = CONTENDERS[name].make(Scene.load(Path(path)))
    for line in sys.stdin:
        order = json.loads(line)
        if order["warm_up"]:
            contender.run(order["warm_up"])
        print(json.dumps(measure(contender, order["calls"])), flush=True)
    contender.close()


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
