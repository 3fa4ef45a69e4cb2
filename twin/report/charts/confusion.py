"""Which label was taken for which: a matrix of counts, one row a label of the data, one column a label of the answers.

The counts are written in the cells, and right answers are framed; how dark a cell is only repeats its share of the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.report.charts.svg import WIDTH, cell, figure, text

LEFT, RIGHT, TOP, CELL, ROW, LINE = 150, 66, 106, 52, 30, 22
LONGEST = 18
Confusion = dict[str, Any]


def draw_confusion(matrices: Sequence[tuple[str, Confusion]]) -> str:
    """Draw each model's matrix under its name: side by side where they fit, else one below the other."""
    sizes = [_size(confusion) for _, confusion in matrices]
    beside = sum(width for width, _ in sizes) <= WIDTH
    parts, x, y = [], 0.0, 0.0
    for (name, confusion), (width, height) in zip(matrices, sizes, strict=True):
        parts += _matrix(name, confusion, x, y)
        x, y = (x + width, y) if beside else (x, y + height)
    bottom = max(height for _, height in sizes) if beside else y
    words = "Rows: the label in the data. Columns: the label of the answer. Framed: right answers."
    names = " and ".join(name for name, _ in matrices)
    return figure(bottom + LINE, f"Confusion matrix, {names}", [*parts, text(0, bottom + 14, words, "value")])


def columns(confusion: Confusion) -> list[str]:
    """Name the columns of a matrix; all but the last are its rows, too."""
    return [*rows(confusion), "no label"]


def rows(confusion: Confusion) -> list[str]:
    """Name the rows of a matrix."""
    others = [f"{confusion['others']:,} other labels"] if confusion["others"] else []
    return [*confusion["labels"], *others]


def shortened(label: str) -> str:
    """Return a label with no more characters than there is room for."""
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"


def _size(confusion: Confusion) -> tuple[float, float]:
    return LEFT + CELL * len(columns(confusion)) + RIGHT, TOP + ROW * len(rows(confusion)) + LINE


def _matrix(name: str, confusion: Confusion, x: float, y: float) -> list[str]:
    parts = [text(x, y + 16, name, "number")]
    left, top = x + LEFT, y + TOP
    for place, label in enumerate(columns(confusion)):
        parts.append(text(left + CELL * (place + 0.5), top - 8, shortened(label), slant=-35))
    for place, (label, counts) in enumerate(zip(rows(confusion), confusion["rows"], strict=True)):
        parts.append(text(left - 10, top + ROW * place + 20, shortened(label), anchor="end"))
        # Of the labels that share a row it cannot be seen which of their answers are right.
        right = place if place < len(confusion["labels"]) else None
        parts += _row(counts, right, left, top + ROW * place)
    return parts


def _row(counts: Sequence[int], right: int | None, left: float, y: float) -> list[str]:
    total, parts = sum(counts) or 1, []
    for place, count in enumerate(counts):
        x, framed = left + CELL * place, place == right
        parts.append(cell(x, y, CELL, ROW, count / total, framed))
        parts.append(text(x + CELL / 2, y + 20, f"{count:,}", "number" if framed else "label", "middle"))
    return parts
