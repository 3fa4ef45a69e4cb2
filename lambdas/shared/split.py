"""How a run's records are divided, and what to change where one side holds too few."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lambdas.shared.fields import Fields

# Below this many records a confidence interval says nothing.
FEWEST_MEASURED = 5
# As for the gate of the pipeline: fewer tell nothing of a tuned model, whatever they score.
FEWEST_TESTED = 16
MOST_HELD_OUT = 0.5


@dataclass(frozen=True)
class Split:
    """The shares of the records that are held out.

    Attributes:
        validation: the candidates' share.
        test: the final figures' share; 0 where the user brings a test set.
        stratify: what has its share on each side, or ``none``.
    """

    validation: float
    test: float
    stratify: str = "none"

    def share(self, side: str) -> float:
        """Give the share of a side."""
        return {"validation": self.validation, "test": self.test}.get(side, 1 - self.validation - self.test)

    def records_for(self, side: str, needed: int) -> int:
        """Give how many usable records in all would do for so many on a side.

        >>> Split(0.1, 0.1).records_for("validation", 16), Split(0.1, 0.1, "target").records_for("validation", 16)
        (263, 160)
        """
        return math.ceil(self._due(needed) / self.share(side) - 1e-9)

    def records_of(self, side: str, holds: int) -> float:
        """Give how many usable records there are in all, roughly, where a side holds so many."""
        return holds / (self.share(side) or 1)

    def remedy(self, side: str, needed: int, records: float) -> str:
        """Say what to set, and to what, so that of so many usable records enough are held out on a side.

        >>> Split(0.1, 0.2).remedy("validation", 16, 120)
        'Set data.split.validation to 0.22, or bring about 263 usable records: at its 0.1, so many would do.'
        """
        if side == "test" and not self.test:
            return f"Add records to the test set that data.evaluation_set names until {needed:,} are usable."
        share, other = self.share(side), self.test if side == "validation" else self.validation
        bring = f"bring about {self.records_for(side, needed):,} usable records: at its {share:g}, so many would do."
        larger = math.ceil(100 * self._due(needed) / max(records, 1) - 1e-9) / 100
        if larger + other > MOST_HELD_OUT:
            return f"No data.split.{side} would do that leaves half of the records for training; {bring}"
        return f"Set data.split.{side} to {larger:g}, or {bring}"

    def _due(self, needed: int) -> float:
        """Give how many are to be expected on a side, so that hardly ever fewer than needed are there.

        A record's side follows from the hash of its text, so the number varies by its root. Strata keep their shares.
        """
        return needed if self.stratify != "none" else (1 + math.sqrt(1 + needed)) ** 2

    def document(self) -> dict[str, object]:
        """Give what `parse_split` reads."""
        return {"validation": self.validation, "test": self.test, "stratify": self.stratify}


def parse_split(fields: Fields) -> Split:
    """Read the object that `Split.document` gives."""
    return Split(
        fields.number("validation", minimum=0, maximum=1),
        fields.number("test", minimum=0, maximum=1),
        fields.text("stratify"),
    )


def split_of(data: Fields) -> Split:
    """Read the split out of a run's settings of `data`."""
    split = parse_split(data.fields("split"))
    return Split(split.validation, 0.0, split.stratify) if data.as_dict().get("evaluation_set") else split
