"""The measurements beside the race: listing, importing, our own code, memory, the demo."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import command_line, imports
from benchmarks.stage import Process, Stage
from benchmarks.targets import MIB


def listing(stage: Stage, rounds: int) -> dict[str, float]:
    """List 10,000 registrations; say what that costs beyond decoding them."""
    taken = _listen("benchmarks.listing", str(stage.path), str(rounds), stage.core)
    return {
        "ratio": statistics.median(t["cpu"] / t["alone"] for t in taken),
        "cpu_ms": statistics.median(t["cpu"] for t in taken) * 1e3,
        "decoding_ms": statistics.median(t["alone"] for t in taken) * 1e3,
        "wall_ms": statistics.median(t["wall"] for t in taken) * 1e3,
    }


def own(stage: Stage, rounds: int) -> dict[str, float]:
    """Time our own code alone."""
    taken = _listen("benchmarks.own", str(rounds), stage.core)
    return {
        "bind_us": statistics.median(t["bind"] for t in taken) * 1e6,
        "retry_us": statistics.median(t["with_retry"] - t["without"] for t in taken) * 1e6,
    }


def command(stage: Stage, rounds: int) -> dict[str, float]:
    """Run jobs through the command line and through the library."""
    return command_line.measure(stage, rounds)


def vendor(stage: Stage, rounds: int) -> dict[str, float]:
    """Take a call of the vendor's client apart."""
    taken = _listen("benchmarks.vendor", str(stage.path), str(rounds), stage.core)
    rest = statistics.median(t["call"] - t["token"] - t["trust"] for t in taken)
    return {
        "call_ms": statistics.median(t["call"] for t in taken) * 1e3,
        "token_ms": statistics.median(t["token"] for t in taken) * 1e3,
        "trust_ms": statistics.median(t["trust"] for t in taken) * 1e3,
        "rest_ms": rest * 1e3,
    }


def importing(rounds: int) -> dict[str, float]:
    """Time `import voxsip` beyond what it builds on."""
    taken = imports.measure(rounds)
    return {
        "beyond_ms": statistics.median(beyond for _, beyond in taken) * 1e3,
        "libraries_ms": statistics.median(base for base, _ in taken) * 1e3,
    }


def growth(stage: Stage, rows: int) -> dict[str, dict[str, float]]:
    """Run a job without a journal and one with, side by side: memory is what counts here, not time."""
    journal = str(Path(stage.scene.directory) / "growth.sqlite")
    running = {
        "growth": Process("benchmarks.growth", str(rows)),
        "growth_journal": Process("benchmarks.growth", str(rows), journal),
    }
    found = {}
    for name, process in running.items():
        taken = process.listen()
        process.close()
        found[name] = {
            "rows": taken["rows"],
            "growth_mib": max(0, taken["end"] - taken["early"]) / MIB,
            "above_mib": (max(taken["most"], taken["early"]) - taken["idle"]) / MIB,
            "idle_mib": taken["idle"] / MIB,
        }
    return found


def demo(rows: int, cores: Sequence[str]) -> dict[str, float | None]:
    """Bind against the emulator, as `voxsip demo` does."""
    found: dict[str, float | None] = _listen("benchmarks.demo", str(rows), *cores)
    return found


def _listen(*arguments: str) -> Any:
    process = Process(*arguments)
    try:
        return process.listen()
    finally:
        process.close()
