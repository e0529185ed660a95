"""A job's report for people: one page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from voxsip._printable import counted
from voxsip.report._failures import Failure, failures_section, next_step
from voxsip.report._plots import latency_plot, throughput_plot
from voxsip.report._series import TimeSeries
from voxsip.report._style import STYLE

_STATUSES = {
    "done": "done",
    "unchanged": "unchanged, nothing to send",
    "failed": "failed",
    "skipped": "skipped, not sent",
    "unknown": "unknown, may be done",
}
_SHOWN = 12
_DASH = "\N{EN DASH}"


def render(facts: Mapping[str, Any], series: TimeSeries, failures: Sequence[Failure] = ()) -> str:
    """Return the page.

    Args:
        facts: the content of report.json.
    """
    title = f"Bulk {facts['kind']}"
    sections = [
        _outcomes(facts),
        _plots(facts, series),
        _errors(facts["errors"]),
        failures_section(failures, facts["failed"] + facts["skipped"] + facts["unknown"]),
        _mismatches(facts),
        _options(facts["options"]),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}: {escape(_headline(facts)[1])}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{_header(title, facts)}\n{chr(10).join(filter(None, sections))}\n"
        f"<footer>voxsip {escape(str(facts['voxsip']))}</footer>\n</main>\n</body>\n</html>\n"
    )


def _headline(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Return the job's state in a word, and the style of that word."""
    if facts["stopped"]:
        return "bad", f"stopped: {facts['stopped']}"
    left = [
        f"{facts[status]:,} {words}"
        for status, words in (("failed", "failed"), ("unknown", "unknown"), ("skipped", "unsent"))
        if facts[status]
    ]
    if left:
        rows = "row" if facts["failed"] + facts["unknown"] + facts["skipped"] == 1 else "rows"
        return "warn", f"finished with {' and '.join(left)} {rows}"
    if facts["mismatches"]:
        return "warn", "finished, and something differs"
    if facts["verify_error"]:
        return "warn", "finished, not verified"
    return "good", "verified" if facts["mismatches"] == 0 else "complete"


def _header(title: str, facts: Mapping[str, Any]) -> str:
    look, words = _headline(facts)
    latency = facts["latency"]
    known = latency["p50"] is not None
    figures = [
        ("rows", f"{facts['rows']:,}"),
        ("time", _duration(facts["seconds"])),
        ("rows a second", _rate(facts["rows_per_second"])),
        ("median latency", _short_duration(latency["p50"]) if known else _DASH),
        ("95th percentile", _short_duration(latency["p95"]) if known else _DASH),
        (f"requests, {facts['retries']:,} repeated", f"{facts['calls']:,}"),
    ]
    where = [
        facts["source"],
        None if facts["account_id"] is None else f"account {facts['account_id']}",
        f"{_moment(facts['begun'])} {_DASH} {_moment(facts['ended'], facts['begun'])} UTC",
    ]
    line = " · ".join(escape(str(part)) for part in where if part)
    notes = list(facts["notes"])
    step = next_step(
        facts["kind"],
        failed=facts["failed"],
        skipped=facts["skipped"],
        unknown=facts["unknown"],
        stopped=facts["stopped"] is not None,
    )
    if step:
        notes.insert(0, f"Next: {step}")
    if facts["restored"]:
        notes.insert(0, f"{facts['restored']:,} of the rows had ended in earlier runs of this job.")
    return (
        f'<header><div class="title"><h1>{escape(title)}</h1>'
        f'<span class="pill {look}">{escape(words)}</span></div>'
        f'<p class="where">{line}</p><dl class="figures">'
        + "".join(
            f"<div><dd>{escape(value)}</dd><dt>{escape(name)}</dt></div>" for name, value in figures
        )
        + "</dl>"
        + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
        + "</header>"
    )


def _outcomes(facts: Mapping[str, Any]) -> str:
    rows = facts["rows"]
    counts = [
        (status, words, facts[status]) for status, words in _STATUSES.items() if facts[status]
    ]
    if not counts:
        return "<section><h2>Outcomes</h2><p>The input held no rows.</p></section>"
    bar = "".join(
        f'<span class="{status}" style="flex-grow:{count}" title="{escape(words)}: {count:,}"></span>'
        for status, words, count in counts
    )
    legend = "".join(
        f'<li><i class="{status}"></i><b>{count:,}</b> {escape(words)}'
        f" <small>{_percent(count, rows)}</small></li>"
        for status, words, count in counts
    )
    return f'<section><h2>Outcomes</h2><div class="bar">{bar}</div><ul class="legend">{legend}</ul></section>'


