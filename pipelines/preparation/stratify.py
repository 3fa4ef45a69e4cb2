"""A split with the same shares in each stratum, such as each label: where a record stands follows from its own text
still, and only how far a side reaches from the counts of its stratum.

A text has a position in [0, 1) by its seeded hash (`identity.position`). Each stratum has bounds of its own for
`test` and `validation`, set so that as many of its positions lie below as its share asks for. Positions are counted
in bins, so that what comes to the driver is bounded whatever the number of records is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pipelines.preparation.comparing import Compared
from pipelines.preparation.errors import TooManyStrata
from pipelines.preparation.identity import position, side
from pipelines.preparation.records import NEW, Candidate
from pipelines.preparation.settings import Settings, Split

BINS = 1024
MOST_STRATA = 1000
_NAME_CHARACTERS = 200


class Bounds(NamedTuple):
    """Where the sides of a stratum end: texts below `test` are for testing, those below `validation` for validation."""

    test: float
    validation: float


Strata = Mapping[str, Bounds]
Counts = Counter[tuple[str, int]]


def stratum_of(record: Candidate, by: str) -> str:
    """Return the stratum of a record: its target, or the file that it comes from."""
    return record.example.target[:_NAME_CHARACTERS] if by == "target" else record.line.key


def count_positions(compared: Iterable[Compared], settings: Settings) -> Counts:
    """Count the records that are to be divided, by stratum and bin."""
    counts: Counts = Counter()
    split = settings.own_split
    for one in compared:
        if one.refusal is None and _is_divided(one, settings):
            place = position(one.record.example.text, split.seed)
            counts[stratum_of(one.record, split.stratify), int(place * BINS)] += 1
        if len(counts) > MOST_STRATA * BINS:
            raise _too_many(split.stratify)
    return counts


def bounds_of(counts: Counts, split: Split) -> Strata:
    """Return the bounds of each stratum; raises `TooManyStrata`."""
    bins: dict[str, Counter[int]] = {}
    for (stratum, place), count in counts.items():
        bins.setdefault(stratum, Counter())[place] += count
    if len(bins) > MOST_STRATA:
        raise _too_many(split.stratify)
    return {stratum: _bounds(of_stratum, split) for stratum, of_stratum in sorted(bins.items())}


def split_of(compared: Compared, settings: Settings, strata: Strata | None) -> str:
    """Return the side on which a kept record stands.

    What an earlier run has kept, or is for testing, stays where it is. Near-duplicates that are kept stand together,
    where the hash of their representative puts them: their strata may be several.
    """
    record, mark = compared.record, compared.mark
    if strata is not None and _is_divided(compared, settings):
        split = settings.own_split
        return side(position(record.example.text, split.seed), *strata[stratum_of(record, split.stratify)])
    return mark.split if mark is not None and record.origin == NEW else record.split


def _is_divided(compared: Compared, settings: Settings) -> bool:
    """Whether a record's side is its own to choose."""
    alone = compared.mark is None or settings.near_duplicates.action == "drop"
    return compared.record.origin == NEW and alone


def _bounds(bins: Counter[int], split: Split) -> Bounds:
    total = bins.total()
    wanted = round(total * split.test), round(total * (split.test + split.validation))
    test, validation = (_reach(bins, count) / BINS for count in wanted)
    return Bounds(test, validation)


def _reach(bins: Counter[int], wanted: int) -> int:
    """Return the first bin before which as many are as are wanted, or nearest to that."""
    reached = 0
    for place in sorted(bins):
        if reached + bins[place] / 2 > wanted:
            return place
        reached += bins[place]
    return BINS


def _too_many(by: str) -> TooManyStrata:
    return TooManyStrata(
        f"The records have more than {MOST_STRATA:,} different {'targets' if by == 'target' else 'files'}: too many to "
        "divide each by itself. Set data.split.stratify to none."
    )
