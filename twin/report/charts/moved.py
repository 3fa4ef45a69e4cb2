"""How many answers tuning made better, left as good, and made worse."""

from __future__ import annotations

from twin.report.charts.svg import WIDTH, figure, rect, text

WORDS = {"better": "closer to the reference", "same": "as close", "worse": "further away"}
KINDS = {"better": "good", "same": "grey", "worse": "bad"}


def draw_moved(moved: dict[str, int]) -> str:
    """Draw the three counts as shares of one bar."""
    total = sum(moved.values()) or 1
    parts, x = [], 0.0
    for name, kind in KINDS.items():
        if not moved[name]:
            continue
        width = WIDTH * moved[name] / total
        parts += [rect(x, 0, width - 2, 18, kind)]
        x += width
    legend = " · ".join(f"{count:,} {WORDS[name]}" for name, count in moved.items())
    return figure(42, legend, [*parts, text(0, 37, legend, "value")])
