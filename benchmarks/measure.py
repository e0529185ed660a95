"""Rounds: every contender in turn, again and again, so that what disturbs one disturbs all."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

import attrs

from benchmarks.contenders import CONTENDERS
from benchmarks.stage import Process, Stage

Say = Callable[[str], None]


@attrs.frozen(kw_only=True)
class Sample:
    """What one contender did in one round.

    Attributes:
        calls: made, their replies read and checked.
        cpu: seconds, of all its threads and children.
        wall: seconds.
        memory: bytes, the most its process has had so far.
        responder_cpu: seconds the responder worked for it, warm-up included.
        served: requests the responder saw, warm-up included.
        connections: the connections that it opened meanwhile.
    """

    calls: float
    cpu: float
    wall: float
    memory: int
    responder_cpu: float
    served: int
    connections: int

    @property
    def cpu_per_call(self) -> float:
        return self.cpu / self.calls

    @property
    def wall_per_call(self) -> float:
        return self.wall / self.calls

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.wall

    @property
    def responder_busy(self) -> float:
        """Share of a core that the responder needed for the calls that count."""
        return self.responder_cpu / max(self.served, 1) * self.rate


Race = Mapping[str, Sequence[Sample]]
Measure = Callable[[Sample], float]


def race(
    stage: Stage, names: Sequence[str], *, rounds: int, seconds: float, say: Say, slow: bool = False
) -> Race:
    """Let contenders make calls in turn.

    Args:
        stage: the stage to race on.
        names: the names of the contenders.
        rounds: how often each one's turn comes.
        seconds: how long a turn is to take.
        say: shows progress.
        slow: use the server that takes its time.
    """
    with ExitStack() as stack:
        workers = {name: stage.worker(name, slow=slow) for name in names}
        for worker in workers.values():
            stack.callback(worker.close)
        calls = {
            name: _calibrate(name, worker, seconds, slow=slow) for name, worker in workers.items()
        }
        samples: dict[str, list[Sample]] = {name: [] for name in names}
        for number in range(rounds if names else 0):
            say(f"round {number + 1} of {rounds}")
            start = number * 5 % len(names)  # nobody is always after the same one
            for name in (*names[start:], *names[:start]):
                samples[name].append(_turn(stage, workers[name], name, calls[name]))
    return samples


def median(samples: Sequence[Sample], measure: Measure) -> float:
    """Return the middle of what was measured."""
    return statistics.median(map(measure, samples))


def paired(race: Race, one: str, other: str, measure: Measure) -> float:
    """Return the median of the rounds' ratios of one contender to another."""
    return statistics.median(
        measure(a) / measure(b) for a, b in zip(race[one], race[other], strict=True)
    )


def _calibrate(name: str, worker: Process, seconds: float, *, slow: bool) -> int:
    """Find out how many calls fill a turn."""
    entry = CONTENDERS[name]
    some = entry.warm_up or 2
    taken = worker.ask({"calls": some, "warm_up": entry.warm_up})
    enough = round(seconds * entry.turn * float(taken["calls"]) / float(taken["wall"]))
    return max(enough, entry.least, 1 if slow else some // 4)


def _turn(stage: Stage, worker: Process, name: str, calls: int) -> Sample:
    before = stage.responder.ask({})
    entry = CONTENDERS[name]
    taken = worker.ask({"calls": calls, "warm_up": entry.warm_up})
    after = stage.responder.ask({})
    served = after["served"] - before["served"]
    if served < taken["calls"]:
        raise RuntimeError(f"{name}: {taken['calls']} replies to {served} requests")
    return Sample(
        calls=taken["calls"],
        cpu=taken["cpu"],
        wall=taken["wall"],
        memory=int(taken["memory"]),
        responder_cpu=after["cpu"] - before["cpu"],
        served=served,
        connections=after["connections"] - before["connections"],
    )
