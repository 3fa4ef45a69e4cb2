"""The quality metrics: which suit a kind of task, what one answer scores, and a candidate's figure with its interval.

All but macro-F1 are means over the answers. Macro-F1 has no score by answer, so its intervals come from drawing
answers anew and computing it each time. `pipelines/tuning/metrics.py` holds the same definitions for the tuned model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from lambdas.shared.figures import Interval, bootstrap, mean, not_surer_than_the_sample
from lambdas.shared.labels import Labels
from lambdas.shared.macro_f1 import Classes, macro_f1, not_surer_than_each_class
from lambdas.shared.rouge import rouge_l
from lambdas.shared.squad import exact_match, token_f1

CLASSIFICATION = "classification"
SUMMARIZATION = "summarization"
MACRO_F1 = "macroF1"
ACCURACY = "accuracy"
# These ask a model; `lambdas/evaluate_candidate/scoring.py` has them.
EMBEDDING_SIMILARITY = "embeddingSimilarity"
JUDGE = "judge"
METRICS_OF_KIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        SUMMARIZATION: ("rougeL", EMBEDDING_SIMILARITY),
        "generation": ("rougeL", JUDGE),
        CLASSIFICATION: (MACRO_F1, ACCURACY),
        "question_answering": ("exactMatch", "tokenF1"),
    }
)
OF_TEXTS: Mapping[str, Callable[[str, str], float]] = MappingProxyType(
    {"rougeL": rouge_l, "exactMatch": exact_match, "tokenF1": token_f1}
)


# None stands for a record that got no answer: it scores 0, which an empty answer may not.
Answers = Sequence[str | None]


class Metric(Protocol):
    """How good answers are, from 0 to 1. Lists go together, one place a record."""

    @property
    def name(self) -> str:
        """What the settings call it."""
        ...

    # A property too, since one metric has it for a field.
    @property
    def score(self) -> Callable[[str, str], float]:
        """Give what an answer scores by its reference."""
        ...

    def value(self, references: Sequence[str], answers: Answers) -> float:
        """Give the figure of all answers."""
        ...

    def interval(self, references: Sequence[str], answers: Answers) -> Interval:
        """Give the figure with its confidence interval."""
        ...

    def difference(self, references: Sequence[str], challenger: Answers, champion: Answers) -> Interval:
        """Give challenger minus champion on the same records, with its interval."""
        ...


@dataclass(frozen=True)
class MeanMetric:
    """A metric whose figure is the mean over the answers."""

    name: str
    score: Callable[[str, str], float]

    def value(self, references: Sequence[str], answers: Answers) -> float:
        """Give the mean."""
        return mean(self._scores(references, answers))

    def interval(self, references: Sequence[str], answers: Answers) -> Interval:
        """Give the mean with its interval."""
        scores = self._scores(references, answers)
        return not_surer_than_the_sample(bootstrap(scores, mean), scores)

    def difference(self, references: Sequence[str], challenger: Answers, champion: Answers) -> Interval:
        """Give the mean of the differences with its interval."""
        pairs = zip(self._scores(references, challenger), self._scores(references, champion), strict=True)
        return bootstrap([one - other for one, other in pairs], mean)

    def _scores(self, references: Sequence[str], answers: Answers) -> list[float]:
        pairs = zip(references, answers, strict=True)
        return [0.0 if answer is None else self.score(reference, answer) for reference, answer in pairs]


class MacroF1:
    """The mean of F1 over the classes that the references have; an answer without a label is a miss of its class."""

    name = MACRO_F1

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def score(self, reference: str, answer: str) -> float:
        """Give 1 for the right label, else 0."""
        return float(self._labels.given_by(answer) == self._labels.written(reference))

    def value(self, references: Sequence[str], answers: Answers) -> float:
        """Give macro-F1."""
        return macro_f1(self._classes(references, answers))

    def interval(self, references: Sequence[str], answers: Answers) -> Interval:
        """Give macro-F1 with its interval."""
        classes = self._classes(references, answers)
        return not_surer_than_each_class(bootstrap(classes, macro_f1), classes)

    def difference(self, references: Sequence[str], challenger: Answers, champion: Answers) -> Interval:
        """Give the difference of both figures over the same drawn records."""
        both = list(
            zip(self._classes(references, challenger), self._classes(references, champion), strict=True),
        )
        return bootstrap(both, lambda drawn: macro_f1([a for a, _ in drawn]) - macro_f1([b for _, b in drawn]))

    def _classes(self, references: Sequence[str], answers: Answers) -> list[Classes]:
        pairs = zip(references, answers, strict=True)
        return [(self._labels.written(r), None if a is None else self._labels.given_by(a)) for r, a in pairs]


def metric_named(name: str, labels: Sequence[str] = ()) -> Metric:
    """Give a metric by its name; those of classification know the labels.

    Raises:
        KeyError: there is none of this name.
    """
    if name == MACRO_F1:
        return MacroF1(Labels(labels))
    if name == ACCURACY:
        known = Labels(labels)
        return MeanMetric(name, lambda reference, answer: float(known.given_by(answer) == known.written(reference)))
    return MeanMetric(name, OF_TEXTS[name])
