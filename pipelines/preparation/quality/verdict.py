"""How a rule refuses: the reason, the figure that it found, and the setting that draws the line."""

from pipelines.preparation.records import Reason, Rejected
from pipelines.preparation.thresholds import Thresholds


def refuse(reason: Reason, found: str, thresholds: Thresholds, name: str) -> Rejected:
    """Return the verdict of a rule whose bound is `data.quality.thresholds.<name>`."""
    return Rejected(reason, f"{found}; data.quality.thresholds.{name} is {getattr(thresholds, name)}")


def share(part: float, whole: float) -> float:
    """Part of a whole; of nothing, nothing."""
    return part / whole if whole else 0.0
