"""The plots of a job's report: SVG drawn by hand, colored by the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

import attrs

from voxsip.report._series import Bucket

WIDTH, HEIGHT = 860.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 56.0, 12.0, 12.0, 28.0
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_DAY = 86400


@attrs.frozen
class Frame:
    """Where values are on the drawing.

    Args:
        seconds: the right end of the time axis.
        top: the upper end of the value axis.
    """

    seconds: float
    top: float

    def x(self, at: float) -> float:
        """Return the place of a time."""
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * min(at / self.seconds, 1.0)

    def y(self, value: float) -> float:
        """Return the place of a value."""
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(value / self.top, 1.0)


def throughput_plot(buckets: Sequence[Bucket]) -> str:
    """Draw the rows per second that ended well, and above them the others."""
    buckets = whole_buckets(buckets)
    well = [_per_second(bucket, "done", "unchanged") for bucket in buckets]
    every = [_per_second(bucket, "done", "unchanged", "failed", "unknown") for bucket in buckets]
    frame = _frame(buckets, every)
    return _plot(
        "Rows per second over time",
        frame,
        lambda value: f"{value:,.0f}" if frame.top >= 5 else f"{value:,.1f}",
        [
            _area(frame, buckets, every, "bad") if every != well else "",
            _area(frame, buckets, well, "well"),
            _hints(
                frame,
                buckets,
                (
                    f"{_number(good)} rows/s"
                    + (f", {_number(total - good)} not done" if total > good else "")
                    for good, total in zip(well, every, strict=True)
                ),
            ),
        ],
    )


def latency_plot(buckets: Sequence[Bucket]) -> str:
    """Draw the median and the 95th percentile of the time that a row took."""
    slow = [bucket.p95 or 0.0 for bucket in buckets]
    frame = _frame(buckets, slow)
    return _plot(
        "Seconds per row over time",
        frame,
        _duration,
        [
            _band(frame, buckets),
            _line(frame, buckets, [bucket.p95 for bucket in buckets], "p95"),
            _line(frame, buckets, [bucket.p50 for bucket in buckets], "p50"),
            _hints(
                frame,
                buckets,
                (
                    "no row"
                    if bucket.p50 is None or bucket.p95 is None
                    else f"median {_duration(bucket.p50)}, 95 % below {_duration(bucket.p95)}"
                    for bucket in buckets
                ),
            ),
        ],
    )


def whole_buckets(buckets: Sequence[Bucket]) -> list[Bucket]:
    """Join a short last bucket to the one before: a rate over an instant says nothing."""
    whole = list(buckets)
    if len(whole) > 1 and whole[-1].seconds < 0.5 * whole[-2].seconds:
        last, before = whole.pop(), whole.pop()
        counts = {status: before.counts[status] + last.counts[status] for status in last.counts}
        whole.append(attrs.evolve(before, seconds=before.seconds + last.seconds, counts=counts))
    return whole


def time_label(seconds: float) -> str:
    """Write a time axis' label: 45s, 2m, 1m30, 1h, 1h30."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}m{rest:02d}" if rest else f"{minutes}m"
    hours, rest = divmod(whole, 3600)
    return f"{hours}h{rest // 60:02d}" if rest else f"{hours}h"


def value_ticks(top: float) -> list[float]:
    """Return three to six round values from 0 up to at least `top`."""
    magnitude = 10.0 ** math.floor(math.log10(top) + 1e-9)
    for step in (0.2, 0.25, 0.5, 1.0, 2.0, 2.5):
        if step * magnitude * 5 >= top:
            count = 1
            while count * step * magnitude < top * (1 - 1e-9):
                count += 1
            return [tick * step * magnitude for tick in range(count + 1)]
    raise AssertionError  # pragma: no cover - the last step reaches past ten


def _frame(buckets: Sequence[Bucket], values: Iterable[float]) -> Frame:
    end = max((bucket.start + bucket.seconds for bucket in buckets), default=1.0)
    return Frame(max(end, 1e-3), value_ticks(max(values, default=0.0) or 1.0)[-1])


def _per_second(bucket: Bucket, *statuses: str) -> float:
    return sum(bucket.counts[status] for status in statuses) / max(bucket.seconds, 0.05)


