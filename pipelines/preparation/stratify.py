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
_NAMES = {"target": "targets", "source": "files"}


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
    strata: set[str] = set()
    split = settings.own_split
    for one in compared:
        if one.refusal is None and _is_divided(one, settings):
            place = position(one.record.example.text, split.seed)
            stratum = stratum_of(one.record, split.stratify)
            counts[stratum, int(place * BINS)] += 1
            strata.add(stratum)
            if len(strata) > MOST_STRATA:
                raise _too_many(split.stratify)
    return counts


def added(one: Counts, other: Counts, split: Split) -> Counts:
    """Return the sum of two counts, in the place of the first; raises `TooManyStrata`."""
    one.update(other)
    if len({stratum for stratum, _ in one}) > MOST_STRATA:
        raise _too_many(split.stratify)
    return one


def bounds_of(counts: Counts, split: Split) -> Strata:
    """Return the bounds of each stratum; raises `TooManyStrata` where they are too small for that."""
    bins: dict[str, Counter[int]] = {}
    for (stratum, place), count in counts.items():
        bins.setdefault(stratum, Counter())[place] += count
    strata = {stratum: _bounds(of_stratum, split) for stratum, of_stratum in sorted(bins.items())}
    _check_reach(strata, bins, split)
    return strata


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


def _check_reach(strata: Strata, bins: Mapping[str, Counter[int]], split: Split) -> None:
    total = sum(of_stratum.total() for of_stratum in bins.values())
    counts = Counter[str]()
    for stratum, of_stratum in bins.items():
        for place, count in of_stratum.items():
            counts[side(place / BINS, *strata[stratum])] += count
    for name, share in (("test", split.test), ("validation", split.validation)):
        if (wanted := total * share) >= 1 and counts[name] < wanted / 2:
            raise TooManyStrata(
                f"{total:,} records have {len(bins):,} different {_NAMES[split.stratify]}, too few of each: {name} "
                f"would get {counts[name]:,} of them instead of {wanted:,.0f}. Labels of which there are many divide a "
                "data set, free text does not: set data.split.stratify to none."
            )


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
        f"The records have more than {MOST_STRATA:,} different {_NAMES[by]}: too many to "
        "divide each by itself. Set data.split.stratify to none."
    )
