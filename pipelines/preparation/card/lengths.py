"""Histograms of lengths on a logarithmic axis: the area of a bar is the number of records in its bin."""

import math
from collections.abc import Sequence
from typing import Any

from pipelines.preparation.card.drawing import column, figure, rule, text
from pipelines.preparation.card.elements import Html
from pipelines.preparation.card.figures import count, plural, span

WIDTH, HEIGHT, LEFT, TOP, BASE = 460, 200, 8, 34, 168
_STEPS = (1, 2, 5)


def draw_lengths(name: str, what: str, lengths: dict[str, Any], bounds: Sequence[int]) -> Html:
    """Draw how long the texts are; `bounds` are the least and the greatest number of words that the filter admits."""
    bins = [(low, high, number) for low, high, number in lengths["bins"] if number]
    axis = _Axis(bins)
    dense = max(number / axis.width(low, high) for low, high, number in bins)
    middle = (lengths["percentiles"]["p25"][0], lengths["percentiles"]["p75"][0])
    parts = [rule(LEFT, BASE, WIDTH - LEFT, BASE)]
    for low, high, number in bins:
        height = (BASE - TOP) * number / axis.width(low, high) / dense
        kind = "bar" if middle[0] <= low <= middle[1] else "bar pale"
        words = f"{span([low, high])} words: {plural(number, 'record')}"
        parts.append(column(axis.x(low), BASE - height, axis.width(low, high) - 1, height, kind, words))
    parts += _ticks(axis) + _bounds(axis, bounds) + _median(axis, lengths["percentiles"]["p50"])
    return figure(name, f"Words of the {what}", _described(what, lengths), (WIDTH, HEIGHT), parts)


class _Axis:
    """Words to places, by their logarithm; a text without a word is put before 1."""

    def __init__(self, bins: Sequence[tuple[int, int | None, int]]) -> None:
        self.low = max(bins[0][0], 0.5)
        # A few short lengths would fill the whole width.
        self.high = max(_after(*bins[-1][:2]), 8 * self.low)
        self._scale = (WIDTH - 2 * LEFT) / math.log(self.high / self.low)

    def x(self, words: float) -> float:
        return LEFT + self._scale * math.log(max(words, self.low) / self.low)

    def width(self, low: int, high: int | None) -> float:
        return self.x(_after(low, high)) - self.x(low)


def _after(low: int, high: int | None) -> float:
    return low * 1.25 if high is None else high + 1


def _ticks(axis: _Axis) -> list[Html]:
    ticks = [step * 10**decade for decade in range(7) for step in _STEPS]
    shown = [tick for tick in ticks if axis.low <= tick <= axis.high]
    return [
        part
        for tick in shown
        for part in (rule(axis.x(tick), BASE, axis.x(tick), BASE + 4), text(axis.x(tick), BASE + 19, count(tick)))
    ]


def _bounds(axis: _Axis, bounds: Sequence[int]) -> list[Html]:
    parts = []
    for bound, words, anchor in ((bounds[0], "at least {}", "start"), (bounds[1], "at most {}", "end")):
        edge = bound + (anchor == "end")
        if axis.low <= edge <= axis.high:
            x = axis.x(edge)
            aside = x + (5 if anchor == "start" else -5)
            parts += [
                rule(x, TOP - 26, x, BASE, "bound"),
                text(aside, TOP - 16, words.format(count(bound)), "value", anchor),
            ]
    return parts


def _median(axis: _Axis, bounds: list[int]) -> list[Html]:
    x = (axis.x(bounds[0]) + axis.x(_after(*bounds))) / 2
    place = min(max(x, LEFT + 62), WIDTH - LEFT - 62)
    return [text(place, TOP - 4, f"median {span(bounds)}", "number")]


def _described(what: str, lengths: dict[str, Any]) -> str:
    percentiles = lengths["percentiles"]
    return (
        f"{plural(lengths['count'], 'record')}. The {what} has {count(lengths['least'])} to "
        f"{count(lengths['greatest'])} words, on average {lengths['mean']:,.1f}; the median lies in "
        f"{span(percentiles['p50'])}, the middle half between {span(percentiles['p25'])} and "
        f"{span(percentiles['p75'])}."
    )
