"""The quality gate of a customized model: what it says is written into the report, beside the figures it judges.

Limits are held by the bound that speaks against the model, never by the mean, as the SageMaker branch's gate does.
Whoever reads a report, of either branch, trusts no figure whose `gate` does not say that it passed.
"""

from __future__ import annotations

from dataclasses import dataclass

from lambdas.shared.figures import Interval

PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True)
class Verdict:
    """Why a model is refused, in words; nothing where it passes."""

    reasons: tuple[str, ...]

    @property
    def document(self) -> dict[str, object]:
        """The verdict as the report holds it, and the pipeline's gate writes its own."""
        return {"verdict": REFUSED if self.reasons else PASSED, "reasons": list(self.reasons), "notes": []}


def judged(metric: str, *, base: float, tuned: Interval, difference: Interval, blind: float, floor: float) -> Verdict:
    """Give the verdict: the floor has to be reached and the base model to be beaten, both surely.

    `blind` is what an answer scores that does not look at the text: a floor that this reaches tells nothing.
    """
    reasons = (_vacuous(metric, blind, floor), _below(metric, base, tuned, floor), _no_gain(metric, difference))
    return Verdict(tuple(reason for reason in reasons if reason))


def _vacuous(metric: str, blind: float, floor: float) -> str:
    if blind < floor:
        return ""
    return (
        f"a floor of {floor:g} lets everything through: answers that do not look at the text reach {metric} "
        f"{blind:.3f}. Set selection.floor above that"
    )


def _below(metric: str, base: float, tuned: Interval, floor: float) -> str:
    if tuned.low >= floor:
        return ""
    what = "the figure itself is below the floor" if tuned.value < floor else "more test records would tell"
    return (
        f"the customized model's {metric} is {tuned.value:.3f}, its lower bound {tuned.low:.3f}, below the floor of "
        f"{floor:g} (its base model: {base:.3f}): {what}"
    )


def _no_gain(metric: str, difference: Interval) -> str:
    if difference.low > 0:
        return ""
    return (
        f"no gain over its base model is shown: the difference in {metric} is {difference.value:+.3f} "
        f"({difference.low:+.3f} to {difference.high:+.3f})"
    )
