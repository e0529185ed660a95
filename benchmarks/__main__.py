"""`python -m benchmarks`: every contender, every target. Under ten minutes; with `--quick` under one.

Nothing here fails on a number: what misses a target says so and by how much.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs

from benchmarks import parts
from benchmarks.contenders import CONTENDERS
from benchmarks.instructions import Counter, find_counter, instructions_per_call
from benchmarks.machine import describe
from benchmarks.measure import race
from benchmarks.publish import publish
from benchmarks.report import Run, as_json, as_text
from benchmarks.responder import LATENCY
from benchmarks.stage import Stage, staged
from benchmarks.targets import Findings

CONCURRENCY = 64
COUNTED = (
    *("bulk", "bulk-uvloop", "bulk-journal-uvloop", "bulk-sync"),
    *("voxsip", "aiohttp-tuned", "aiohttp", "aiohttp-workers", "bare"),
    *("voxsip-otel-uvloop", "voxsip-otel-sampled-uvloop", "bare-otel-uvloop"),
    "voxsip-hook-uvloop",
    *("voxsip-uvloop", "aiohttp-tuned-uvloop", "aiohttp-uvloop", "bare-uvloop"),
)
"""Contenders whose instructions are counted, the longest first."""
SLOW = ("voxsip", "aiohttp-tuned", "aiohttp", "bulk", "vendor", "vendor-threads")
QUICK_SLOW = ("voxsip", "aiohttp-tuned", "vendor")


@attrs.frozen(kw_only=True)
class Size:
    """How much is done.

    Attributes:
        rounds: turns of every contender.
        seconds: the length of a turn.
        slow_rounds: turns of every contender against the server that takes its time.
        slow_seconds: the length of such a turn.
        few: rounds of the small measurements.
        rows: the rows of the jobs whose memory is watched.
        demo: rows of the demo; 0 for none.
    """

    rounds: int
    seconds: float
    slow_rounds: int
    slow_seconds: float
    few: int
    rows: int
    demo: int


FULL = Size(
    rounds=7, seconds=0.4, slow_rounds=7, slow_seconds=1.0, few=9, rows=1_000_000, demo=10_000
)
QUICK = Size(rounds=3, seconds=0.1, slow_rounds=2, slow_seconds=1.0, few=3, rows=50_000, demo=0)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _read(arguments)
    begun = time.monotonic()
    size = QUICK if options.quick else FULL

    def say(what: str) -> None:
        print(f"[{time.monotonic() - begun:4.0f} s] {what}", file=sys.stderr, flush=True)

    machine = describe()
    names, skipped = _choose(options.contenders, quick=options.quick)
    with staged(concurrency=CONCURRENCY) as stage:
        say(f"{len(names)} contenders, {size.rounds} rounds")
        fast = race(stage, names, rounds=size.rounds, seconds=size.seconds, say=say)
        say("the server that takes 50 ms")
        distant = [n for n in (QUICK_SLOW if options.quick else SLOW) if n in names]
        slow = race(
            stage,
            distant,
            rounds=size.slow_rounds,
            seconds=size.slow_seconds,
            say=say,
            slow=True,
        )
        others = {} if options.contenders else _others(stage, size, say)
        counter = None if options.quick and not options.instructions else find_counter()
        counted: Mapping[str, float] = {}
        if counter is not None:
            say(f"instructions, by {counter.name}")
            with ThreadPoolExecutor(2) as pool:  # counts do not mind company
                chosen = [name for name in COUNTED if name in names]
                found = pool.map(lambda n: _count(stage, n, counter, say), chosen)
                counted = {n: count for n, count in zip(chosen, found, strict=True) if count}
    run = Run(
        machine=machine,
        options={"quick": options.quick, **attrs.asdict(size)},
        findings=Findings(
            race=fast,
            slow=slow,
            instructions=counted,
            counter=counter.name if counter else None,
            parts=others,
            concurrency=CONCURRENCY,
            latency=LATENCY,
        ),
        skipped=skipped,
    )
    say("done")
    print(as_text(run))
    if options.json:
        options.json.write_text(json.dumps(as_json(run), indent=1) + "\n")
    if options.publish:
        publish(run)
    return 0


def _count(stage: Stage, name: str, counter: type[Counter], say: Any) -> float | None:
    """Count a contender's instructions; one that cannot be counted does not end the run."""
    try:
        return instructions_per_call(stage, name, counter)
    except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as error:
        say(f"{name} was not counted: {type(error).__name__}")
        return None


def _others(stage: Stage, size: Size, say: Any) -> dict[str, Any]:
    say("listing, importing, our own code")
    found: dict[str, Any] = {
        "listing": parts.listing(stage, size.few),
        "imports": parts.importing(size.few),
        "own": parts.own(stage, size.few),
    }
    if CONTENDERS["vendor"].missing is None:
        found["vendor"] = parts.vendor(stage, size.few)
    if size.demo:
        say("the command line")
        found["command_line"] = parts.command(stage, size.few // 2)
        say("the demo")
        found["demo"] = parts.demo(size.demo, stage.cores)
    say(f"memory over {size.rows:,} rows")
    return found | parts.growth(stage, size.rows)


def _choose(wanted: Sequence[str] | None, *, quick: bool) -> tuple[list[str], dict[str, str]]:
    """Return the contenders that take part, and why others do not."""
    chosen = wanted or [name for name, entry in CONTENDERS.items() if entry.quick or not quick]
    missing = {name: CONTENDERS[name].missing for name in chosen}
    skipped = {name: f"{lack} is not installed" for name, lack in missing.items() if lack}
    return [name for name in chosen if name not in skipped], skipped


def _read(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small, in under a minute")
    parser.add_argument(
        "--contenders",
        type=lambda text: text.split(","),
        help=f"only these, by comma, and nothing else: {', '.join(CONTENDERS)}",
    )
    parser.add_argument(
        "--instructions", action="store_true", help="count instructions in a quick run as well"
    )
    parser.add_argument("--json", type=Path, help="write everything measured to this file")
    parser.add_argument(
        "--publish", action="store_true", help="write RESULTS.md, results.json and the plot"
    )
    options = parser.parse_args(arguments)
    if unknown := set(options.contenders or ()) - CONTENDERS.keys():
        parser.error(f"no such contender: {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
