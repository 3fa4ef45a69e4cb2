"""Figures in words that are true whichever way they went."""

from __future__ import annotations

from collections.abc import Mapping
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


AT_THIS_SPEED = "at this machine's speed"


def is_timed(candidate: Mapping[str, Any]) -> bool:
    """Whether a candidate's cost is AWS's price of a second, times the seconds that this machine took."""
    return candidate.get("priced_by") == "seconds"


def request_cost(candidate: Mapping[str, Any]) -> str:
    """Say what a thousand requests cost, and where that hangs on this machine, so."""
    words = f"{dollars(candidate['usd_per_1k_requests'])} per 1,000 requests"
    return f"{words} {AT_THIS_SPEED}" if is_timed(candidate) else words


TRAINING_COST = "training_cost"
"""What the model card calls the cost of training, wherever the workflow has run."""
MACHINE_TIME = (
    "This machine's time, at the price of the instance that the settings name. On AWS such an instance takes another "
    "time, and that is what is billed; here nothing is."
)


def selection_reason(selected: Mapping[str, Any]) -> str:
    """Say why a model was chosen, or that none was; a cost in it that hangs on this machine is marked.

    Args:
        selected: what the selection gave: `reason` and `chosen`.
    """
    reason, chosen = str(selected["reason"]), selected.get("chosen")
    if not chosen or not is_timed(chosen):
        return reason
    # The cost ends what is said of the choice; what was not measured comes after it.
    choice, separator, others = reason.partition("; not measured: ")
    return f"{choice} {AT_THIS_SPEED}{separator}{others}"


OF_CONVERSATIONS = "The records are conversations: of each, the user's last turn alone was asked."


def approved(approval: Mapping[str, Any]) -> str:
    """Say who approved the model, when, and how long that was waited for."""
    at = approval["at"]
    when = f" on {at[:10]} at {at[11:16]} UTC" if at else ""
    if approval["kind"] == "automatic":
        return f"Approved automatically{when}, as the settings say (approval: automatic)."
    waited = f"after the run had waited for {duration(approval['waited_s'])}"
    return f"Approved by {approval['by'] or 'somebody who gave no name'}{when}, {waited}."


def duration(seconds: float) -> str:
    """Write a duration: `4.2 s`, `1 min 05 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def dollars(value: float) -> str:
    """Write a price with two figures that count."""
    if value >= 0.1:
        return f"${value:,.2f}"
    return f"${value:.4f}" if value >= 0.0001 else "< $0.0001"


def share(value: float | None) -> str:
    """Write a share in percent; a dash where there is nothing to have a share of."""
    return "–" if value is None else f"{100 * value:.0f} %"


def signed(value: float) -> str:
    """Write a difference with its sign, the minus a real one."""
    return f"{value:+.3f}".replace("-", "−")


def _verb(difference: float) -> str:
    return "rose" if difference > 0 else "fell"
