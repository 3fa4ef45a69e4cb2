"""Figures in words that are true whichever way they went."""

from __future__ import annotations

from typing import Any


def quality_change(evaluation: dict[str, Any]) -> str:
    """Say how tuning moved the metric, or that no difference is shown where the interval holds 0."""
    metric, difference = evaluation["metric"], evaluation["difference"]
    low, high = evaluation["difference_ci"]
    interval = f"95 % interval {signed(low)} to {signed(high)}"
    if low <= 0 <= high:
        return f"No difference in {metric} is shown: {signed(difference)}, {interval}."
    return f"{metric} {_verb(difference)} by {abs(difference):.3f} ({interval})."


def loss_change(reduction: float) -> str:
    """Say how the loss moved; `reduction` is the share by which it fell, negative where it rose."""
    percent = abs(100 * reduction)
    if percent < 0.05:
        return "The loss stayed as it was."
    return f"The loss {_verb(-reduction)} by {percent:.{0 if percent >= 1 else 1}f} %."


def signed(value: float) -> str:
    """Write a difference with its sign, the minus a real one."""
    return f"{value:+.3f}".replace("-", "−")


def _verb(difference: float) -> str:
    return "rose" if difference > 0 else "fell"
