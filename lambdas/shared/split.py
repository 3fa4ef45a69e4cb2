"""How a run's records are divided, and what to change where one side holds too few."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lambdas.shared.fields import Fields
from lambdas.shared.shares import MOST_HELD_OUT, Divided, shares_that_hold

# Below this many records a confidence interval says nothing.
FEWEST_MEASURED = 5
# As for the gate of the pipeline: fewer tell nothing of a tuned model, whatever they score.
FEWEST_TESTED = 16
TEST_SET = "the test set that data.evaluation_set names"


@dataclass(frozen=True)
class Short:
    """A side that holds fewer records than it needs."""

    side: str
    holds: int
    needed: int


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

    def remedy(self, *short: Short, records: float | None = None, divided: Divided | None = None) -> str:
        """Say what to set, and to what, so that each side that is short holds enough.

        Where the places of the records are known, the shares are such that these very records fill them.

        Args:
            short: the sides, all of them: what one takes the other has not.
            records: how many usable records were divided; None: as many as the first side's share tells.
            divided: what more is known of them.

        >>> Split(0.1, 0.2).remedy(Short("validation", 12, 16))
        'Set data.split.validation to 0.22, or bring about 263 usable records: at its 0.1, so many would do.'
        """
        known = divided or Divided()
        brought = [one for one in short if not self.share(one.side)]
        told = [f"Add records to {TEST_SET} until {one.needed:,} are usable." for one in brought]
        ours = [one for one in short if one not in brought]
        if ours:
            told.append(self._larger(ours, records or self.records_of(ours[0].side, ours[0].holds), known))
        return " ".join(told)

    def _larger(self, short: Sequence[Short], records: float, divided: Divided) -> str:
        """Say by which shares, or by how many records, sides hold enough."""
        due = {one.side: self._due_beside(one, records, divided.lost(records)) for one in short}
        shares = self._shares(due, records, divided)
        many = max(math.ceil(count / self.share(side) - 1e-9) for side, count in due.items())
        held = f"at {'its' if len(due) == 1 else 'their'} {' and '.join(f'{self.share(side):g}' for side in due)}"
        beside = "" if self.test else f" beside {TEST_SET}"
        bring = f"bring about {many:,} usable records{beside}: {held}, so many would do."
        if shares is None:
            names = " and ".join(f"data.split.{side}" for side in due)
            return f"No {names} would do that leaves half of the records for training; {bring}"
        new = {side: share for side, share in shares.items() if side in due or share != self.share(side)}
        return f"Set {' and '.join(f'data.split.{side} to {share:g}' for side, share in new.items())}, or {bring}"

    def _shares(self, due: Mapping[str, float], records: float, divided: Divided) -> dict[str, float] | None:
        """Give the shares of both sides that would do; None where they leave less than half for training."""
        if sum(divided.places) == records and self.stratify == "none":
            return shares_that_hold(self.validation, self.test, set(due), divided)
        shares = {"validation": self.validation, "test": self.test}
        # Where one side ends the other begins: one that holds enough by the luck of rounding may lose it.
        both = [side for side, share in shares.items() if share and divided.strata]
        lucky = {side: self._due(divided.needed.get(side, 0), divided.lost(records)) for side in both}
        for side, count in (*due.items(), *lucky.items()):
            shares[side] = max(shares[side], math.ceil(100 * count / max(records, 1) - 1e-9) / 100)
        return shares if sum(shares.values()) <= MOST_HELD_OUT else None

    def _due_beside(self, one: Short, records: float, lost: int) -> float:
        """Give how many are to be expected on a side that has turned out short.

        Its share may have brought it fewer than that many, by chance or because small strata round to nothing; and what
        stands there stays. So what is missing is due beside what its share brings now, which is always more than now.
        """
        due, missing = self._due(one.needed, lost), self._due(one.needed - one.holds, lost)
        return max(due, self.share(one.side) * records + missing)

    def _due(self, needed: int, lost: int = 0) -> float:
        """Give how many are to be expected on a side, so that hardly ever fewer than needed are there.

        A record's side follows from the hash of its text, so the number varies by its root. Strata may lose some to
        rounding, and all together no more than half: then the preparation divides nothing.
        """
        return needed + min(lost, needed) if self.stratify != "none" else (1 + math.sqrt(1 + needed)) ** 2

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
