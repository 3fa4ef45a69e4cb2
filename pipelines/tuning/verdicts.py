"""What is said of a part that must not have fallen: a slice of the test examples, or the general questions."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.tuning.intervals import Interval

KEPT, FELL, UNDECIDED = "kept", "fell", "undecided"
# A slice of fewer examples is too small to be judged.
FEWEST_OF_A_PART = 10


@dataclass(frozen=True)
class Held:
    """A part with what was decided about it; `words` say why, beginning with its name.

    Attributes:
        difference: tuned minus base.
    """

    name: str
    examples: int
    base: Interval
    tuned: Interval
    difference: Interval
    verdict: str
    words: str


def hold(
    name: str,
    examples: int,
    figures: tuple[Interval, Interval, Interval],
    tolerance: float,
    higher_is_better: bool = True,
    drawn: bool = True,
) -> Held:
    """Decide about a part, by its base model's figure, its tuned model's, and their difference on the same examples.

    It fell where the tuned model is surely worse and the difference is larger than the tolerance; it is kept where the
    whole interval is within the tolerance; between these nothing can be told. Where the examples were not `drawn`, but
    are always the same ones, their difference is what it is, and its interval decides nothing.
    """
    base, tuned, difference = figures
    oriented = difference if higher_is_better else difference.negated()
    if not drawn:
        oriented = Interval(oriented.value, oriented.value, oriented.value)
    measured = f"{base.value:.3f} → {tuned.value:.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
    verdict, words = UNDECIDED, f"{name}: {measured}, which does not tell whether it fell by more than {tolerance:g}"
    if not difference.finite:
        words = f"{name}: a figure is no number"
    elif examples < FEWEST_OF_A_PART:
        words = f"{name}: {examples} examples are too few to judge by ({FEWEST_OF_A_PART} are the fewest)"
    elif oriented.value < -tolerance and oriented.high < 0:
        verdict, words = FELL, f"{name} fell by more than {tolerance:g}: {measured}, {examples:,} examples"
    elif oriented.low >= -tolerance:
        verdict, words = KEPT, f"{name}: {measured}"
    return Held(name, examples, base, tuned, difference, verdict, words)
