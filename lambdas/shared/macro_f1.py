"""Macro-F1: the mean of F1 over the classes that the references have, and how sure it is by each one's own records."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.shared.figures import Interval, mean, sure_share

# Of each record, the class that its reference is, and the one that the answer gives.
Classes = tuple[str, str | None]


@dataclass(frozen=True)
class _Tally:
    """Of one class: how many records have it, how many answers give it, and how many of those are right."""

    wanted: int
    given: int
    right: int

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.wanted + self.given)

    @property
    def alike(self) -> bool:
        """Whether its records are all right or all wrong: then drawing them anew changes nothing."""
        return self.right in (0, self.wanted)


def macro_f1(classes: Sequence[Classes]) -> float:
    """Give macro-F1 over (reference, answer) classes.

    >>> macro_f1([("cat", "cat"), ("cat", "dog"), ("dog", "dog"), ("dog", None)])
    0.5833333333333333
    """
    return mean([tally.f1 for tally in _tallies(classes)])


def _tallies(classes: Sequence[Classes]) -> list[_Tally]:
    """Count by class of the references; sorted, so that a sum's last bits do not hang on the order of the records."""
    wanted: dict[str, int] = {}
    given: dict[str | None, int] = {}
    right: dict[str, int] = {}
    for reference, answer in classes:
        wanted[reference] = wanted.get(reference, 0) + 1
        given[answer] = given.get(answer, 0) + 1
        if reference == answer:
            right[reference] = right.get(reference, 0) + 1
    return [_Tally(count, given.get(label, 0), right.get(label, 0)) for label, count in sorted(wanted.items())]


def not_surer_than_each_class(interval: Interval, classes: Sequence[Classes]) -> Interval:
    """Give macro-F1's interval the width that drawing anew cannot see: that of each class, by its own few records.

    Three right answers of three make their class as unsure as three records do, however many the other classes have.
    The classes' widths add up as independent errors do. A class whose answers are neither all right nor all wrong
    shows its width in the draws; it is only never thought surer than one whose answers are.
    """
    tallies = _tallies(classes)

    def width(drawn: float, reach: Sequence[float]) -> float:
        """Give the width to one side; `reach` is how far each class's figure may move to it."""
        unseen = [
            (1 - sure_share(tally.wanted, interval.level)) * by / len(tallies)
            for tally, by in zip(tallies, reach, strict=True)
        ]
        alike = [by for by, tally in zip(unseen, tallies, strict=True) if tally.alike]
        return max(math.hypot(max(0.0, drawn), *alike), math.hypot(*unseen))

    value = interval.value
    low = value - width(value - interval.low, [tally.f1 for tally in tallies])
    high = value + width(interval.high - value, [1 - tally.f1 for tally in tallies])
    return Interval(value, max(0.0, low), min(1.0, high), interval.level)
