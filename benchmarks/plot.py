"""A dot for every contender on a logarithmic scale, as SVG: readable in the light and in the dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import attrs

WIDTH, LEFT, RIGHT = 800, 340, 40
TOP, ROW, BOTTOM = 58, 24, 30
STYLE = """
  svg { font: 13px system-ui, sans-serif; background: #fff; }
  text { fill: #333; } .quiet { fill: #777; font-size: 11px; } .title { font-weight: 600; }
  line { stroke: #ddd; } circle { fill: #999; } .ours circle { fill: #0a7d5a; } .ours text { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    svg { background: #16181c; } text { fill: #ddd; } .quiet { fill: #999; } line { stroke: #333; }
    circle { fill: #888; } .ours circle { fill: #3ccf9c; }
  }
"""


@attrs.frozen
class Dot:
    """A contender in the plot: what it is called, its value, and whether it is ours."""

    label: str
    value: float
    ours: bool


def draw(title: str, note: str, dots: Sequence[Dot]) -> str:
    """Return the plot, smallest value on top.

    Args:
        title: over the plot.
        note: under the title.
        dots: one or more values above 0.
    """
    ordered = sorted(dots, key=lambda dot: dot.value)
    low = math.floor(math.log10(ordered[0].value))
    high = math.ceil(math.log10(ordered[-1].value))
    height = TOP + ROW * len(ordered) + BOTTOM

    def across(value: float) -> float:
        return LEFT + (math.log10(value) - low) / max(high - low, 1) * (WIDTH - LEFT - RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="16" y="24">{escape(title)}</text>',
        f'<text class="quiet" x="16" y="42">{escape(note)}</text>',
    ]
    bottom = height - BOTTOM
    for power in range(low, high + 1):
        x = across(10.0**power)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}"/>')
        parts.append(
            f'<text class="quiet" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_time(10.0**power)}</text>'
        )
    for number, dot in enumerate(ordered):
        x, y = across(dot.value), TOP + ROW * number + ROW / 2
        before = x > WIDTH - RIGHT - 60
        parts.append(f"<g{' class=' + chr(34) + 'ours' + chr(34) if dot.ours else ''}>")
        parts.append(
            f'<text x="{LEFT - 16}" y="{y + 4:.0f}" text-anchor="end">{escape(dot.label)}</text>'
        )
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.0f}" r="5"/>')
        parts.append(
            f'<text class="quiet" x="{x + (-10 if before else 10):.1f}" y="{y + 4:.0f}" '
            f'text-anchor="{"end" if before else "start"}">{_time(dot.value)}</text></g>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _time(microseconds: float) -> str:
    if microseconds < 1_000:
        return f"{microseconds:.3g} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1_000:.3g} ms"
    return f"{microseconds / 1_000_000:.3g} s"
