"""Everything that was measured of the models, and what is decided of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.tuning.champion import Champion
from pipelines.tuning.curated import Curated
from pipelines.tuning.drawing import Census
from pipelines.tuning.examples import Example
from pipelines.tuning.gains import Gain
from pipelines.tuning.intervals import Interval, of_difference, of_mean
from pipelines.tuning.leaks import Found
from pipelines.tuning.metrics import Metric
from pipelines.tuning.outcome import Outcome
from pipelines.tuning.settings import EvaluationSettings
from pipelines.tuning.slices import slices_of
from pipelines.tuning.verdicts import Held, hold

GENERAL = "the general questions"


@dataclass(frozen=True)
class Measured:
    """Everything that the report is made of; lists go together, one place a test example.

    Of texts alone there is no `test`, for nothing is asked and answered; they are measured by the objective's `gain`.
    """

    metric: Metric
    settings: EvaluationSettings
    test: Sequence[Example]
    records: Sequence[Curated]
    beginning: str
    census: Census
    leaks: Found
    base: Outcome
    tuned: Outcome
    champion: Champion
    gain: Gain

    @property
    def references(self) -> list[str]:
        return [example.record.reference for example in self.test]

    def difference(self, other: Outcome) -> Interval:
        """Give the tuned model's figure less another's."""
        return self.metric.difference(self.references, other.answers, self.tuned.answers, self.settings.seed)


def held_slices(measured: Measured) -> list[tuple[str, Held]]:
    """Decide about each slice of the test examples."""
    metric, seed, found = measured.metric, measured.settings.seed, []
    for part in slices_of(measured.records):
        references, base, tuned = (
            [texts[place] for place in part.places]
            for texts in (measured.references, measured.base.answers, measured.tuned.answers)
        )
        figures = (
            metric.interval(references, base, seed),
            metric.interval(references, tuned, seed),
            metric.difference(references, base, tuned, seed),
        )
        name = f"{part.kind} {part.name}"
        tolerance = measured.settings.limits.slice_tolerance
        found.append((part.kind, hold(name, len(part.places), figures, tolerance, metric.higher_is_better)))
    return found


def held_general(measured: Measured) -> Held:
    """Decide about the general questions. They are always the same ones, so a fall is no accident of drawing them."""
    seed, tolerance = measured.settings.seed, measured.settings.limits.general_tolerance
    base, tuned = measured.base.general, measured.tuned.general
    assert base is not None
    assert tuned is not None
    figures = (
        of_mean(base.probabilities, seed),
        of_mean(tuned.probabilities, seed),
        of_difference(base.probabilities, tuned.probabilities, seed),
    )
    return hold(GENERAL, len(base.probabilities), figures, tolerance, drawn=False)
