"""The few SVG elements that the report's drawings are made of, styled by the page's own CSS: light and dark alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH = 920
"""Width of every drawing in its own units; text is 13 units high, so at the page's full width 13 pixels."""


def text(x: float, y: float, words: str, kind: str = "label", anchor: str = "start", slant: float = 0) -> str:
    """Return a line of text whose base line ends, begins or is centred at (x, y); the words are escaped.

    `slant` turns it around that point, in degrees, clockwise.
    """
    turned = f' transform="rotate({slant:g} {x:.1f} {y:.1f})"' if slant else ""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turned}>{escape(words)}</text>'


def rect(x: float, y: float, width: float, height: float, kind: str) -> str:
    """Return a bar with its upper left corner at (x, y), never narrower than can be seen."""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1.5):.1f}" height="{height:g}" rx="3"/>'


def cell(x: float, y: float, width: float, height: float, share: float, framed: bool) -> str:
    """Return a cell of a matrix, the darker the larger its share; never so dark that no text can be read on it."""
    edges = f'x="{x + 1.5:.1f}" y="{y + 1.5:.1f}" width="{width - 3:g}" height="{height - 3:g}"'
    return f'<rect class="cell{" framed" if framed else ""}" {edges} fill-opacity="{0.06 + 0.44 * share:.2f}" rx="3"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight line."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, kind: str, radius: float = 5) -> str:
    """Return a filled circle."""
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    """Return a line through the points."""
    return f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'


def figure(height: float, title: str, parts: Sequence[str]) -> str:
    """Return a whole drawing; the title is what a screen reader says of it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about `count` round numbers between two others, both ends included where they are round."""
    if high <= low:
        return [low]
    raw = (high - low) / count
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]
