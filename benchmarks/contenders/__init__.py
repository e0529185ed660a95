"""Everything that can bind a registration, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from typing import Any

import attrs

from benchmarks.contenders._base import Contender
from benchmarks.scene import Scene

THREADS = 16
"""Threads of the blocking contenders: more are slower."""
POOL = 96
"""Calls that open every connection of a pool and reach every line of code."""


@attrs.frozen(kw_only=True)
class Entry:
    """A contender before it is made: its packages may be missing.

    Attributes:
        label: the name in tables.
        maker: module and class.
        options: the arguments of the class.
        needs: packages and programs it cannot do without.
        quick: whether `--quick` has it.
        warm_up: calls before each measurement.
        sends: how its arguments travel.
        least: calls a turn has at least, so that every thread has one.
        own_memory: whether its process's memory is its own and not a child's.
        turn: how many times as long as others' its turns are, where beginning has a price of its own.
        counted: calls between which instructions are counted.
    """

    label: str
    maker: str
    options: Mapping[str, object] = attrs.field(factory=dict)
    needs: tuple[str, ...] = ()
    quick: bool = True
    warm_up: int = POOL
    sends: str = "query"
    least: int = 1
    own_memory: bool = True
    turn: float = 1.0
    counted: tuple[int, int] = (128, 768)

    @property
    def uvloop(self) -> bool:
        """Returns whether it runs on uvloop."""
        return "uvloop" in self.needs

    @property
    def missing(self) -> str | None:
        """Return the first package or program that is not here."""
        return next((name for name in self.needs if not (_has(name) or which(name))), None)

    def make(self, scene: Scene) -> Contender:
        module, _, name = self.maker.partition(":")
        build: Callable[..., Contender] = getattr(
            import_module(f"benchmarks.contenders.{module}"), name
        )
        return build(scene, **self.options)


def _has(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # of the package a submodule would be in
        return False


def _on_both_loops(
    name: str, label: str, maker: str, *, options: Mapping[str, object] | None = None, **more: Any
) -> dict[str, Entry]:
    return {
        f"{name}{suffix}": Entry(
            label=f"{label}, {loop}",
            maker=maker,
            options={"uvloop": bool(suffix), **(options or {})},
            needs=needs,
            **more,
        )
        for loop, suffix, needs in (("asyncio", "", ()), ("uvloop", "-uvloop", ("uvloop",)))
    }


_JOB: Mapping[str, Any] = {"turn": 3.0, "counted": (768, 1536)}
"""A job begins with few rows in flight and goes up from there."""
CONTENDERS: Mapping[str, Entry] = {
    **_on_both_loops("voxsip", "voxsip, awaited", "_voxsip:Awaited"),
    **_on_both_loops(
        "voxsip-gather", "voxsip, awaited, a task per call", "_voxsip:AwaitedGather", quick=False
    ),
    "voxsip-hook-uvloop": Entry(
        label="voxsip, awaited, with a hook, uvloop",
        maker="_voxsip:Observed",
        options={"uvloop": True},
        needs=("uvloop",),
        quick=False,
    ),
    "voxsip-otel-uvloop": Entry(
        label="voxsip, awaited, with OpenTelemetry, uvloop",
        maker="_voxsip:Traced",
        options={"uvloop": True},
        needs=("uvloop", "opentelemetry.sdk"),
        quick=False,
    ),
    "voxsip-otel-sampled-uvloop": Entry(
        label="voxsip, awaited, with OpenTelemetry that records 1 % of spans, uvloop",
        maker="_voxsip:Traced",
        options={"uvloop": True, "sampled": 0.01},
        needs=("uvloop", "opentelemetry.sdk"),
        quick=False,
    ),
    "bare-otel-uvloop": Entry(
        label="voxsip, awaited, a bare span and metric by hand, uvloop",
        maker="_voxsip:BareSpans",
        options={"uvloop": True},
        needs=("uvloop", "opentelemetry.sdk"),
        quick=False,
    ),
    **_on_both_loops("bulk", "voxsip, bulk.bind", "_voxsip:Bulk", **_JOB),
    **_on_both_loops(
        "bulk-journal",
        "voxsip, bulk.bind with a journal",
        "_voxsip:Bulk",
        options={"journal": True},
        **_JOB,
    ),
    "bulk-sync": Entry(
        label="voxsip, bulk.bind, blocking",
        maker="_voxsip:BlockingBulk",
        needs=("uvloop",),
        turn=3.0,
    ),
    "one-uvloop": Entry(
        label="voxsip, awaited, one by one, uvloop",
        maker="_voxsip:OneByOne",
        options={"uvloop": True},
        needs=("uvloop",),
        warm_up=8,
    ),
    "sync": Entry(
        label="voxsip, blocking, one by one",
        maker="_voxsip:Blocking",
        options={"threads": 1},
        needs=("uvloop",),
        warm_up=8,
    ),
    "sync-threads": Entry(
        label=f"voxsip, blocking, {THREADS} threads",
        maker="_voxsip:Blocking",
        options={"threads": THREADS},
    ),
    **_on_both_loops("aiohttp", "aiohttp as written", "_aiohttp:AiohttpWritten", sends="form"),
    **_on_both_loops(
        "aiohttp-workers",
        "aiohttp as written, but workers",
        "_aiohttp:AiohttpWrittenWorkers",
        sends="form",
    ),
    **_on_both_loops(
        "aiohttp-query",
        "aiohttp as written, but workers and params=",
        "_aiohttp:AiohttpQuery",
        quick=False,
    ),
    **_on_both_loops("aiohttp-tuned", "aiohttp tuned", "_aiohttp:AiohttpTuned"),
    "httpx": Entry(
        label="httpx as written, asyncio",
        maker="_httpx:Httpx",
        options={"uvloop": False},
        needs=("httpx",),
        warm_up=32,
        sends="form",
    ),
    "requests": Entry(
        label=f"requests, {THREADS} threads",
        maker="_requests:Requests",
        options={"threads": THREADS},
        needs=("requests",),
        warm_up=2 * THREADS,
        least=2 * THREADS,
        sends="form",
    ),
    "vendor": Entry(
        label="voximplant-apiclient",
        maker="_vendor:Vendor",
        options={"threads": 1},
        needs=("voximplant.apiclient",),
        warm_up=0,
        sends="form",
    ),
    "vendor-threads": Entry(
        label=f"voximplant-apiclient, {THREADS} threads",
        maker="_vendor:Vendor",
        options={"threads": THREADS},
        needs=("voximplant.apiclient",),
        warm_up=0,
        sends="form",
        least=THREADS,
        quick=False,
    ),
    **_on_both_loops("bare", "a bare protocol", "_floor:BareProtocol"),
    "wrk": Entry(
        label="wrk", maker="_floor:Wrk", needs=("wrk",), quick=False, warm_up=0, own_memory=False
    ),
    "h2load": Entry(
        label="h2load", maker="_floor:H2load", needs=("h2load",), quick=False, warm_up=0
    ),
}
