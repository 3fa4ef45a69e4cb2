"""The loss curve: the training loss of each step, and the held-out loss before, after each epoch, and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twin.report.charts.svg import WIDTH, dot, figure, line, path, text, ticks

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 54, 150, 20, 40
Points = list[tuple[float, float]]


def draw_loss(tuning: dict[str, Any]) -> str | None:
    """Draw both curves; None where training took fewer than two steps."""
    training = [(float(p["step"]), p["loss"]) for p in tuning["curve"]]
    if len(training) < 2:
        return None
    held_out = [(0.0, tuning["loss_before"])]
    held_out += [(float(p["step"]), p["validation_loss"]) for p in tuning["curve"] if "validation_loss" in p]
    return Drawing(training, held_out).svg()


class Drawing:
    """Two curves on one pair of axes."""

    def __init__(self, training: Points, held_out: Points) -> None:
        self._training, self._held_out = training, held_out
        losses = [loss for _, loss in [*training, *held_out]]
        margin = (max(losses) - min(losses)) * 0.08 or 0.1
        self._low, self._high = max(0.0, min(losses) - margin), max(losses) + margin
        self._last = training[-1][0]

    def svg(self) -> str:
        """Return the drawing."""
        average = moving_average(self._training, max(2, len(self._training) // 10))
        places = [self._place(*point) for point in self._held_out]
        end_of_training = self._place(*average[-1])
        parts = [
            *self._axes(),
            path([self._place(*point) for point in self._training], "curve faint"),
            path([self._place(*point) for point in average], "curve"),
            path(places, "curve held"),
            *(dot(x, y, "dot good", 5) for x, y in places),
            *self._labels(places, end_of_training),
        ]
        return figure(HEIGHT, "Loss by training step, on the training examples and on held-out examples", parts)

    def _place(self, step: float, loss: float) -> tuple[float, float]:
        across, up = step / self._last, (loss - self._low) / (self._high - self._low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def _axes(self) -> list[str]:
        parts = []
        for loss in ticks(self._low, self._high):
            x, y = self._place(0, loss)
            parts += [line(x, y, WIDTH - RIGHT, y, "grid"), text(x - 8, y + 4, f"{loss:g}", "value", "end")]
        for step in (step for step in ticks(0, self._last, 6) if step == int(step)):
            x, _ = self._place(step, self._low)
            parts.append(text(x, HEIGHT - BOTTOM + 18, f"{step:g}", "value", "middle"))
        middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
        return [*parts, text(middle, HEIGHT - 4, "training step", "value", "middle")]

    def _labels(self, held_out: Points, training: tuple[float, float]) -> list[str]:
        """Name each curve at its end, and move the names apart where the ends meet."""
        (x, held), (_, trained) = held_out[-1], training
        above, below = ("held-out", held), ("training", trained)
        first, second = sorted((above, below), key=lambda label: label[1])
        gap = max(0.0, 36 - (second[1] - first[1])) / 2
        shown = {first[0]: first[1] - gap, second[0]: second[1] + gap}
        last, before = self._held_out[-1][1], self._held_out[0][1]
        return [
            text(x + 12, shown["held-out"] + 4, f"held-out {last:.2f}", "name held"),
            text(x + 12, shown["training"] + 4, "training", "name train"),
            text(held_out[0][0] + 10, held_out[0][1] - 8, f"{before:.2f} before", "name held"),
        ]


def moving_average(points: Sequence[tuple[float, float]], width: int) -> Points:
    """Return each point with the mean of the last `width` values up to it: a batch's own loss says little."""
    averaged = []
    for index, (x, _) in enumerate(points):
        window = [value for _, value in points[max(0, index + 1 - width) : index + 1]]
        averaged.append((x, sum(window) / len(window)))
    return averaged
