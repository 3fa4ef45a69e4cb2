"""Whether a tuned model may be registered: every reason why not, in words. Pure: no model, no file.

All limits are held by the bound that speaks against the model, never by the mean: of several models that are all a
little too bad, the luckiest mean lies above the floor. What cannot be told fails too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipelines.tuning.gains import Gain
from pipelines.tuning.intervals import Interval, examples_for
from pipelines.tuning.settings import Limits
from pipelines.tuning.verdicts import FELL, UNDECIDED, Held

# Fewer tell nothing, whatever they score: of sixteen right answers one in five may still be wrong.
FEWEST_EXAMPLES = 16
MOST_NEEDED = 100_000
PASSED, REFUSED = "passed", "refused"


@dataclass(frozen=True)
class Evidence:
    """What was measured on the test examples.

    Attributes:
        metric: its name; where `higher_is_better` is false, the floor is the most that it may be.
        floored: whether the floor is one of this metric; where it is not, a gain over the base model must be sure.
        difference: tuned minus base, on the same examples.
        loss_reduction: share by which the loss of the reference answers fell.
        blind: what answers score that took nothing from the model, each by its name in words.
        held: what must not have fallen: slices of the test examples, and the general questions.
        leaks: a description of each test example that train has too.
        gain: what was gained on the objective that was trained for.
    """

    metric: str
    higher_is_better: bool
    examples: int
    base: Interval
    tuned: Interval
    difference: Interval
    loss_reduction: Interval
    blind: dict[str, float] = field(default_factory=dict)
    held: Sequence[Held] = ()
    leaks: Sequence[str] = ()
    gain: Gain | None = None
    floored: bool = True


@dataclass(frozen=True)
class Verdict:
    """`reasons` say why not, and are empty where the model passes; `notes` are what whoever approves it should know.

    `margin` is by how much the bound that counts clears the floor; `needed` the number of examples that would tell.
    """

    reasons: list[str]
    notes: list[str]
    margin: float
    needed: int | None

    @property
    def word(self) -> str:
        return REFUSED if self.reasons else PASSED


def judge(found: Evidence, limits: Limits) -> Verdict:
    """Hold the evidence to the limits."""
    if unknown := [name for name, figure in _figures(found).items() if not figure.finite]:
        return Verdict([f"{', '.join(unknown)} cannot be told: a figure is no number"], [], -1.0, None)
    floor = limits.floor if found.higher_is_better else -limits.floor
    base, tuned, difference = (
        figure if found.higher_is_better else figure.negated() for figure in (found.base, found.tuned, found.difference)
    )
    if not found.floored:
        # Of a measure without a floor, what the base model has is the floor, and the difference is held to it.
        tuned, floor = difference, 0.0
    needed = _needed(found.examples, tuned, floor, share=found.floored and found.higher_is_better)
    reasons = [
        _too_few(found.examples, needed),
        _leaked(found.leaks),
        _vacuous(found, limits.floor) if found.floored else "",
        _loss(found.loss_reduction, limits.loss_reduction),
        _objective(found),
        _floor(found, limits.floor, tuned, floor, needed) if found.floored else "",
        _no_gain(found, base if found.floored else Interval(0.0, 0.0, 0.0), difference, floor),
        *(each.words for each in found.held if each.verdict == FELL),
    ]
    notes = [each.words for each in found.held if each.verdict == UNDECIDED]
    if difference.low <= 0 <= difference.high:
        notes.insert(0, f"no difference in {found.metric} from the base model is shown")
    return Verdict([reason for reason in reasons if reason], notes, tuned.low - floor, needed)


def _figures(found: Evidence) -> dict[str, Interval]:
    return {
        f"the base model's {found.metric}": found.base,
        f"the tuned model's {found.metric}": found.tuned,
        f"the difference in {found.metric}": found.difference,
        "the reduction of the loss": found.loss_reduction,
    }


def _needed(examples: int, tuned: Interval, floor: float, share: bool) -> int | None:
    """Give how many examples would decide, were figure and spread the same there; None where no affordable number.

    An interval narrows with the root of the number of examples. A share of them narrows no faster than the number of
    examples alone allows.
    """
    distance = tuned.value - floor
    width = tuned.value - tuned.low if distance > 0 else tuned.high - tuned.value
    if distance == 0:
        return None
    count = max(FEWEST_EXAMPLES, math.ceil(examples * (width / abs(distance)) ** 2 - 1e-9))
    if share and distance > 0:
        count = max(count, examples_for(floor / tuned.value))
    return count if count <= MOST_NEEDED else None


def _too_few(examples: int, needed: int | None) -> str:
    if examples >= FEWEST_EXAMPLES:
        return ""
    by_spread = f"; by their spread, {needed:,} would decide" if needed and needed > FEWEST_EXAMPLES else ""
    return f"{examples} test examples tell nothing, and {FEWEST_EXAMPLES} are the fewest that do{by_spread}"


def _leaked(leaks: Sequence[str]) -> str:
    if not leaks:
        return ""
    count = "1 test record is" if len(leaks) == 1 else f"{len(leaks):,} test records are"
    more = f" and {len(leaks) - 3:,} more (evaluation.json names them)" if len(leaks) > 3 else ""
    return f"{count} in the train split too: {'; '.join(leaks[:3])}{more}"


def _vacuous(found: Evidence, floor: float) -> str:
    sign = 1 if found.higher_is_better else -1
    for name, score in sorted(found.blind.items(), key=lambda item: -sign * item[1]):
        if sign * (score - floor) >= 0:
            return (
                f"a floor of {floor:g} lets everything through: {name} gives {found.metric} {score:.3f}. Set "
                f"selection.floor {'above' if sign > 0 else 'below'} that"
            )
    return ""


def _loss(reduction: Interval, least: float) -> str:
    if reduction.low >= least:
        return ""
    return (
        f"held-out loss fell by the fraction {reduction.value:.3f}, surely by {reduction.low:.3f} (needed: {least:g})"
    )


def _objective(found: Evidence) -> str:
    """Where the metric is not what was trained for, that has to be gained too."""
    gain = found.gain
    if gain is None or gain.improved or gain.measure == found.metric:
        return ""
    low, high = gain.interval
    return (
        f"{gain.measure.replace('_', ' ')} is {gain.tuned:.3f} and the base model's {gain.base:.3f} "
        f"({low:+.3f} to {high:+.3f}): no gain is shown in what was trained for"
    )


def _floor(found: Evidence, floor: float, tuned: Interval, signed: float, needed: int | None) -> str:
    if tuned.low >= signed:
        return ""
    bound = found.tuned.low if found.higher_is_better else found.tuned.high
    side, wrong = ("lower", "below") if found.higher_is_better else ("upper", "above")
    what = f"{found.metric} is {found.tuned.value:.3f}, its {side} bound {bound:.3f} (needed: {floor:g}"
    base = f"; base model: {found.base.value:.3f})"
    if tuned.value < signed:
        return f"{what}{base}: the figure itself is {wrong} the floor"
    enough = f"about {needed:,} test examples would tell" if needed else "no affordable number of examples would tell"
    return f"{what}{base}: {enough}, and {found.examples:,} were measured"


def _no_gain(found: Evidence, base: Interval, difference: Interval, floor: float) -> str:
    low, high = found.difference.low, found.difference.high
    measured = f"the difference in {found.metric} is {found.difference.value:+.3f} ({low:+.3f} to {high:+.3f})"
    if difference.high < 0:
        return f"tuning made the model worse: {measured}"
    if base.low >= floor and difference.low <= 0:
        why = "the base model reaches the floor by itself, and " if found.floored else ""
        return f"{why}no gain is shown: {measured}"
    return ""
