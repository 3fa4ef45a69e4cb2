"""Too few records for validation or test are refused before anything begins, where that is sure, and told where not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cdk_app.settings import load_settings
from lambdas.select_model.choosing import WIDEST_MARGIN
from lambdas.shared.figures import Interval, not_surer_than_the_sample, records_for
from lambdas.shared.split import FEWEST_MEASURED, FEWEST_TESTED
from lambdas.shared.split import Split as SplitOfRun
from pipelines.preparation.errors import TooManyStrata
from pipelines.preparation.identity import assign_split, position
from pipelines.preparation.identity import side as side_of
from pipelines.preparation.settings import Split
from pipelines.preparation.stratify import BINS, bounds_of
from pipelines.tuning.gate import FEWEST_EXAMPLES
from twin.run import held_out
from twin.run.data_files import find_data_files
from twin.run.preflight import Given, RunRefused, check

PROJECT = Path(__file__).resolve().parents[3]
LABELS = ("bug", "question", "praise")
Check = Callable[..., tuple[str, ...]]


@pytest.fixture
def checked(tmp_path: Path) -> Check:
    """Check a run with so many labelled records, a classification's, and settings of one's own."""

    def start(
        records: int,
        *,
        data: dict[str, Any] | None = None,
        evaluation: int = 0,
        overrides: dict[str, Any] | None = None,
        csv: bool = False,
        **twin: Any,
    ) -> tuple[str, ...]:
        document = yaml.safe_load((PROJECT / "workflow.yaml").read_text())
        document["task"] |= {"kind": "classification"}
        document["data"] |= {
            "dataset": "tickets",
            "columns": {"text": "text", "target": "label"},
            "filters": {"min_target_words": 1},
            "minimum_records": 10,
            **(data or {}),
        }
        document["selection"] |= {"metric": "accuracy", "candidates": [{"model": "nova-micro"}]}
        document["environments"]["prod"] = {}
        candidate = {"model": "smollm2-135m-instruct", "imported_model_id": "smollm2q41v1"}
        document["environments"]["twin"]["selection"]["candidates"] = [candidate]
        for section, values in twin.items():
            document["environments"]["twin"].setdefault(section, {}).update(values)
        workflow = tmp_path / "workflow.yaml"
        workflow.write_text(json.dumps(document, indent=1))
        own = find_data_files("--data", [written(tmp_path / f"tickets.{'csv' if csv else 'jsonl'}", records)])
        test = [written(tmp_path / "test.jsonl", evaluation)] if evaluation else []
        tests = find_data_files("--evaluation-data", test) if test else None
        return check(Given(load_settings(workflow, "twin"), workflow, own, tests, overrides or {}))

    return start


def written(path: Path, records: int) -> Path:
    rows = [(f"text {number}", LABELS[number % 3]) for number in range(records)]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    if path.suffix == ".csv":
        lines = ["text,label", *(f"{text},{label}" for text, label in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def refused(checked: Check, records: int, **settings: Any) -> list[str]:
    with pytest.raises(RunRefused) as caught:
        checked(records, **settings)
    return str(caught.value).splitlines()


def test_a_split_that_is_surely_too_small_is_refused_with_its_numbers_and_what_to_set(
    checked: Check, tmp_path: Path
) -> None:
    test, validation = refused(checked, 66)

    assert test.startswith(f"{tmp_path / 'workflow.yaml'}:")
    assert "data.split.test: of 66 records at most, about 7 are for test, surely fewer than 16" in test
    assert ". Bring about 263 usable records; or set tuning.enabled to false" in test, "three labels may lose one each"
    assert (
        "data.split.validation: of 66 records at most, about 7 are for validation, surely fewer than 16" in validation
    )


def test_one_side_alone_gets_a_share_that_leaves_enough_for_training(checked: Check) -> None:
    [test] = refused(checked, 150, data={"split": {"validation": 0.3, "test": 0.02}, "minimum_records": 50})
    assert "about 3 are for test, surely fewer than 16" in test
    assert "Set it to 0.2, or bring about 1,313 usable records" in test

    by_label = "".join(checked(80))
    assert by_label.count("Set data.split.stratify to target and this to 0.24, or bring about 263 usable records") == 2

    [test] = refused(checked, 66, data={"split": {"validation": 0.4, "test": 0.1}})
    assert ". Bring about 263 usable records" in test, "no share would do, not even one by label"


def test_what_was_advised_is_accepted(checked: Check) -> None:
    assert checked(150, data={"split": {"validation": 0.3, "test": 0.2}}) == ()
    assert checked(263) == ()
    assert checked(80, data={"split": {"validation": 0.24, "test": 0.24, "stratify": "target"}}) == ()


def test_a_split_that_is_perhaps_too_small_is_told_and_the_run_goes_on(checked: Check) -> None:
    notices = checked(150)

    assert ["perhaps fewer than 16" in notice for notice in notices] == [True, True]
    assert "data.split.validation: of 150 records at most, about 15 are for validation" in notices[0]
    assert "on fewer it may not be told whether a candidate reaches the floor" in notices[0]


def test_where_nothing_is_tuned_the_test_split_is_not_measured_and_a_small_sample_is_only_told(checked: Check) -> None:
    [notice] = checked(66, tuning={"enabled": False})
    assert "data.split.validation" in notice
    assert (
        checked(66, tuning={"enabled": False}, selection={"sample_size": 8}, data={"split": {"validation": 0.3}}) == ()
    )


def test_too_few_records_to_measure_a_candidate_are_refused(checked: Check) -> None:
    small = {"split": {"validation": 0.01, "test": 0.1}, "minimum_records": 100}
    words, validation = refused(checked, 60, tuning={"enabled": False}, data=small)
    assert "data.minimum_records asks for 100" in words
    assert "about 1 are for validation, surely fewer than 5: no candidate is measured on fewer" in validation
    assert "Set data.split.stratify to target and this to 0.32, or bring about 2,625 usable" in validation


def test_near_duplicates_that_are_kept_may_all_stand_on_one_side(checked: Check) -> None:
    kept = {"near_duplicates": {"action": "keep"}}
    assert len(checked(66, data=kept)) == 2
    assert "surely fewer than 16" in "".join(refused(checked, 15, data=kept))


def test_of_strata_no_more_is_sure_than_that_each_rounds_its_share(checked: Check) -> None:
    by_label = {"split": {"validation": 0.2, "test": 0.2, "stratify": "target"}}
    assert "perhaps fewer than 16" in "".join(checked(70, data=by_label)), "14 and three labels are more than 16"
    few = "10.8, three labels, and two that share a place are not"
    assert "surely fewer than 16" in "".join(refused(checked, 54, data=by_label)), few
    assert "perhaps fewer than 16" in "".join(checked(54, data=by_label, csv=True)), "nobody has counted the labels"
    by_file = {"split": {"validation": 0.2, "test": 0.2, "stratify": "source"}}
    assert "perhaps fewer than 16" in "".join(checked(66, data=by_file))
    assert "surely fewer than 16" in "".join(refused(checked, 64, data=by_file)), "12.8, one file, and two are not"


def test_of_strata_each_may_lose_one_to_rounding_but_all_together_no_more_than_half(checked: Check) -> None:
    by_label = {"split": {"validation": 0.1, "test": 0.1, "stratify": "target"}}
    notices = checked(189, data=by_label)
    assert ["perhaps fewer than 16" in notice for notice in notices] == [True, True], "18.9 less three labels are less"
    assert "Set it to 0.11, or bring about 190 usable records" in notices[0]
    assert checked(190, data=by_label) == ()
    each_its_own = {**by_label, "columns": {"text": "label", "target": "text"}}
    assert len(checked(319, data=each_its_own)) == 2
    assert checked(320, data=each_its_own) == (), "with less than 16 of 32 the preparation would divide nothing"


def test_a_test_set_of_one_s_own_is_counted_itself(checked: Check) -> None:
    own = {"evaluation_set": "held-out"}
    [words] = refused(checked, 300, data=own, evaluation=15)
    assert words.startswith("--evaluation-data: no more than 15 of the records can be used, and 16 are needed")
    assert checked(300, data=own, evaluation=16) == ()


def test_a_floor_that_so_few_records_cannot_surely_reach_is_refused(checked: Check) -> None:
    words = refused(checked, 150, selection={"floor": 0.95}, tuning={"enabled": False})
    assert "surely fewer than 72: on fewer no model surely reaches the floor of 0.95, however good" in words[0]
    assert "or lower selection.floor" in words[0]


def test_of_a_floor_that_a_tuned_model_cannot_reach_it_is_told_since_a_candidate_may_do_without(checked: Check) -> None:
    [test] = checked(400, overrides={"selection": {"floor": 0.98}})
    assert "data.split.test" in test
    assert "surely fewer than 183: on fewer no tuned model surely reaches the floor of 0.98" in test
    assert "or lower selection.floor" in test


def test_where_nothing_is_tuned_a_sample_on_which_no_candidate_reaches_the_floor_is_told(checked: Check) -> None:
    untuned: dict[str, Any] = {"tuning": {"enabled": False}}
    [notice] = checked(600, selection={"sample_size": 24, "floor": 0.9}, **untuned)
    assert "selection.sample_size: of 24 records no candidate surely reaches the floor of 0.9" in notice
    assert "it takes 36. Set it to 36, or lower selection.floor." in notice
    assert checked(600, selection={"sample_size": 36, "floor": 0.9}, **untuned) == ()
    assert checked(600, selection={"sample_size": 24, "floor": 0.9}) == (), "a tuned model is asked the whole of test"


def test_the_numbers_are_those_of_the_functions_and_of_the_gate() -> None:
    assert held_out.FEWEST_MEASURED == FEWEST_MEASURED
    assert held_out.BINS == BINS
    assert held_out.FEWEST_TESTED == FEWEST_TESTED == FEWEST_EXAMPLES
    assert [held_out.records_that_reach(floor) for floor in (0.2, 0.8, 0.99)] == [
        records_for(floor) for floor in (0.2, 0.8, 0.99)
    ]
    for strata in ("none", "target"):
        due = held_out.records_due(16, strata=None if strata == "none" else 0)
        assert -int(-due / 0.1 // 1) == SplitOfRun(0.1, 0.1, strata).records_for("test", 16)


def test_of_right_and_wrong_answers_so_many_are_always_enough_to_decide() -> None:
    def doubt(count: int) -> float:
        right = not_surer_than_the_sample(Interval(1, 1, 1), [1.0] * count)
        return right.value - right.low

    assert doubt(held_out.DECIDING) < WIDEST_MARGIN < doubt(held_out.DECIDING // 2)


def test_the_preparation_divides_as_the_chance_says() -> None:
    texts = [f"this is text number {number}" for number in range(66)]
    held = [sum(assign_split(text, Split(0.1, 0.1, seed)) == "test" for text in texts) for seed in range(400)]
    for needed in (5, 8, 16):
        share = sum(count < needed for count in held) / len(held)
        assert share == pytest.approx(held_out.chance_of_fewer(66, 0.1, needed), abs=0.08)


@given(st.integers(60, 600), st.sampled_from([5, 16, 36]))
def test_a_share_that_is_advised_is_the_least_that_is_surely_enough(records: int, needed: int) -> None:
    share = held_out.least_share(records, needed, strata=None)
    assert held_out.chance_of_fewer(records, min(share, 0.99), needed) <= 0.001 or share == 1
    assert share == 0.01 or held_out.chance_of_fewer(records, share - 0.01, needed) > 0.001


@pytest.mark.parametrize("records", [80, 150, 263, 600])
def test_a_share_that_is_advised_misses_in_no_one_of_some_hundred_data_sets(records: int) -> None:
    share, missed = held_out.least_share(records, FEWEST_TESTED, strata=None), 0
    split = Split(validation=share, test=share, seed=13)
    for data_set in range(200):
        sides = Counter(assign_split(f"text {number} of data set {data_set}", split) for number in range(records))
        missed += min(sides["test"], sides["validation"]) < FEWEST_TESTED
    assert missed == 0


@given(st.integers(60, 600), st.integers(1, 6), st.integers(0, 10**6))
def test_a_share_that_is_advised_for_strata_holds_enough_by_the_split_of_the_preparation(
    records: int, strata: int, seed: int
) -> None:
    share = held_out.least_share(records, FEWEST_TESTED, strata=strata)
    if 2 * share > 1:
        return
    places = (int(position(f"text {number} of data set {seed}", 13) * BINS) for number in range(records))
    counts = Counter((str(number % strata), place) for number, place in enumerate(places))
    held = held_by(counts, Split(share, share, 13, "target"))
    assert held is not None
    assert min(held["test"], held["validation"]) >= FEWEST_TESTED


STRATUM = st.lists(st.integers(1, 6), min_size=1, max_size=30)
"""How many records of a stratum have each of its places; many have the same where it is large."""
SHARES = st.floats(0.02, 0.25)


@given(st.lists(STRATUM, min_size=1, max_size=8), SHARES, SHARES)
def test_strata_give_a_side_no_more_than_its_share_and_one_each_but_for_those_that_share_a_place(
    strata: list[list[int]], validation: float, test: float
) -> None:
    counts = Counter(
        {
            (str(stratum), (BINS // len(places)) * place): count
            for stratum, places in enumerate(strata)
            for place, count in enumerate(places)
        }
    )
    held = held_by(counts, Split(validation, test, 13, "target"))
    if held is None:
        return

    total = counts.total()
    # A side ends at one place, or begins at one and ends at another, and of each no more than half is too many.
    beside = sum(max(places) // 2 for places in strata)
    assert abs(held["test"] - total * test) <= len(strata) + beside
    assert abs(held["validation"] - total * validation) <= len(strata) + 2 * beside


@pytest.mark.parametrize(("records", "strata"), [(74, 1), (600, 1), (3000, 1), (3000, 3)])
def test_of_texts_in_strata_hardly_ever_more_stand_on_a_side_than_is_told(records: int, strata: int) -> None:
    split, seeds = Split(0.2, 0.2, 13, "target"), 100
    more = 0
    for seed in range(seeds):
        places = (int(position(f"text {number}", seed) * BINS) for number in range(records))
        held = held_by(Counter((str(number % strata), place) for number, place in enumerate(places)), split)
        assert held is not None
        more += max(held.values()) > held_out.most_of_strata(records, 0.2, strata)
    assert more == 0


def held_by(counts: Counter[tuple[str, int]], split: Split) -> dict[str, int] | None:
    """Divide strata as the preparation does; None where it refuses to."""
    try:
        strata = bounds_of(counts, split)
    except TooManyStrata:
        return None
    held = {"test": 0, "validation": 0}
    for (stratum, place), count in counts.items():
        side = side_of(place / BINS, *strata[stratum])
        if side in held:
            held[side] += count
    return held
