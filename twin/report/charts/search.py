"""The trials of a search in the order in which they began, the best of them marked."""

from __future__ import annotations

from typing import Any

from twin.report.charts.svg import WIDTH, dot, figure, line, path, text, ticks

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 220, 54, 24, 24, 40


def draw_search(search: dict[str, Any]) -> str | None:
    """Draw each trial's objective and the best so far; None where no trial has one."""
    found = [(number, trial) for number, trial in enumerate(search["trials"], start=1) if trial["value"] is not None]
    if not found:
        return None
    values = [float(trial["value"]) for _, trial in found]
    margin = (max(values) - min(values)) * 0.12 or 0.1
    low, high = min(values) - margin, max(values) + margin
    count = len(search["trials"])

    def place(number: float, value: float) -> tuple[float, float]:
        across, up = (number - 0.5) / count, (value - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = []
    for value in ticks(low, high):
        _, y = place(1, value)
        parts += [line(LEFT, y, WIDTH - RIGHT, y, "grid"), text(LEFT - 8, y + 4, f"{value:g}", "value", "end")]
    parts.append(path(_steps([(number, float(trial["value"])) for number, trial in found], search, place), "curve"))
    for number, trial in found:
        x, y = place(number, float(trial["value"]))
        if trial["name"] == search["best"]:
            words = f"best: {float(trial['value']):.3f}"
            parts += [dot(x, y, "dot good", 8), text(x, y - 13, words, "name held", "middle")]
        else:
            parts.append(dot(x, y, "dot" if trial["status"] == "Completed" else "dot faint"))
    for number in range(1, count + 1):
        if count <= 30 or number % 10 == 0:
            parts.append(text(place(number, low)[0], HEIGHT - BOTTOM + 18, str(number), "value", "middle"))
    parts.append(text(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 4, "trial", "value", "middle"))
    return figure(HEIGHT, f"{search['metric']} by trial, and the best so far", parts)


def _steps(found: list[tuple[int, float]], search: dict[str, Any], place: Any) -> list[tuple[float, float]]:
    """The best so far, as a stair."""
    better = min if search["lower_is_better"] else max
    corners: list[tuple[float, float]] = []
    best = found[0][1]
    for number, value in found:
        corners.append(place(number, best))
        best = better(best, value)
        corners.append(place(number, best))
    return corners
