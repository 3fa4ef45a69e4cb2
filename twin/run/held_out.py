"""Whether validation and test will hold enough records, told by numbers before anything is prepared.

The side of a record follows from the hash of its text, so how many stand on one is nearly sure, but not quite: a run is
refused where not one data set of this size in a thousand would do, and its user told where one in twenty would not. The
preparation only ever takes records away. How many are needed is said by the functions and the gate, whose code the
twin does not import; a test compares the numbers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from twin.run.given import Given

FEWEST_MEASURED = 5
FEWEST_TESTED = 16
DECIDING = 16
MOST_HELD_OUT = 0.5
BINS = 1024
"""Places that a text may have in its stratum, and by which a stratum is divided: those of one place stay together."""
LEVEL = 0.95
SURELY, PERHAPS = 0.999, 0.05
"""Chances of too few records on a side, from which on a run is refused, and its user told."""
SETTINGS_READ = (
    *(f"data.split.{name}" for name in ("validation", "test", "stratify")),
    "data.near_duplicates.action",
    "selection.floor",
    "selection.sample_size",
    "task.kind",
    "tuning.enabled",
    "tuning.objective",
)
"""What has to be valid before anything of this can be told."""


@dataclass(frozen=True)
class Counted:
    """How many usable records there are at most.

    Attributes:
        records: of the data set.
        strata: how many strata divide them, where they can be told.
        test: records of the user's own test set; None without one.
    """

    records: int
    strata: int | None = None
    test: int | None = None


@dataclass(frozen=True)
class Outlook:
    """What the numbers say, each with what to set to what: why the run cannot end well, and why it may not."""

    refusals: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Need:
    """So many records on a side, and why; fewer end the run surely, or `perhaps`."""

    side: str
    records: int
    why: str
    perhaps: bool = False
    otherwise: str = ""


def enough_to_tell(run: Given) -> int:
    """Give how many usable records are so many that counting on would tell nothing more."""
    return max(math.ceil(3 * need.records / _share(run, need.side)) for need in _needs(run))


def outlook(run: Given, counted: Counted) -> Outlook:
    """Hold what each side may get to what it needs."""
    short = [(need, how) for need in _needs(run) if (how := _shortness(run, counted, need))]
    # Whoever sees to a side sees to all that it needs at once.
    aims = {side: max(need.records for need, _ in short if need.side == side) for side in {n.side for n, _ in short}}
    refusals, notices = dict[str, str](), dict[str, str]()
    for need, how in short:
        said = refusals if how == "surely" and not need.perhaps else notices
        said.setdefault(need.side, _in_words(run, counted, need, how, aims))
    told = (words for side, words in notices.items() if side not in refusals)
    return Outlook(tuple(refusals.values()), (*told, *_small_sample(run)))


def chance_of_fewer(count: int, share: float, needed: int) -> float:
    """Give the chance that, of so many records, fewer than needed stand on a side that has this share.

    >>> round(chance_of_fewer(66, 0.1, 16), 4), round(chance_of_fewer(200, 0.1, 16), 2)
    (0.9994, 0.14)
    """
    if count < needed:
        return 1.0
    whole = math.lgamma(count + 1)
    logs = (
        whole - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * math.log(share) + (count - k) * math.log1p(-share)
        for k in range(needed)
    )
    return min(1.0, math.fsum(map(math.exp, logs)))


def records_that_reach(floor: float) -> int:
    """Give how many answers, all of them right, it takes until a share above the floor is sure."""
    return math.ceil(math.log((1 - LEVEL) / 2) / math.log(floor) - 1e-9)


def records_due(needed: int, *, strata: int | None) -> float:
    """Give how many have to be expected on a side, so that hardly ever fewer than needed are there.

    Each of so many strata may lose one to rounding, and all together no more than half: then the preparation divides
    nothing. Without strata (None) the number varies by its root.
    """
    return (1 + math.sqrt(1 + needed)) ** 2 if strata is None else needed + min(strata, needed)


def least_share(records: int, needed: int, *, strata: int | None) -> float:
    """Give the least share, in hundredths, by which a side of so many records surely holds as many as are needed.

    >>> least_share(150, 16, strata=None), least_share(150, 16, strata=3)
    (0.2, 0.13)
    """
    if strata is not None:
        due = records_due(needed, strata=max(strata, lost_to_shared_places(records)))
        return math.ceil(100 * due / max(records, 1) - 1e-9) / 100
    shares = (hundredths / 100 for hundredths in range(1, 100))
    return next((share for share in shares if chance_of_fewer(records, share, needed) <= 1 - SURELY), 1.0)


def lost_to_shared_places(records: int) -> int:
    """Give how many a side may lose where a stratum ends within a place: half of those that stand there by chance, at
    its either end, beside the one that is lost to rounding."""
    beside = 2 * records / BINS
    return math.ceil(1 + (beside + 3 * math.sqrt(beside) + 1) / 2)


def most_of_strata(records: int, share: float, strata: int) -> float:
    """Give how many records a side surely does not surpass where each stratum is divided by itself.

    Each rounds its share, and gives a side whole places: with the text at its either end come those that are in the
    same place by chance, for all strata together as many as if they were one.

    >>> most_of_strata(70, 0.2, 3)
    19.0
    """
    more = (k for k in itertools.count() if chance_of_fewer(2 * records, 1 / BINS, k + 1) >= SURELY)
    return records * share + strata + next(more)


def _needs(run: Given) -> Iterator[_Need]:
    """What each side needs; of one side the greatest first."""
    tuned, floor = run.settings.tuning.enabled, float(run.value("floor", "selection"))
    sure, lower = records_that_reach(floor), "lower selection.floor"
    reached = f"surely reaches the floor of {floor:g}, however good"
    if not tuned and sure > DECIDING:
        yield _Need("validation", sure, f"on fewer no model {reached}", otherwise=lower)
    decide = min(DECIDING, int(run.value("sample_size", "selection")))
    yield _Need("validation", decide, "on fewer it may not be told whether a candidate reaches the floor", perhaps=True)
    yield _Need("validation", FEWEST_MEASURED, "no candidate is measured on fewer")
    if tuned and sure > FEWEST_TESTED and run.value("objective", "tuning") == "supervised":
        # A candidate that is good enough is chosen without a tuned model, and test is not looked at.
        yield _Need("test", sure, f"on fewer no tuned model {reached}", perhaps=True, otherwise=lower)
    if tuned:
        untuned = "set tuning.enabled to false"
        yield _Need("test", FEWEST_TESTED, "a tuned model is not judged by fewer", otherwise=untuned)


def _shortness(run: Given, counted: Counted, need: _Need) -> str:
    """Say whether fewer than are needed are there `surely`, or `perhaps`; nothing where there are enough."""
    data, records = run.settings.data, counted.records
    if need.side == "test" and counted.test is not None:
        return "surely" if counted.test < need.records else ""
    share = _share(run, need.side)
    # Near-duplicates that are kept stand on a side together, and how many they are nobody knows yet.
    alone = data.near_duplicates.action == "drop"
    if _stratified(run):
        # Each stratum is divided by itself, and its share rounded, up or down.
        most = records if counted.strata is None or not alone else most_of_strata(records, share, counted.strata)
        perhaps = records * share < records_due(need.records, strata=counted.strata or 1)
    else:
        chance = chance_of_fewer(records, share, need.records)
        most = need.records - 1 if alone and chance >= SURELY else records
        perhaps = chance >= PERHAPS
    if most < need.records:
        return "surely"
    return "perhaps" if perhaps else ""


def _in_words(run: Given, counted: Counted, need: _Need, how: str, aims: Mapping[str, int]) -> str:
    otherwise = f"; or {need.otherwise}" if need.otherwise else ""
    if need.side == "test" and counted.test is not None:
        what = f"no more than {counted.test:,} of the records can be used"
        return f"--evaluation-data: {what}, and {need.records} are needed: {need.why}. Add records{otherwise}."
    share = _share(run, need.side)
    message = (
        f"of {counted.records:,} records at most, about {round(counted.records * share):,} are for {need.side}, {how} "
        f"fewer than {need.records}: {need.why}"
    )
    bring = math.ceil(records_due(aims[need.side], strata=_strata(run, counted)) / share - 1e-9)
    remedy = f"{_larger(run, counted, need, aims)} about {bring:,} usable records{otherwise}."
    return run.problem(("data", "split", need.side), message, remedy)


def _larger(run: Given, counted: Counted, need: _Need, aims: Mapping[str, int]) -> str:
    """Begin a remedy with the share that would do, where it and what the other side needs leave enough for training."""
    shares = _shares(run, counted, aims, _strata(run, counted))
    if sum(shares.values()) <= MOST_HELD_OUT:
        return f"Set it to {shares[need.side]:g}, or bring"
    shares = _shares(run, counted, aims, counted.strata or 1)
    if run.settings.task.kind == "classification" and sum(shares.values()) <= MOST_HELD_OUT:
        return f"Set data.split.stratify to target and this to {shares[need.side]:g}, or bring"
    return "Bring"


def _shares(run: Given, counted: Counted, aims: Mapping[str, int], strata: int | None) -> dict[str, float]:
    """Give the shares that would do; those of the settings where these do."""
    split = run.settings.data.split
    found = {"validation": split.validation, "test": split.test if counted.test is None else 0.0}
    for side, needed in aims.items():
        found[side] = max(found[side], least_share(counted.records, needed, strata=strata))
    return found


def _share(run: Given, side: str) -> float:
    split = run.settings.data.split
    return split.validation if side == "validation" else split.test


def _small_sample(run: Given) -> Iterator[str]:
    """Say that fewer are asked, however many there are, than it takes to reach the floor where nothing is tuned."""
    floor, size = float(run.value("floor", "selection")), int(run.value("sample_size", "selection"))
    sure = records_that_reach(floor)
    if run.settings.tuning.enabled or size >= sure:
        return
    message = f"of {size} records no candidate surely reaches the floor of {floor:g}, however good; it takes {sure}"
    yield run.problem(("selection", "sample_size"), message, f"Set it to {sure}, or lower selection.floor.")


def _strata(run: Given, counted: Counted) -> int | None:
    """Give how many strata divide the records, one at least where nobody has counted; None where none do."""
    return (counted.strata or 1) if _stratified(run) else None


def _stratified(run: Given) -> bool:
    return run.settings.data.split.stratify != "none"
