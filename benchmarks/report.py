"""A run as text: for a terminal, for RESULTS.md, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from benchmarks.contenders import CONTENDERS
from benchmarks.measure import Race, Sample, median
from benchmarks.targets import MIB, Findings, Target, cpu, judge, rate

BUSY = 0.9
"""Share of its core from which the responder, not the contender, sets the pace."""
BUSY_MACHINE = 0.4
"""Busy processes per core from which times are not to be trusted."""
HEAD = ("contender", "arguments", "CPU us", "k instr.", "calls/s", "peak MiB", "of aiohttp")


@attrs.frozen(kw_only=True)
class Run:
    """A whole run.

    Attributes:
        machine: the place and time of the run.
        options: rounds, seconds a turn, whether it was a quick one.
        findings: the measurements.
        skipped: contenders that could not take part, and why.
    """

    machine: Mapping[str, Any]
    options: Mapping[str, Any]
    findings: Findings
    skipped: Mapping[str, str]

    @property
    def targets(self) -> list[Target]:
        return judge(self.findings)


def as_text(run: Run) -> str:
    """Return everything for a terminal."""
    blocks = [
        _machine_line(run),
        _columns(HEAD, _race_rows(run.findings)),
        *_footnotes(run),
        _slow_text(run.findings),
        *_part_lines(run.findings.parts),
        _columns(("target", "limit", "measured", ""), _target_rows(run.targets)),
    ]
    return "\n\n".join(block for block in blocks if block)


def as_markdown(run: Run) -> str:
    """Return everything for RESULTS.md."""
    machine, options = run.machine, run.options
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    findings = run.findings
    where = (
        f"The last full run of `python -m benchmarks`: {machine['date']}, {machine['processor']}, "
        f"{machine['cores']} cores, {machine['system']}, {machine['python']}; {versions}."
    )
    how = (
        f"{options['rounds']} interleaved rounds of {options['seconds']} s a turn, medians; "
        f"{findings.concurrency} calls in flight; load when it began: {machine['load']}."
    )
    race = (
        "The server answers at once, on the other core. All contenders send the same arguments and a token of the same "
        "size, over the same TLS and trust store, and read and check every reply. CPU of all threads and children, per call. "
        f"Instructions: user space, counted by {findings.counter or 'nothing here'}. "
        "Last column: CPU against aiohttp as written on the same loop, paired by round."
    )
    lines = [
        "# Results",
        "",
        where,
        how,
        "",
        "## Every contender",
        "",
        race,
        "",
        _markdown(HEAD, _race_rows(findings)),
        "",
        *_footnotes(run),
        "",
        "## 50 ms away",
        "",
        _markdown(("contender", "calls/s", "of the most possible"), _slow_rows(findings)),
        "",
        "## Other measurements",
        "",
        *(f"- {line}" for line in _part_lines(findings.parts)),
        "",
        "## Targets",
        "",
        _markdown(("target", "limit", "measured", ""), _target_rows(run.targets)),
    ]
    return "\n".join(lines) + "\n"


def as_json(run: Run) -> dict[str, Any]:
    """Return everything, every round of it."""
    findings = run.findings
    return {
        "machine": dict(run.machine),
        "options": dict(run.options),
        "skipped": dict(run.skipped),
        "contenders": {
            name: {
                "label": CONTENDERS[name].label,
                "cpu_us": median(samples, cpu) * 1e6,
                "calls_per_second": median(samples, rate),
                "instructions": findings.instructions.get(name),
                "peak_mib": samples[-1].memory / MIB,
                "responder_busy": median(samples, _busy),
                "rounds": [attrs.asdict(sample) for sample in samples],
            }
            for name, samples in findings.race.items()
        },
        "slow": {
            name: {
                "calls_per_second": median(samples, rate),
                "rounds": [attrs.asdict(sample) for sample in samples],
            }
            for name, samples in findings.slow.items()
        },
        "counter": findings.counter,
        **findings.parts,
        "targets": [
            {**attrs.asdict(target), "met": target.met, "verdict": target.verdict}
            for target in run.targets
        ],
    }


def _machine_line(run: Run) -> str:
    machine = run.machine
    return (
        f"{machine['date']}  {machine['processor']}, {machine['cores']} cores, load {machine['load']}"
        f"\n{machine['python']}  "
        + "  ".join(f"{name} {number}" for name, number in machine["versions"].items())
    )


def _race_rows(findings: Findings) -> Iterable[tuple[str, ...]]:
    for name, samples in findings.race.items():
        entry = CONTENDERS[name]
        counted = findings.instructions.get(name)
        pace = f"{median(samples, rate):,.0f}"
        yield (
            entry.label,
            entry.sends,
            f"{median(samples, cpu) * 1e6:,.0f}",
            f"{counted / 1000:,.0f}" if counted else "",
            f"{pace}*" if median(samples, _busy) > BUSY else pace,
            f"{samples[-1].memory / MIB:.0f}" if entry.own_memory else "",
            _against_aiohttp(findings.race, name),
        )


def _against_aiohttp(race: Race, name: str) -> str:
    other = "aiohttp-uvloop" if CONTENDERS[name].uvloop else "aiohttp"
    if other not in race:
        return ""
    ratios = sorted(
        a.cpu_per_call / b.cpu_per_call for a, b in zip(race[name], race[other], strict=True)
    )
    value = ratios[len(ratios) // 2]
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _footnotes(run: Run) -> list[str]:
    notes = []
    machine = run.machine
    if machine["load"] and machine["load"] > BUSY_MACHINE * machine["cores"]:
        notes.append(
            f"The machine was busy (load {machine['load']}): times are longer than on an idle one, and ratios "
            "are less exact."
        )
    if any(median(samples, _busy) > BUSY for samples in run.findings.race.values()):
        notes.append(
            "\\* The responder used its whole core: it sets the calls a second. The CPU time is the contender's."
        )
    if run.skipped:
        left = ", ".join(f"{name} ({why})" for name, why in run.skipped.items())
        notes.append(f"Not run: {left}.")
    return notes


def _slow_rows(findings: Findings) -> Iterable[tuple[str, ...]]:
    most = findings.concurrency / findings.latency
    for name, samples in findings.slow.items():
        pace = median(samples, rate)
        yield (
            CONTENDERS[name].label,
            f"{pace:,.0f}" if pace > 10 else f"{pace:.1f}",
            f"{pace / most:.1%}",
        )


def _slow_text(findings: Findings) -> str:
    if not findings.slow:
        return ""
    head = (f"{findings.latency * 1000:.0f} ms away", "calls/s", "of the most possible")
    return _columns(head, _slow_rows(findings))


def _part_lines(parts: Mapping[str, Any]) -> list[str]:
    lines = []
    if "own" in parts:
        lines.append(
            f"voxsip's own code: {parts['own']['bind_us']:.1f} us a bind with no network and no loop; "
            f"the retry layer {parts['own']['retry_us']:.2f} us of it."
        )
    if "vendor" in parts:
        part = parts["vendor"]
        lines.append(
            f"A call of voximplant-apiclient: {part['call_ms']:.0f} ms CPU, of which {part['token_ms']:.0f} ms go "
            f"into reading and checking the private key to sign a token, {part['trust_ms']:.0f} ms into reading "
            f"the trust store, both repeated for every call; {part['rest_ms']:.1f} ms would remain."
        )
    if "listing" in parts:
        part = parts["listing"]
        lines.append(
            f"Listing 10,000 registrations in pages of 1,000: {part['cpu_ms']:.0f} ms CPU, of which "
            f"orjson and cattrs alone {part['decoding_ms']:.0f} ms."
        )
    if "command_line" in parts:
        part = parts["command_line"]
        lines.append(
            f"A row of a file through `voxsip bulk`, with journal and report: bind, with --verify, "
            f"{part['bind_command_us']:.0f} us CPU, by `bulk.bind` alone {part['bind_us']:.0f} us; create "
            f"{part['create_command_us']:,.0f} us, by `bulk.create` alone {part['create_us']:,.0f} us."
        )
    if "imports" in parts:
        part = parts["imports"]
        lines.append(
            f"`import voxsip`: {part['beyond_ms']:.0f} ms CPU beyond aiohttp, attrs and cattrs, "
            f"which take {part['libraries_ms']:.0f} ms."
        )
    for name, what in (("growth", "without"), ("growth_journal", "with")):
        if name in parts:
            part = parts[name]
            lines.append(
                f"A job of {part['rows']:,} rows {what} a journal: {part['above_mib']:.1f} MiB above idle "
                f"({part['idle_mib']:.0f} MiB), {part['growth_mib']:.2f} MiB more at the end than at row 10,000."
            )
    if "demo" in parts:
        part = parts["demo"]
        theirs = part["emulator_cpu_s"]
        share = "" if theirs is None else f", the emulator's {theirs:.1f} s on the other core"
        lines.append(
            f"What `voxsip demo` does, {part['rows']:,} binds against the emulator: {part['wall_s']:.1f} s; "
            f"the client's CPU {part['client_cpu_s']:.1f} s{share}."
        )
    return lines


def _target_rows(targets: Sequence[Target]) -> Iterable[tuple[str, ...]]:
    for target in targets:
        sign = "at least" if target.at_least else "at most"
        yield (
            target.what,
            f"{sign} {target.limit:g} {target.unit}".strip(),
            f"{_figure(target.value)} {target.unit}".strip(),
            target.verdict,
        )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _busy(sample: Sample) -> float:
    return sample.responder_busy


def _columns(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 or not _is_figure(column, lines) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _is_figure(column: int, lines: Sequence[Sequence[str]]) -> bool:
    return any(line[column][:1].isdigit() for line in lines[1:])


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [list(head), *map(list, rows)]
    marks = ["---:" if c and _is_figure(c, lines) else "---" for c in range(len(head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], marks, *lines[1:]))
