"""Lines over logarithmic axes, as an SVG."""

import math
from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 720, 440, 64, 24, 150, 52
_COLOURS = ("#0b6e4f", "#3a86c8", "#9a9a9a", "#c9c9c9", "#c8553d", "#8f5fb5")

Points = Sequence[tuple[float, float]]


def plot(lines: Mapping[str, Points], x_name: str, y_name: str) -> str:
    """Return a picture of some lines, each named at its end; both axes are logarithmic."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"/>\n'
    across = _Axis([x for x, _ in points], _LEFT, _WIDTH - _RIGHT)
    up = _Axis([y for _, y in points], _HEIGHT - _BOTTOM, _TOP)
    pieces = [*_grid(across, up, x_name, y_name)]
    taken: list[float] = []
    for (name, line), colour in zip(lines.items(), _COLOURS * len(lines), strict=False):
        places = [(across.place(x), up.place(y)) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        pieces.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        pieces += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        y = places[-1][1]
        while any(abs(y - other) < 14 for other in taken):
            y += 2
        taken.append(y)
        pieces.append(_text(places[-1][0] + 10, y + 4, name, "start", colour))
    style = 'font-family="system-ui, sans-serif" font-size="12"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" {style}>\n'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>\n' + "\n".join(pieces) + "\n</svg>\n"
    )


class _Axis:
    """Values to places, by their logarithms."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self._low, self._high = math.log(min(values) / 1.25), math.log(max(values) * 1.25)
        self._begin, self._end = begin, end

    def place(self, value: float) -> float:
        share = (math.log(value) - self._low) / (self._high - self._low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        steps = [step * 10.0**power for power in range(-3, 9) for step in (1, 2, 5)]
        return [value for value in steps if self._low <= math.log(value) <= self._high]


def _grid(across: _Axis, up: _Axis, x_name: str, y_name: str) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    pieces = []
    for value in across.ticks():
        x = across.place(value)
        pieces.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#eee"/>')
        pieces.append(_text(x, bottom + 18, f"{value:g}", "middle", "#555"))
    for value in up.ticks():
        y = up.place(value)
        pieces.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#eee"/>')
        pieces.append(_text(_LEFT - 8, y + 4, f"{value:g}", "end", "#555"))
    pieces.append(_text((_LEFT + right) / 2, _HEIGHT - 12, x_name, "middle", "#222"))
    pieces.append(_text(_LEFT, _TOP - 8, y_name, "middle", "#222"))
    return pieces


def _text(x: float, y: float, text: str, anchor: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
