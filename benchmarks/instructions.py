"""Instructions per call: steadier than any clock, and indifferent to what else the machine does.

Counted in user space by the processor (`perf`) where it can be asked, else by valgrind's simulation. A contender makes few
calls, then more, and the difference counts: what a measurement costs itself is the same both times.
"""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.stage import Process, Stage


class Counter(ABC):
    """Counts what a process executes between two moments.

    Attributes:
        name: the name of the counting program.
        prefix: the words before the command of a counted process.
    """

    name: str
    prefix: tuple[str, ...] = ()

    def __init__(self, directory: Path) -> None:
        self.report = directory / "instructions"

    @abstractmethod
    def start(self, pid: int) -> None:
        """Begin to count."""

    @abstractmethod
    def stop(self, pid: int) -> int:
        """Stop; return the count."""


class Perf(Counter):
    """Asks the processor."""

    name = "perf"

    @staticmethod
    def works() -> bool:
        """Returns whether the processor counts here: virtual ones often do not."""
        if not shutil.which("perf"):
            return False
        command = ["perf", "stat", "-x,", "-e", "instructions:u", "true"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return bool(re.search(r"^\d+,", done.stderr, re.MULTILINE))

    def start(self, pid: int) -> None:
        command = ["perf", "stat", "-x,", "-e", "instructions:u", "-o", str(self.report)]
        self._perf = subprocess.Popen([*command, "-p", str(pid)])
        time.sleep(0.3)  # it does not say when it has begun; nothing runs until it has

    def stop(self, pid: int) -> int:  # noqa: ARG002 - it knows
        self._perf.send_signal(signal.SIGINT)
        self._perf.wait()
        return read_perf(self.report.read_text())


class Valgrind(Counter):
    """Simulates the processor, fifty times slower."""

    name = "valgrind"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.prefix = (
            *("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"),
            f"--callgrind-out-file={self.report}",
        )
        self._dumps = 0

    @staticmethod
    def works() -> bool:
        """Returns whether it is installed."""
        return bool(shutil.which("valgrind") and shutil.which("callgrind_control"))

    def start(self, pid: int) -> None:
        self._control("-i", "on", pid=pid)

    def stop(self, pid: int) -> int:
        self._control("-i", "off", pid=pid)
        self._control("--dump", pid=pid)
        self._dumps += 1
        return read_callgrind(Path(f"{self.report}.{self._dumps}").read_text())

    def _control(self, *what: str, pid: int) -> None:
        subprocess.run(["callgrind_control", *what, str(pid)], check=True, capture_output=True)


def find_counter() -> type[Counter] | None:
    """Return how instructions can be counted here, or None."""
    return next((kind for kind in (Perf, Valgrind) if kind.works()), None)


def instructions_per_call(stage: Stage, name: str, kind: type[Counter]) -> float:
    """Count what one call of a contender takes."""
    entry = CONTENDERS[name]
    with tempfile.TemporaryDirectory() as directory:
        counter = kind(Path(directory))
        arguments = stage.worker_arguments(name, pinned=False)  # two are counted at a time
        worker = Process("benchmarks.worker", *arguments, prefix=counter.prefix, hash_seed="0")
        with closing(worker):
            worker.ask({"calls": 1, "warm_up": entry.warm_up})
            counts = []
            for calls in entry.counted:
                counter.start(worker.pid)
                worker.ask({"calls": calls, "warm_up": 0})
                counts.append(counter.stop(worker.pid))
    few, more = entry.counted
    return (counts[1] - counts[0]) / (more - few)


def read_perf(report: str) -> int:
    """Read `perf stat -x,`: the number is the first field of the event's line."""
    line = next(line for line in report.splitlines() if "instructions" in line)
    return int(line.split(",")[0])


def read_callgrind(report: str) -> int:
    """Read the sum of a callgrind profile."""
    found = re.search(r"^totals: (\d+)", report, re.MULTILINE)
    if found is None:
        raise ValueError("no sum in callgrind's output")
    return int(found[1])
