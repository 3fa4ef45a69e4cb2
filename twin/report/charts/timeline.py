"""Where the time went: every step as a bar from its beginning to its end."""

from __future__ import annotations

from typing import Any

from twin.report.charts.svg import WIDTH, figure, line, rect, text
from twin.report.wording import duration

LEFT, RIGHT, ROW, BAR = 240, 90, 24, 15
KINDS = {"SUCCEEDED": "bar", "FAILED": "bad", "RUNNING": "bar"}
WAITING = "AwaitApproval"
UNITS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def draw_timeline(steps: list[dict[str, Any]]) -> str:
    """Draw the steps that ran, one after the other; those of the set-up are paler than the workflow's own, and what
    a person took to decide is grey."""
    ran = [step for step in steps if step["status"] in KINDS]
    total = sum(step["wall_s"] for step in ran) or 1.0
    scale, height = (WIDTH - LEFT - RIGHT) / total, len(ran) * ROW
    parts, began = _axis(total, scale, height), 0.0
    for index, step in enumerate(ran):
        y, x, width = index * ROW, LEFT + began * scale, step["wall_s"] * scale
        kind = _kind(step)
        parts += [
            text(LEFT - 10, y + 13, step["label"].partition(" (")[0], anchor="end"),
            rect(x, y + 2, width, BAR, kind),
            text(x + max(width, 1.5) + 7, y + 14, duration(step["wall_s"]), "value"),
        ]
        began += step["wall_s"]
    return figure(height + 24, "Time by step", parts)


def _kind(step: dict[str, Any]) -> str:
    if step["name"] == WAITING and step["status"] != "FAILED":
        return "grey"
    return KINDS[step["status"]] + ("" if step["workflow"] else " pale")


def _axis(total: float, scale: float, height: float) -> list[str]:
    unit = next((unit for unit in UNITS if total / unit <= 6), UNITS[-1])
    parts = []
    for second in range(0, int(total) + 1, unit):
        x = LEFT + second * scale
        minutes, rest = divmod(second, 60)
        parts += [line(x, 0, x, height, "grid"), text(x, height + 17, f"{minutes}:{rest:02d}", "value", "middle")]
    return parts
