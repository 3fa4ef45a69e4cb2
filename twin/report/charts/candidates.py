"""The candidates side by side: quality with its confidence interval and the floor, latency, and cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twin.report.charts.svg import dot, figure, line, rect, text
from twin.report.wording import AT_THIS_SPEED, dollars, is_timed

LEFT, ROW, TOP = 200, 46, 34
QUALITY, LATENCY, COST = (LEFT, 270), (560, 95), (755, 75)
"""Where each column begins, and how wide its longest mark is."""


@dataclass(frozen=True)
class Row:
    """One model: what names it, its figures, and the CSS class that colours them."""

    model: str
    strategy: str
    value: float
    low: float
    high: float
    latency_ms: float | None = None
    usd: float | None = None
    timed: bool = False
    kind: str = ""


def draw_candidates(selection: dict[str, Any], evaluation: dict[str, Any] | None) -> str:
    """Draw every candidate, and below them the tuned model where there is one."""
    rows = [_row(candidate, selection["chosen"]) for candidate in selection["candidates"]]
    if evaluation is not None:
        value = evaluation["tuned"]
        rows.append(Row("tuned", f"on {evaluation['examples']} test examples", value, value, value, kind="good"))
    floor, height = selection["floor"], TOP + ROW * len(rows)
    top = max([row.high for row in rows] + [floor]) * 1.05
    metric = selection["candidates"][0]["metric"]
    parts = [
        text(QUALITY[0], 14, f"{metric}, with its 95 % interval", "head"),
        text(LATENCY[0], 14, "median latency", "head"),
        text(COST[0], 14, "USD per 1,000 requests", "head"),
        *_floor(LEFT + QUALITY[1] * floor / top, height, floor),
    ]
    for index, row in enumerate(rows):
        parts += [*_name(row, TOP + index * ROW), *_quality(row, TOP + index * ROW + 16, top)]
    parts += _bars(rows, [row.latency_ms for row in rows], LATENCY, lambda row: milliseconds(row.latency_ms or 0))
    parts += _bars(rows, [row.usd for row in rows], COST, _cost)
    if any(row.timed for row in rows):
        parts.append(text(COST[0], height + 15, f"* {AT_THIS_SPEED}", "value"))
    return figure(height + 20, "Candidates by quality, latency and cost", parts)


def milliseconds(value: float) -> str:
    """Write a latency in the unit that suits it."""
    if value < 1:
        return "< 1 ms"
    return f"{value / 1000:.1f} s" if value >= 10_000 else f"{value:,.0f} ms"


def _row(candidate: dict[str, Any], chosen: dict[str, Any] | None) -> Row:
    is_chosen = chosen is not None and all(candidate[key] == chosen[key] for key in ("model", "strategy", "value"))
    return Row(
        model=candidate["model"],
        strategy=f"{candidate['strategy']}, chosen ✓" if is_chosen else candidate["strategy"],
        value=candidate["value"],
        low=candidate["ci"][0],
        high=candidate["ci"][1],
        latency_ms=candidate["latency_ms_p50"],
        usd=candidate["usd_per_1k_requests"],
        timed=is_timed(candidate),
        kind="good" if is_chosen else "",
    )


def _cost(row: Row) -> str:
    return f"{dollars(row.usd or 0)}{'*' if row.timed else ''}"


def _floor(x: float, height: float, floor: float) -> list[str]:
    return [line(x, TOP - 8, x, height, "floor"), text(x, height + 15, f"floor {floor:g}", "value", "middle")]


def _name(row: Row, y: float) -> list[str]:
    return [text(LEFT - 14, y + 13, row.model, anchor="end"), text(LEFT - 14, y + 29, row.strategy, "value", "end")]


def _quality(row: Row, y: float, top: float) -> list[str]:
    def x(value: float) -> float:
        return QUALITY[0] + QUALITY[1] * max(0.0, value) / top

    kind = f"dot {row.kind}".strip()
    interval = [line(x(row.low), y, x(row.high), y, "ci")] if row.high > row.low else []
    return [
        line(QUALITY[0], y, QUALITY[0] + QUALITY[1], y, "grid"),
        *interval,
        dot(x(row.value), y, kind, 6),
        text(QUALITY[0] + QUALITY[1] + 12, y + 5, f"{row.value:.3f}", "number"),
    ]


def _bars(
    rows: list[Row], values: list[float | None], column: tuple[int, int], words: Callable[[Row], str]
) -> list[str]:
    longest = max((value for value in values if value is not None), default=0) or 1
    parts = []
    for index, (row, value) in enumerate(zip(rows, values, strict=True)):
        if value is None:
            continue
        y, width = TOP + index * ROW + 8, column[1] * value / longest
        parts += [
            rect(column[0], y, width, 16, f"bar {row.kind}".strip()),
            text(column[0] + max(width, 1.5) + 7, y + 13, words(row), "value"),
        ]
    return parts
