"""Percentiles and bootstrap intervals: right, reproducible, and closed to what is not a number."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.shared.figures import bootstrap, mean, not_surer_than_the_sample, percentile, sure_share
from lambdas.shared.macro_f1 import macro_f1, not_surer_than_each_class
from lambdas.shared.metrics import MeanMetric, metric_named

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(VALUES, st.floats(0, 1), st.floats(0, 1))
def test_percentiles_lie_within_the_values_and_rise_with_the_share(values: list[float], a: float, b: float) -> None:
    low, high = percentile(values, min(a, b)), percentile(values, max(a, b))

    assert min(values) <= low <= high <= max(values)


@given(VALUES)
def test_the_middle_percentile_is_the_median(values: list[float]) -> None:
    assert percentile(values, 0.5) == pytest.approx(statistics.median(values), abs=1e-6)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], -0.1), ([1.0], 1.1)])
def test_a_percentile_of_nothing_or_out_of_range_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


def test_the_interval_has_the_width_that_theory_gives() -> None:
    rng = random.Random(5)
    values = [rng.gauss(0.3, 0.2) for _ in range(400)]

    found = bootstrap(values, mean)

    error = 1.96 * statistics.stdev(values) / len(values) ** 0.5
    assert found.value == pytest.approx(statistics.fmean(values))
    assert found.low == pytest.approx(found.value - error, rel=0.05)
    assert found.high == pytest.approx(found.value + error, rel=0.05)


def test_nineteen_of_twenty_intervals_hold_the_true_mean() -> None:
    rng = random.Random(8)
    samples = ([rng.random() for _ in range(50)] for _ in range(200))

    held = sum(found.low <= 0.5 <= found.high for found in (bootstrap(s, mean, resamples=300) for s in samples))

    assert 180 <= held <= 199


def test_the_same_values_give_the_same_interval_and_another_seed_another() -> None:
    values = [place**2 / 1600 for place in range(40)]

    assert bootstrap(values, mean) == bootstrap(values, mean)
    assert bootstrap(values, mean) != bootstrap(values, mean, seed=14)


def test_pairs_are_compared_record_by_record() -> None:
    champion = [0.1, 0.5, 0.9, 0.3] * 10
    challenger = [score + 0.05 for score in champion]

    same = [str(place) for place in range(40)]
    scores = {
        **{f"a{n}": v for n, v in zip(same, challenger, strict=True)},
        **{f"b{n}": v for n, v in zip(same, champion, strict=True)},
    }
    metric = MeanMetric("m", lambda _, answer: scores[answer])

    found = metric.difference(same, [f"a{n}" for n in same], [f"b{n}" for n in same])

    assert (found.low, found.value, found.high) == pytest.approx((0.05, 0.05, 0.05))


@pytest.mark.parametrize("values", [[], [float("nan"), 0.5], [float("inf")]])
def test_a_figure_that_is_missing_or_no_number_gives_no_interval(values: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap(values, mean)


def test_pairs_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"longer|shorter"):
        metric_named("rougeL").difference(["a", "b"], ["a", "b"], ["a"])


@pytest.mark.parametrize(("right", "low", "high"), [(1.0, 0.631, 1.0), (0.0, 0.0, 0.369), (0.5, 0.315, 0.685)])
def test_eight_answers_that_score_alike_do_not_make_a_figure_certain(right: float, low: float, high: float) -> None:
    found = not_surer_than_the_sample(bootstrap([right] * 8, mean), [right] * 8)

    assert (found.low, found.high) == pytest.approx((low, high), abs=0.001)


@pytest.mark.parametrize("scores", [[0.0, 1.0] * 10, [0.05, 0.1, 0.2, 0.25, 0.4, 0.6] * 4])
def test_an_interval_that_has_a_width_keeps_it(scores: list[float]) -> None:
    found = bootstrap(scores, mean)

    assert not_surer_than_the_sample(found, scores) == found


@pytest.mark.parametrize("other", [0.0, 0.9])
def test_a_wrong_answer_more_never_makes_a_figure_surer(other: float) -> None:
    intervals = [
        not_surer_than_the_sample(bootstrap(scores, mean), scores)
        for scores in ([*[1.0] * (64 - wrong), *[other] * wrong] for wrong in range(5))
    ]

    assert [found.low for found in intervals] == sorted((found.low for found in intervals), reverse=True)
    assert intervals[0].low == pytest.approx(0.944, abs=0.001)
    assert all(found.low <= found.value <= found.high for found in intervals)


def test_what_the_draws_show_of_one_class_and_cannot_show_of_another_adds_up_as_independent_errors_do() -> None:
    classes = [*[("a", "a")] * 5, *[("a", "b")] * 5, *[("b", "b")] * 8]
    drawn = bootstrap(classes, macro_f1)
    found = not_surer_than_each_class(drawn, classes)

    unseen = (16 / 21) * (1 - sure_share(8)) / 2
    assert found.value - found.low == pytest.approx(math.hypot(drawn.value - drawn.low, unseen))


def test_a_right_answer_more_never_lowers_what_a_figure_may_reach() -> None:
    reached = [
        not_surer_than_the_sample(bootstrap(scores, mean), scores).high
        for scores in ([*[0.0] * (64 - right), *[1.0] * right] for right in range(5))
    ]

    assert reached == sorted(reached)
