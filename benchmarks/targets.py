"""What voxsip set out to reach, and how far it is from that: ratios within one run."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from benchmarks.measure import Race, Sample, median, paired

LOOPS = {"asyncio": "", "uvloop": "-uvloop"}
MIB = 2**20


@attrs.frozen
class Target:
    """One promise.

    Attributes:
        what: the target in words.
        limit: the number to stay under, or to reach.
        value: the measured value.
        unit: the unit of both; empty for ratios.
        at_least: whether more is better.
        decides: False for the CPU time beside counted instructions, which are steadier and decide.
    """

    what: str
    limit: float
    value: float
    unit: str = ""
    at_least: bool = False
    decides: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def verdict(self) -> str:
        """Returns whether it was met, or by how much it was missed."""
        if not self.decides:
            return "(instructions decide)"
        if self.met:
            return "met"
        off = abs(self.value / self.limit - 1)
        return f"missed by {off:.0%}" if off >= 0.01 else f"missed by {off:.1%}"


@attrs.frozen(kw_only=True)
class Findings:
    """Everything a run has measured.

    Attributes:
        race: every contender against a server that answers at once.
        slow: some of them against one that takes 50 ms.
        instructions: per call, of those that were counted.
        counter: the name of the program that counted them, or None.
        parts: the other measurements, by name.
        concurrency: calls in flight.
        latency: the latency of the slow server, in seconds.
    """

    race: Race
    slow: Race
    instructions: Mapping[str, float]
    counter: str | None
    parts: Mapping[str, Any]
    concurrency: int
    latency: float


def cpu(sample: Sample) -> float:
    """Return the CPU seconds of a call."""
    return sample.cpu_per_call


def wall(sample: Sample) -> float:
    """Return the seconds of a call, its share of those beside it."""
    return sample.wall_per_call


def rate(sample: Sample) -> float:
    """Return the calls per second."""
    return sample.rate


def judge(findings: Findings) -> list[Target]:
    """Compare a run with the targets; what was not measured is left out."""
    return [
        *_against_others(findings),
        *_among_ourselves(findings),
        *_under_latency(findings),
        *_parts(findings.parts),
    ]


def _against_others(f: Findings) -> Iterator[Target]:
    for loop, suffix in LOOPS.items():
        own = f"voxsip{suffix}"
        yield from _ratio(f, own, f"aiohttp{suffix}", 0.70, f"bind / aiohttp as written, {loop}")
        yield from _ratio(
            f,
            own,
            f"aiohttp-workers{suffix}",
            0.70,
            f"bind / aiohttp as written, workers for both, {loop}",
        )
        yield from _ratio(f, own, f"aiohttp-tuned{suffix}", 1.08, f"bind / aiohttp tuned, {loop}")
        both = f.instructions.get(own), f.instructions.get(f"aiohttp-tuned{suffix}")
        if both[0] and both[1]:
            beyond = (both[0] - both[1]) / 1000
            yield Target(f"own code of a bind, {loop}", 30, beyond, "k instructions")
    if {"voxsip", "vendor"} <= f.race.keys():
        value = paired(f.race, "vendor", "voxsip", cpu)
        yield Target("binds per CPU second / voximplant-apiclient", 300, value, at_least=True)


def _among_ourselves(f: Findings) -> Iterator[Target]:
    for loop, suffix in LOOPS.items():
        own = f"voxsip{suffix}"
        yield from _ratio(f, f"bulk{suffix}", own, 1.25, f"row of bulk.bind / bind, {loop}")
        yield from _ratio(
            f, f"bulk-journal{suffix}", own, 1.5, f"row of bulk.bind with journal / bind, {loop}"
        )
    yield from _ratio(f, "bulk-sync", "bulk-uvloop", 1.05, "blocking bulk.bind / bulk.bind, uvloop")
    own, bare = "voxsip-uvloop", "bare-otel-uvloop"
    yield from _ratio(f, "voxsip-hook-uvloop", own, 1.05, "bind with a hook / bind, uvloop")
    # missed while a span of the SDK without one attribute takes a quarter of a bind
    yield from _ratio(f, "voxsip-otel-uvloop", own, 1.25, "bind with OpenTelemetry / bind, uvloop")
    yield from _ratio(
        f, "voxsip-otel-uvloop", bare, 1.25, "bind with OpenTelemetry / bind in a bare span, uvloop"
    )
    if {"sync", "one-uvloop"} <= f.race.keys():
        pairs = zip(f.race["sync"], f.race["one-uvloop"], strict=True)
        beyond = statistics.median(wall(one) - wall(other) for one, other in pairs)
        yield Target("a blocking bind beyond an awaited one", 110, beyond * 1e6, "us")


def _under_latency(f: Findings) -> Iterator[Target]:
    if {"voxsip", "aiohttp-tuned"} <= f.slow.keys():
        what = f"{f.latency * 1000:.0f} ms away: calls a second / aiohttp alone"
        yield Target(what, 0.97, paired(f.slow, "voxsip", "aiohttp-tuned", rate), at_least=True)
        best = f.concurrency / f.latency
        what = f"{f.latency * 1000:.0f} ms away: calls a second / {f.concurrency} in flight"
        yield Target(what, 0.93, median(f.slow["voxsip"], rate) / best, at_least=True)


def _parts(parts: Mapping[str, Any]) -> Iterator[Target]:
    if "own" in parts:
        yield Target("retry layer when nothing fails", 0.5, parts["own"]["retry_us"], "us")
    if "listing" in parts:
        yield Target("listing 10,000 / orjson and cattrs", 1.5, parts["listing"]["ratio"])
    if "command_line" in parts:
        what = "row of voxsip bulk {}, file to report / row of bulk.{}"
        for kind, limit in (("bind", 1.3), ("create", 1.3)):
            value = parts["command_line"][f"{kind}_ratio"]
            yield Target(what.format(kind, kind), limit, value)
    if "imports" in parts:
        yield Target("import voxsip beyond libraries", 30, parts["imports"]["beyond_ms"], "ms")
    for name, most_growth, most_above in (("growth", 1, 16), ("growth_journal", 4, 24)):
        if name in parts:
            grown = parts[name]
            words = "job" if name == "growth" else "job with journal"
            span = f"row 10,000 to {grown['rows']:,}"
            yield Target(f"{words}: growth, {span}", most_growth, grown["growth_mib"], "MiB")
            yield Target(f"{words}: memory above idle", most_above, grown["above_mib"], "MiB")


def _ratio(f: Findings, one: str, other: str, limit: float, what: str) -> Iterator[Target]:
    """Compare instructions where both were counted, and CPU."""
    counted = {one, other} <= f.instructions.keys()
    if counted:
        value = f.instructions[one] / f.instructions[other]
        yield Target(f"{what}: instructions", limit, value)
    if {one, other} <= f.race.keys():
        yield Target(f"{what}: CPU", limit, paired(f.race, one, other, cpu), decides=not counted)
