"""Keep a run: RESULTS.md, its JSON, and the plot in the docs."""

from __future__ import annotations

import json

from benchmarks.contenders import CONTENDERS
from benchmarks.measure import median
from benchmarks.plot import Dot, draw
from benchmarks.report import Run, as_json, as_markdown
from benchmarks.stage import ROOT
from benchmarks.targets import cpu

NOTES = "<!-- Written by hand from here on. -->"
PLOTTED = (
    *("voxsip-uvloop", "voxsip", "bulk-uvloop", "bulk-journal-uvloop", "sync-threads"),
    *("aiohttp-tuned", "aiohttp", "aiohttp-uvloop", "httpx", "requests", "vendor", "bare-uvloop"),
    "wrk",
)


def publish(run: Run) -> None:
    """Write the files; what stands in RESULTS.md below its mark is kept."""
    results = ROOT / "benchmarks" / "RESULTS.md"
    kept = results.read_text().partition(NOTES)[2] if results.exists() else "\n"
    results.write_text(f"{as_markdown(run)}\n{NOTES}{kept}")
    (ROOT / "benchmarks" / "results.json").write_text(json.dumps(as_json(run), indent=1) + "\n")
    (ROOT / "docs" / "speed.svg").write_text(plot(run))


def plot(run: Run) -> str:
    """Return the plot of a run."""
    dots = [
        Dot(CONTENDERS[name].label, median(samples, cpu) * 1e6, ours=name in _OURS)
        for name, samples in run.findings.race.items()
        if name in PLOTTED
    ]
    machine = run.machine
    note = f"logarithmic; TLS, 64 in flight; {machine['processor']}, {machine['python']}, {machine['date'][:10]}"
    return draw("CPU time of one bind", note, dots)


_OURS = {name for name, entry in CONTENDERS.items() if entry.maker.startswith("_voxsip")}
