"""What training cost, where somebody has said what the instance costs by the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.shared.cost import in_dollars


@dataclass(frozen=True)
class Rate:
    """US dollars an hour of one instance type."""

    instance_type: str
    usd_per_hour: float


def rate_of(instance_type: str, usd_per_hour: str) -> Rate | None:
    """Give the rate of two variables, or None where either is empty."""
    return Rate(instance_type, float(usd_per_hour)) if instance_type and usd_per_hour else None


def cost_of(training: Mapping[str, Any], rate: Rate | None) -> str:
    """Say what a training job cost; of an instance without a known price, that and for how long it is billed."""
    resources = training["ResourceConfig"]
    kind, count = str(resources["InstanceType"]), int(resources["InstanceCount"])
    seconds = float(training.get("BillableTimeInSeconds") or training.get("TrainingTimeInSeconds") or 0)
    used = f"{seconds:,.0f} s of {count} {kind}"
    if "TuningJobArn" in training:
        used += " (the best trial of a search alone; the others cost besides)"
    if rate is None or rate.instance_type != kind:
        return f"{used}; its price is not known here (tuning.usd_per_hour)"
    dollars = seconds / 3600 * count * rate.usd_per_hour
    return f"{in_dollars(dollars)}: {used} at ${rate.usd_per_hour:g} an hour"