def _plots(facts: Mapping[str, Any], series: TimeSeries) -> str:
    buckets = series.buckets()
    if not any(bucket.p50 is not None for bucket in buckets):
        return ""
    bad = facts["failed"] or facts["unknown"]
    keys = '<span><i class="well"></i>done</span>' + (
        '<span><i class="bad"></i>failed</span>' if bad else ""
    )
    return (
        f'<section><h2>Rows per second<span class="keys">{keys}</span></h2>{throughput_plot(buckets)}</section>\n'
        '<section><h2>Latency of a row<span class="keys"><span><i class="p50"></i>median</span>'
        f'<span><i class="p95"></i>95th percentile</span></span></h2>{latency_plot(buckets)}</section>'
    )


def _errors(errors: Mapping[str, int]) -> str:
    if not errors:
        return ""
    ranked = sorted(errors.items(), key=lambda item: (-item[1], item[0]))
    most = ranked[0][1]
    rows = [
        f'<tr><th scope="row">{_error_name(name)}</th><td class="number">{count:,}</td>'
        f'<td class="meter"><span style="width:{max(100.0 * count / most, 0.5):.1f}%"></span></td></tr>'
        for name, count in ranked[:_SHOWN]
    ]
    if len(ranked) > _SHOWN:
        rest = sum(count for _, count in ranked[_SHOWN:])
        rows.append(
            f'<tr><th scope="row">{len(ranked) - _SHOWN} others</th><td class="number">{rest:,}</td><td></td></tr>'
        )
    return f'<section><h2>Errors</h2><table class="errors">{"".join(rows)}</table></section>'


def _error_name(name: str) -> str:
    number, _, words = name.partition(" ")
    if not number.isdigit():
        return escape(name)
    return f"<b>{number}</b> {escape(words)}"


def _mismatches(facts: Mapping[str, Any]) -> str:
    if facts["verify_error"]:
        return (
            "<section><h2>Verification</h2><p>The live state could not be read: "
            f"{escape(facts['verify_error'])}</p></section>"
        )
    if not facts["mismatches"]:
        return ""
    shown = facts["mismatched"][:_SHOWN]
    rows = "".join(
        f"<tr><td>{escape(str(item['sip_registration_id']))}</td><td>{_binding(item['expected'])}</td>"
        f"<td>{_binding(item['found'])}</td></tr>"
        for item in shown
    )
    more = facts["mismatches"] - len(shown)
    rest = f"<p>{more:,} more are in report.json.</p>" if more > 0 else ""
    verb = "is" if facts["mismatches"] == 1 else "are"
    return (
        f"<section><h2>Verification</h2><p>{counted(facts['mismatches'], 'registration')} {verb} not bound as the rows "
        'left them.</p><table class="bindings"><tr><th scope="col">registration</th><th scope="col">expected</th><th scope="col">found</th></tr>'
        f"{rows}</table>{rest}</section>"
    )


def _binding(binding: object) -> str:
    if not isinstance(binding, Mapping):
        return "no such registration"
    parts = [
        f"{name} {'?' if value == -1 else value}"
        for name, value in binding.items()
        if value is not None
    ]
    return escape(", ".join(parts)) or "unbound"


def _options(options: Mapping[str, Any]) -> str:
    told = [(name, value) for name, value in options.items() if value is not None]
    if not told:
        return ""
    rows = "".join(
        f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(_plain(value))}</dd></div>"
        for name, value in told
    )
    return f'<section><h2>Options</h2><dl class="options">{rows}</dl></section>'


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(str(item) for item in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _percent(count: int, rows: int) -> str:
    share = 100.0 * count / rows
    if count and share < 0.01:
        return "< 0.01 %"
    if count < rows and share > 99.99:
        return "> 99.99 %"
    return f"{share:.3g} %" if share < 99 else f"{share:.4g} %"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.1f}"


def _short_duration(seconds: float) -> str:
    return f"{seconds * 1e3:,.0f} ms" if seconds < 0.9995 else f"{seconds:.1f} s"


def _duration(seconds: float) -> str:
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def _moment(text: str, before: str = "") -> str:
    """Shorten an ISO time; the date is left out if it is that of the moment before."""
    date, time = text[:10], text[11:19]
    return time if before[:10] == date else f"{date} {time}"
