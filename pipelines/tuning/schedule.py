"""The learning rate of each step."""

from __future__ import annotations

import math

SCHEDULES = ("cosine", "linear", "constant")


def learning_rate_at(step: int, steps: int, peak: float, warm_up: float = 0.1, schedule: str = "cosine") -> float:
    """Rise in a line over a share of the steps, then fall along a cosine or a line, or stay; `step` counts from 1."""
    rising = max(1, round(steps * warm_up)) if warm_up else 0
    if step <= rising:
        return peak * step / rising
    done = (step - rising) / (steps - rising + 1)
    if schedule == "cosine":
        return peak * 0.5 * (1 + math.cos(math.pi * done))
    return peak * (1 - done) if schedule == "linear" else peak
