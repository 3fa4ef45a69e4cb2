"""Ranges, proposals, early stopping and the figures of a tuning job: what it tries and why, without running it."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.sagemaker.search import early_stopping, ranges, trials
from twin.sagemaker.search.proposals import STRATEGIES, Trial, by_chance, by_expected_improvement
from twin.sagemaker.search.ranges import Categorical, Numeric

Json = dict[str, Any]
places = st.floats(0, 1)
RATE = Numeric("learning_rate", 1e-5, 1e-1, "Logarithmic", whole=False)
RANK = Numeric("rank", 4, 64, "Linear", whole=True)
SCHEDULE = Categorical("schedule", ("cosine", "linear", "constant"))
SCALES = [(scaling, whole) for scaling in ("Linear", "Logarithmic") for whole in (True, False)]
SCALES.append(("ReverseLogarithmic", False))
SEARCHED = (RATE, RANK, SCHEDULE)


@st.composite
def numeric(draw: st.DrawFn) -> Numeric:
    scaling, whole = draw(st.sampled_from(SCALES))
    if whole:
        ends = st.integers(1 if scaling == "Logarithmic" else -1000, 1000).map(float)
    elif scaling == "Linear":
        ends = st.floats(-1e6, 1e6)
    else:
        ends = st.floats(1e-6, 1e6) if scaling == "Logarithmic" else st.floats(0, 0.999)
    low, high = sorted((draw(ends), draw(ends)))
    return Numeric("n", low, high, scaling, whole)


@given(numeric(), places)
def test_every_place_has_a_value_within_the_range_in_the_form_that_the_script_reads(one: Numeric, place: float) -> None:
    text = one.at(place)
    assert one.low <= float(text) <= one.high
    assert not one.whole or text == str(int(text))


@given(numeric(), places)
def test_a_value_lies_where_it_was_drawn(one: Numeric, place: float) -> None:
    text = one.at(place)
    again = float(one.at(min(1.0, max(0.0, one.place_of(text)))))
    assert again == pytest.approx(float(text), rel=1e-6, abs=1e-6)
    assert -1e-9 <= one.place_of(text) <= 1 + 1e-9


@given(numeric(), places, places)
def test_further_on_the_way_the_values_are_no_smaller(one: Numeric, first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert float(one.at(low)) <= float(one.at(high)) + 1e-9 * abs(one.high)


def test_a_logarithmic_range_gives_each_magnitude_its_share() -> None:
    assert float(RATE.at(0.5)) == pytest.approx(1e-3)
    assert float(RATE.at(0.25)) == pytest.approx(1e-4)


def test_each_whole_number_has_the_same_share_of_a_linear_range() -> None:
    counts: dict[str, int] = {}
    for number in range(1000):
        value = Numeric("n", 1, 4, "Linear", whole=True).at((number + 0.5) / 1000)
        counts[value] = counts.get(value, 0) + 1
    assert counts == pytest.approx(dict.fromkeys("1234", 250), abs=1)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, "There is no range"),
        ({"ContinuousParameterRanges": [{"Name": "a", "MinValue": "2", "MaxValue": "1"}]}, "ends at 1.0, below"),
        ({"ContinuousParameterRanges": [{"Name": "a", "MinValue": "x", "MaxValue": "1"}]}, "each must be a number"),
        ({"IntegerParameterRanges": [{"Name": "a", "MinValue": "1.5", "MaxValue": "2"}]}, "must be a whole number"),
        (
            {
                "ContinuousParameterRanges": [
                    {"Name": "a", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic"}
                ]
            },
            "must begin above 0",
        ),
        (
            {
                "IntegerParameterRanges": [
                    {"Name": "a", "MinValue": "0", "MaxValue": "1", "ScalingType": "ReverseLogarithmic"}
                ]
            },
            "numbers from 0 to below 1",
        ),
        ({"CategoricalParameterRanges": [{"Name": "fixed", "Values": ["1"]}]}, "static and has a range"),
        ({"CategoricalParameterRanges": [{"Name": "a", "Values": ["1"]}] * 2}, "a has more than one range"),
    ],
)
def test_a_range_that_cannot_be_searched_is_named(asked: Json, problem: str) -> None:
    assert problem in " ".join(ranges.problems(asked, {"fixed": "1"}))


def test_a_range_that_says_nothing_of_its_scale_is_searched_by_magnitude_where_it_spans_many() -> None:
    wide = {"Name": "a", "MinValue": "0.00001", "MaxValue": "0.01"}
    narrow = {"Name": "b", "MinValue": "1", "MaxValue": "8"}
    parsed = ranges.parse({"ContinuousParameterRanges": [wide], "IntegerParameterRanges": [narrow]})
    assert [one.scaling for one in parsed if isinstance(one, Numeric)] == ["Logarithmic", "Linear"]


def test_the_number_of_combinations_is_that_of_different_trials() -> None:
    assert ranges.combinations((RANK, SCHEDULE)) == 61 * 3
    assert math.isinf(ranges.combinations(SEARCHED))


# ---- proposals ------------------------------------------------------------------------------------------------


def searched_to_the_end(strategy: str, seed: int, count: int) -> list[Trial]:
    """Try `count` times; less is better near a rate of 1e-3 and a rank of 32."""
    done: list[Trial] = []
    for _ in range(count):
        values = STRATEGIES[strategy](SEARCHED, seed, done)
        loss = abs(math.log10(float(values["learning_rate"])) + 3) + abs(int(values["rank"]) - 32) / 32
        done.append(Trial(values, loss))
    return done


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**31 - 1), st.sampled_from(sorted(STRATEGIES)))
def test_the_same_seed_tries_the_same(seed: int, strategy: str) -> None:
    assert searched_to_the_end(strategy, seed, 5) == searched_to_the_end(strategy, seed, 5)


def test_another_seed_tries_something_else() -> None:
    assert by_chance(SEARCHED, 1, []) != by_chance(SEARCHED, 2, [])


@given(st.integers(0, 2**31 - 1))
def test_by_chance_nothing_is_tried_twice_while_there_is_something_else(seed: int) -> None:
    few = (Categorical("a", ("1", "2")), Categorical("b", ("x", "y")))
    done: list[Trial] = []
    for _ in range(4):
        done.append(Trial(by_chance(few, seed, done)))
    assert len({tuple(trial.values.values()) for trial in done}) == 4


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_what_is_proposed_lies_within_the_ranges(seed: int) -> None:
    for trial in searched_to_the_end("Bayesian", seed, 5):
        assert 1e-5 <= float(trial.values["learning_rate"]) <= 1e-1
        assert 4 <= int(trial.values["rank"]) <= 64
        assert trial.values["schedule"] in SCHEDULE.values


def test_learning_from_earlier_trials_finds_better_ones_than_chance() -> None:
    def best(strategy: str, seed: int) -> float:
        return min(trial.loss or 0.0 for trial in searched_to_the_end(strategy, seed, 12))

    pairs = [(best("Bayesian", seed), best("Random", seed)) for seed in range(3)]
    assert sum(learned for learned, _ in pairs) < 0.6 * sum(drawn for _, drawn in pairs)


def test_trials_without_a_value_teach_nothing_and_are_not_tried_again() -> None:
    failed = [Trial(by_chance(SEARCHED, 3, [])), Trial(by_chance(SEARCHED, 3, [Trial({})]))]
    values = by_expected_improvement(SEARCHED, 3, failed)
    assert values == by_chance(SEARCHED, 3, failed)
    assert values not in [trial.values for trial in failed]


# ---- early stopping -------------------------------------------------------------------------------------------

curves = st.lists(st.floats(-100, 100), min_size=1, max_size=6)


@given(st.lists(curves, min_size=2, max_size=5))
def test_a_trial_that_is_better_than_every_other_goes_on(earlier: list[list[float]]) -> None:
    assert not early_stopping.is_worse([min(map(min, earlier)) - 1], earlier)


@given(st.lists(curves, min_size=2, max_size=5))
def test_a_trial_that_is_worse_than_every_other_is_stopped(earlier: list[list[float]]) -> None:
    assert early_stopping.is_worse([max(map(max, earlier)) + 1], earlier)


@given(st.lists(curves, max_size=4))
def test_a_trial_that_has_said_nothing_yet_goes_on(earlier: list[list[float]]) -> None:
    assert not early_stopping.is_worse([], earlier)


@given(curves, st.lists(curves, max_size=1))
def test_nothing_is_stopped_for_one_earlier_trial(curve: list[float], earlier: list[list[float]]) -> None:
    assert not early_stopping.is_worse(curve, earlier)


def test_the_rule_is_the_median_of_running_averages_up_to_the_same_epoch() -> None:
    # Averages of the first two epochs: 3, 5 and 9. The last trial came to one epoch only.
    earlier = [[4.0, 2.0, 0.1], [6.0, 4.0], [10.0, 8.0], [0.1]]
    assert not early_stopping.is_worse([9.0, 5.0], earlier)
    assert early_stopping.is_worse([1.0, 5.1], earlier)


# ---- figures --------------------------------------------------------------------------------------------------

OBJECTIVE = {"Type": "Minimize", "MetricName": "validation:loss"}
statuses = st.sampled_from(["Completed", "Failed", "Stopped", "InProgress", "Stopping"])


def job(number: int, status: str, value: float | None) -> Json:
    metrics = [] if value is None else [{"MetricName": "validation:loss", "Value": value}]
    name = f"search-{number:03d}"
    return {
        "TrainingJobName": name,
        "TrainingJobArn": name,
        "TrainingJobStatus": status,
        "FinalMetricDataList": metrics,
    }


def summaries(found: list[tuple[str, float | None]], kind: str = "Minimize") -> list[Json]:
    objective = OBJECTIVE | {"Type": kind}
    return [trials.summary(job(number, *each), {"a": "1"}, objective) for number, each in enumerate(found)]


@given(
    st.lists(st.tuples(statuses, st.none() | st.floats(-5, 5)), max_size=8), st.sampled_from(["Minimize", "Maximize"])
)
def test_every_trial_is_counted_once_and_the_best_is_one_that_completed(
    found: list[tuple[str, float | None]], kind: str
) -> None:
    made = summaries(found, kind)
    counted = trials.counters(made)
    assert sum(counted["TrainingJobStatusCounters"].values()) == len(found)
    assert sum(counted["ObjectiveStatusCounters"].values()) == len(found)
    values = [value for status, value in found if status == "Completed" and value is not None]
    best = trials.best(made)
    assert (best is None) == (not values)
    if best:
        wanted = min(values) if kind == "Minimize" else max(values)
        assert best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == wanted
        assert best["TrainingJobStatus"] == "Completed"


def test_a_failed_trial_has_no_objective_even_if_it_printed_one() -> None:
    [failed, silent, stopped] = summaries([("Failed", 0.1), ("Completed", None), ("Stopped", 0.3)])
    assert [failed["ObjectiveStatus"], silent["ObjectiveStatus"]] == ["Failed", "Failed"]
    assert stopped["FinalHyperParameterTuningJobObjectiveMetric"] == OBJECTIVE | {"Value": 0.3}
