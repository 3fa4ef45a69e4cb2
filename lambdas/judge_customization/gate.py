"""The quality gate of a customized model: what it says is written into the report, beside the figures it judges.

Whoever reads a report, of either branch, trusts no figure whose `gate` does not say that it passed.
"""

from __future__ import annotations

from dataclasses import dataclass

PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True)
class Verdict:
    """Why a model is refused, in words; nothing where it passes."""

    reasons: tuple[str, ...]

    @property
    def document(self) -> dict[str, object]:
        """The verdict as the report holds it, and the pipeline's gate writes its own."""
        return {"verdict": REFUSED if self.reasons else PASSED, "reasons": list(self.reasons), "notes": []}


def judged(metric: str, *, base: float, tuned: float, difference: float, floor: float) -> Verdict:
    """Give the verdict: the floor has to be reached, and the base model to be beaten."""
    reasons = []
    if tuned < floor:
        reasons.append(
            f"the customized model's {metric} is {tuned:.3f}, below the floor of {floor:g} (its base model: {base:.3f})"
        )
    if difference <= 0:
        reasons.append(
            f"the customized model's {metric} is {tuned:.3f}, and its base model's {base:.3f}: "
            "customization gained nothing"
        )
    return Verdict(tuple(reasons))