def _area(frame: Frame, buckets: Sequence[Bucket], values: Sequence[float], name: str) -> str:
    path = [f"M{frame.x(0):.1f} {frame.y(0):.1f}"]
    for bucket, value in zip(buckets, values, strict=True):
        path.append(f"V{frame.y(value):.1f}H{frame.x(bucket.start + bucket.seconds):.1f}")
    path.append(f"V{frame.y(0):.1f}Z")
    return f'<path class="area {name}" d="{"".join(path)}"/>'


def _line(
    frame: Frame, buckets: Sequence[Bucket], values: Sequence[float | None], name: str
) -> str:
    path: list[str] = []
    drawing = False
    for bucket, value in zip(buckets, values, strict=True):
        if value is not None:
            place = f"{frame.x(bucket.start + bucket.seconds / 2):.1f} {frame.y(value):.1f}"
            path.append(f"{'L' if drawing else 'M'}{place}")
            if not drawing:
                path.append("h.1")  # so that a lone point shows
        drawing = value is not None
    return f'<path class="line {name}" d="{"".join(path)}"/>' if path else ""


def _band(frame: Frame, buckets: Sequence[Bucket]) -> str:
    """Fill what lies between median and percentile, wherever there are both."""
    parts: list[str] = []
    upper: list[str] = []
    lower: list[str] = []

    def close() -> None:
        if len(upper) > 1:
            parts.append(f"M{'L'.join([*upper, *reversed(lower)])}Z")
        upper.clear()
        lower.clear()

    for bucket in buckets:
        if bucket.p50 is None or bucket.p95 is None:
            close()
            continue
        x = f"{frame.x(bucket.start + bucket.seconds / 2):.1f}"
        upper.append(f"{x} {frame.y(bucket.p95):.1f}")
        lower.append(f"{x} {frame.y(bucket.p50):.1f}")
    close()
    return f'<path class="band" d="{"".join(parts)}"/>' if parts else ""


def _hints(frame: Frame, buckets: Sequence[Bucket], texts: Iterable[str]) -> str:
    """Lay an unseen box over every bucket, for the pointer to rest on."""
    boxes = []
    for bucket, text in zip(buckets, texts, strict=True):
        left, right = frame.x(bucket.start), frame.x(bucket.start + bucket.seconds)
        boxes.append(
            f'<rect class="hint" x="{left:.1f}" y="{_TOP:.0f}" width="{right - left:.1f}"'
            f' height="{HEIGHT - _TOP - _BOTTOM:.0f}"><title>{time_label(bucket.start)}: {escape(text)}'
            "</title></rect>"
        )
    return "".join(boxes)


def _plot(name: str, frame: Frame, label: Callable[[float], str], layers: Iterable[str]) -> str:
    grid = []
    for value in value_ticks(frame.top):
        y = frame.y(value)
        grid.append(
            f'<line class="grid" x1="{_LEFT:.0f}" x2="{WIDTH - _RIGHT:.0f}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 8:.0f}" y="{y + 4:.1f}" text-anchor="end">'
            f"{escape(label(value))}</text>"
        )
    grid.extend(
        f'<text class="tick" x="{frame.x(at):.1f}" y="{HEIGHT - 8:.0f}" text-anchor="middle">'
        f"{time_label(at)}</text>"
        for at in _time_ticks(frame.seconds)
    )
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(name)}">'
        f"{''.join(grid)}{''.join(layers)}</svg>"
    )


def _time_ticks(seconds: float) -> list[float]:
    step = next((step for step in _TIME_STEPS if seconds / step <= 8), None)
    if step is None:
        step = _DAY
        while seconds / step > 8:
            step *= 2
    count = int(seconds / step)
    return [float(tick * step) for tick in range(count + 1)]


def _duration(seconds: float) -> str:
    if seconds == 0.0:
        return "0"
    if seconds < 0.9995:
        milliseconds = seconds * 1e3
        return f"{milliseconds:.0f} ms" if milliseconds >= 9.5 else f"{milliseconds:.1f} ms"
    return f"{seconds:.1f} s" if seconds < 99.5 else f"{seconds:,.0f} s"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.5 else f"{value:,.1f}"
