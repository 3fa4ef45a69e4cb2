"""Which shares to set is told so that the very records which were divided fill them, by the preparation's own split."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import assume, example, given
from hypothesis import strategies as st

from lambdas.shared import shares
from lambdas.shared.shares import PLACES, Divided
from lambdas.shared.split import FEWEST_MEASURED, FEWEST_TESTED, Short
from lambdas.shared.split import Split as SplitOfRun
from pipelines.preparation import parts
from pipelines.preparation.errors import TooManyStrata
from pipelines.preparation.identity import assign_split, position, side
from pipelines.preparation.settings import Split
from pipelines.preparation.stratify import BINS, bounds_of

NEEDED = {"train": 1, "validation": FEWEST_MEASURED, "test": FEWEST_TESTED}
SHARE = st.integers(1, 24).map(lambda hundredths: hundredths / 100)


def texts(records: int, seed: int) -> list[str]:
    return [f"this is text {number} of data set {seed}" for number in range(records)]


def told(split: Split, held: Counter[str], divided: Divided, records: int) -> tuple[str, Split | None]:
    """The advice, and the split that it advises, if any."""
    short = [Short(name, held[name], NEEDED[name]) for name in ("validation", "test") if held[name] < NEEDED[name]]
    assume(short)
    words = SplitOfRun(split.validation, split.test, split.stratify).remedy(*short, records=records, divided=divided)
    found = {name: float(share) for name, share in re.findall(r"data\.split\.(\w+) to (0\.\d+)", words)}
    if not found:
        return words, None
    new = {"validation": split.validation, "test": split.test} | found
    assert new["validation"] + new["test"] <= 0.5 + 1e-9
    return words, Split(**new, seed=split.seed, stratify=split.stratify)


def counted(records: list[str], seed: int) -> list[int]:
    """The places of records, as the manifest has them."""
    places = Counter(int(position(text, seed) * PLACES) for text in records)
    return [places[place] for place in range(PLACES)]


@given(st.integers(40, 400), st.integers(0, 10**6), SHARE, SHARE)
# Test alone is short: its larger share takes the records that validation held.
@example(120, 20, 0.05, 0.1)
def test_the_shares_that_are_advised_hold_enough_of_the_records_that_were_divided(
    records: int, seed: int, validation: float, test: float
) -> None:
    split, data = Split(validation, test, 13), texts(records, seed)
    held = Counter(assign_split(text, split) for text in data)

    words, advised = told(split, held, Divided(NEEDED, counted(data, 13)), records)

    if advised is None:
        assert "No data.split" in words
        return
    again = Counter(assign_split(text, advised) for text in data)
    assert all(again[name] >= needed for name, needed in NEEDED.items()), words


@given(st.integers(36, 60), st.integers(0, 10**6), SHARE, SHARE)
def test_no_shares_are_advised_only_where_none_hold_enough(
    records: int, seed: int, validation: float, test: float
) -> None:
    split, data = Split(validation, test, 13), texts(records, seed)
    held = Counter(assign_split(text, split) for text in data)
    _, advised = told(split, held, Divided(NEEDED, counted(data, 13)), records)
    assume(advised is None)

    for of_test in range(round(100 * test), 50):
        for of_validation in range(round(100 * validation), 51 - of_test):
            other = Split(of_validation / 100, of_test / 100, 13)
            sides = Counter(assign_split(text, other) for text in data)
            assert any(sides[name] < needed for name, needed in NEEDED.items())


@given(st.integers(60, 400), st.integers(1, 6), st.integers(0, 10**6), SHARE, SHARE)
def test_the_shares_that_are_advised_for_strata_hold_enough_whatever_they_round(
    records: int, strata: int, seed: int, validation: float, test: float
) -> None:
    split = Split(validation, test, 13, "target")
    counts = Counter((str(n % strata), int(position(text, 13) * BINS)) for n, text in enumerate(texts(records, seed)))

    words, advised = told(split, divided_by(counts, split), Divided(NEEDED, strata=strata), records)

    assume(advised is not None)
    assert advised is not None
    again = divided_by(counts, advised)
    assert all(again[name] >= needed for name, needed in NEEDED.items()), words


def divided_by(counts: Counter[tuple[str, int]], split: Split) -> Counter[str]:
    """Divide strata as the preparation does."""
    held: Counter[str] = Counter()
    try:
        bounds = bounds_of(counts, split)
    except TooManyStrata:
        assume(False)
    for (stratum, place), count in counts.items():
        held[side(place / BINS, *bounds[stratum])] += count
    return held


def test_places_and_bins_are_those_of_the_preparation() -> None:
    assert (shares.PLACES, shares.BINS) == (parts.PLACES, BINS)
