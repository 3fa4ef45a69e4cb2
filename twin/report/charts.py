"""Small SVG drawings for the report, styled by the page's own CSS so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 640
LABEL = 190
ROW = 26


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length, what stands at its end, and the CSS class that colours it."""

    label: str
    value: float
    text: str
    kind: str = "bar"


def bars(rows: Sequence[Bar]) -> str:
    """Draw horizontal bars on one scale."""
    longest = max((row.value for row in rows), default=0) or 1
    room = WIDTH - LABEL - 90
    parts = []
    for index, row in enumerate(rows):
        y, length = index * ROW, max(1.0, room * row.value / longest)
        parts.append(
            f'<text class="label" x="{LABEL - 8}" y="{y + 17}" text-anchor="end">{escape(row.label)}</text>'
            f'<rect class="{row.kind}" x="{LABEL}" y="{y + 5}" width="{length:.1f}" height="16" rx="3"/>'
            f'<text class="value" x="{LABEL + length + 6:.1f}" y="{y + 17}">{escape(row.text)}</text>'
        )
    return _svg(len(rows) * ROW + 4, parts)


def intervals(rows: Sequence[tuple[str, float, float, float, str]], floor: float | None = None) -> str:
    """Draw a value with its confidence interval per row: (label, low, value, high, CSS class)."""
    top = max([high for _, _, _, high, _ in rows] + ([floor] if floor else [])) * 1.08 or 1
    room = WIDTH - LABEL - 60

    def x(value: float) -> float:
        return LABEL + room * max(0.0, value) / top

    height = len(rows) * ROW + 22
    parts = [f'<line class="axis" x1="{LABEL}" y1="0" x2="{LABEL}" y2="{height - 20}"/>']
    if floor is not None:
        parts.append(
            f'<line class="floor" x1="{x(floor):.1f}" y1="0" x2="{x(floor):.1f}" y2="{height - 20}"/>'
            f'<text class="value" x="{x(floor):.1f}" y="{height - 5}" text-anchor="middle">floor {floor:g}</text>'
        )
    for index, (label, low, value, high, kind) in enumerate(rows):
        y = index * ROW + 13
        parts.append(
            f'<text class="label" x="{LABEL - 8}" y="{y + 4}" text-anchor="end">{escape(label)}</text>'
            f'<line class="ci" x1="{x(low):.1f}" y1="{y}" x2="{x(high):.1f}" y2="{y}"/>'
            f'<circle class="{kind}" cx="{x(value):.1f}" cy="{y}" r="5"/>'
            f'<text class="value" x="{x(high) + 8:.1f}" y="{y + 4}">{value:.3f}</text>'
        )
    return _svg(height, parts)


def line(points: Sequence[tuple[float, float]], x_label: str, y_label: str) -> str:
    """Draw one curve with its axes' ends written out; at least two points."""
    height, left, right, top, bottom = 240, 50, 16, 16, 34
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    x_low, x_high, y_low, y_high = min(xs), max(xs), min(ys), max(ys)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / ((x_high - x_low) or 1)
        up = (y - y_low) / ((y_high - y_low) or 1)
        return left + across * (WIDTH - left - right), height - bottom - up * (height - top - bottom)

    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(x, y) for x, y in points))
    base = height - bottom
    parts = [
        f'<line class="axis" x1="{left}" y1="{top}" x2="{left}" y2="{base}"/>',
        f'<line class="axis" x1="{left}" y1="{base}" x2="{WIDTH - right}" y2="{base}"/>',
        f'<polyline class="curve" points="{path}"/>',
        f'<text class="value" x="{left - 6}" y="{top + 6}" text-anchor="end">{y_high:.2f}</text>',
        f'<text class="value" x="{left - 6}" y="{base}" text-anchor="end">{y_low:.2f}</text>',
        f'<text class="value" x="{left}" y="{height - 14}">{x_low:g}</text>',
        f'<text class="value" x="{WIDTH - right}" y="{height - 14}" text-anchor="end">'
        f"{x_high:g} {escape(x_label)}</text>",
        f'<text class="label" x="{left + 8}" y="{top + 6}">{escape(y_label)}</text>',
    ]
    return _svg(height, parts)


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img">{"".join(parts)}</svg>'
