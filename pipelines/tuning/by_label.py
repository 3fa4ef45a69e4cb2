"""How well each label is told from the others: precision, recall and F1 by label, and which was taken for which.

Which labels are listed, and in what order, is decided by the records alone: so the figures of all models that answered
the same records stand line by line beside each other. As in `lambdas/shared/by_label.py`, which gives the same of the
candidates: a test holds the two against each other.

Document: ``{"figures": [{"label", "support", "given", "precision", "recall", "f1"}], "left_out": {"labels",
"examples"}, "confusion": {"labels", "others", "rows"}}``. ``support`` is how many records have the label, ``given`` how
many answers; a share of nothing is None. A row of the confusion matrix is a label of the records; its columns are the
answers' labels, last of them no label (or several). Where ``others`` labels have no row of their own, one row and
one column, before the last, are of them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipelines.tuning.labels import given_by, plain

# Of more labels those with the fewest records are left out of the figures, or are one in the matrix.
MOST_LISTED = 50
MOST_IN_MATRIX = 12


def by_label(labels: Sequence[str], references: Sequence[str], answers: Sequence[str]) -> dict[str, Any]:
    """Give the document; `labels` are those of the train split, the most frequent first."""
    wanted = [plain(reference, labels) for reference in references]
    given = [given_by(answer, labels) for answer in answers]
    pairs, support, answered = Counter(zip(wanted, given, strict=True)), Counter(wanted), Counter(given)
    # A label that only the records have was in none of those that training looked at.
    order = sorted({*support, *labels}, key=lambda label: (-support[label], _place(label, labels), label))
    left_out = order[MOST_LISTED:]
    return {
        "figures": [_figures(label, support[label], answered[label], pairs) for label in order[:MOST_LISTED]],
        "left_out": {"labels": len(left_out), "examples": sum(support[label] for label in left_out)},
        "confusion": _confusion(order, pairs),
    }


def _place(label: str, labels: Sequence[str]) -> int:
    return labels.index(label) if label in labels else len(labels)


def _figures(
    label: str, support: int, given: int, pairs: Counter[tuple[str, str | None]]
) -> dict[str, str | int | float | None]:
    right = pairs[label, label]
    return {
        "label": label,
        "support": support,
        "given": given,
        "precision": _share(right, given),
        "recall": _share(right, support),
        "f1": _share(2 * right, support + given),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _confusion(order: Sequence[str], pairs: Counter[tuple[str, str | None]]) -> dict[str, object]:
    own = list(order if len(order) <= MOST_IN_MATRIX else order[: MOST_IN_MATRIX - 1])
    others, places = len(order) - len(own), {label: place for place, label in enumerate(own)}
    width = len(own) + (others > 0)
    rows = [[0] * (width + 1) for _ in range(width)]
    for (wanted, given), count in pairs.items():
        column = width if given is None else places.get(given, len(own))
        rows[places.get(wanted, len(own))][column] += count
    return {"labels": own, "others": others, "rows": rows}
