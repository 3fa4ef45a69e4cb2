"""How good a model's answers are, by the metric of the settings, and how sure the difference of two models is.

All metrics but macro-F1 are means over the answers. Definitions are those of `lambdas/shared/metrics.py`, by which the
candidates were measured; the quality floor is one for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pipelines.tuning.bootstrap import interval
from pipelines.tuning.container import TuningError
from pipelines.tuning.intervals import LEVEL, Interval, of_classes, of_difference, of_mean
from pipelines.tuning.labels import given_by, plain
from pipelines.tuning.rouge import rouge_l
from pipelines.tuning.squad import exact_match, token_f1

OF_TEXTS: Mapping[str, Callable[[str, str], float]] = MappingProxyType(
    {"rougeL": rouge_l, "exactMatch": exact_match, "tokenF1": token_f1}
)
MACRO_F1 = "macroF1"
OF_LABELS = (MACRO_F1, "accuracy")
NAMES = (*OF_TEXTS, *OF_LABELS)
NO_LABEL = -1


class Metric:
    """One of `NAMES`.

    Args:
        name: what the settings call it.
        labels: those of the train split, for the metrics of labels.

    Raises:
        TuningError: it is a metric of labels, and there are none.
    """

    def __init__(self, name: str, labels: Sequence[str] = ()) -> None:
        if name in OF_LABELS and not labels:
            raise TuningError(
                f"{name} compares labels, and training found none: the targets of the train split are too many, too "
                "long or empty. Name the column of the labels in data.columns.target, or make task.kind generation."
            )
        self.name = name
        self.higher_is_better = True
        self.labels = list(labels) if name in OF_LABELS else []

    def score(self, reference: str, answer: str) -> float:
        """Give what one answer scores, 0 to 1."""
        if self.name in OF_LABELS:
            return float(given_by(answer, self.labels) == plain(reference, self.labels))
        return OF_TEXTS[self.name](reference, answer)

    def value(self, references: Sequence[str], answers: Sequence[str]) -> float:
        """Give the figure of all answers, 0 to 1."""
        if self.name == MACRO_F1:
            return macro_f1(*self._classes(references, answers))
        scores = [self.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
        return sum(scores) / len(scores)

    def interval(self, references: Sequence[str], answers: Sequence[str], seed: int) -> Interval:
        """Give the figure of all answers with its bounds."""
        if self.name != MACRO_F1:
            return of_mean([self.score(r, a) for r, a in zip(references, answers, strict=True)], seed)
        wanted, given = self._classes(references, answers)
        value, drawn = interval(lambda places: macro_f1(wanted[places], given[places]), len(wanted), seed, LEVEL)
        return of_classes(wanted, given, value, drawn)

    def difference(self, references: Sequence[str], base: Sequence[str], tuned: Sequence[str], seed: int) -> Interval:
        """Give tuned minus base on the same examples, with its bounds."""
        if self.name == MACRO_F1:
            wanted, first = self._classes(references, base)
            _, second = self._classes(references, tuned)

            def change(drawn: NDArray[np.intp]) -> float:
                return macro_f1(wanted[drawn], second[drawn]) - macro_f1(wanted[drawn], first[drawn])

            value, (low, high) = interval(change, len(wanted), seed, LEVEL)
            return Interval(value, low, high)
        before, after = (
            [self.score(reference, answer) for reference, answer in zip(references, answers, strict=True)]
            for answers in (base, tuned)
        )
        return of_difference(before, after, seed)

    def _classes(self, references: Sequence[str], answers: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Number the classes of references and answers alike; an answer without a label has none."""
        wanted = [plain(r, self.labels) for r in references]
        given = [given_by(a, self.labels) for a in answers]
        numbers = {label: number for number, label in enumerate(sorted({*wanted, *self.labels}))}
        return (
            np.array([numbers[label] for label in wanted]),
            np.array([numbers[label] if label is not None else NO_LABEL for label in given]),
        )


def macro_f1(wanted: NDArray[np.intp], given: NDArray[np.intp]) -> float:
    """Give the mean of F1 over the classes that the references have."""
    classes, places = np.unique(wanted, return_inverse=True)
    counts = np.bincount(places)
    right = np.bincount(places, weights=wanted == given)
    answered = np.array([(given == label).sum() for label in classes])
    return float((2 * right / (counts + answered)).mean())
