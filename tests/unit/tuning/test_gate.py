"""The gate holds a model to the bound that speaks against it, and says every reason why it does not pass."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.tuning.gate import Evidence, judge
from pipelines.tuning.intervals import Interval, of_mean
from pipelines.tuning.settings import Limits
from pipelines.tuning.verdicts import hold

LIMITS = Limits(floor=0.3, loss_reduction=0.05, slice_tolerance=0.05, general_tolerance=0.1)
GOOD = Evidence(
    metric="rougeL",
    higher_is_better=True,
    examples=100,
    base=Interval(0.2, 0.17, 0.23),
    tuned=Interval(0.4, 0.36, 0.44),
    difference=Interval(0.2, 0.15, 0.25),
    loss_reduction=Interval(0.3, 0.25, 0.35),
    blind={"copying the text": 0.15},
)
numbers = st.floats(-2, 2)
figures = st.tuples(numbers, numbers, numbers).map(sorted).map(lambda n: Interval(n[1], n[0], n[2]))


def reasons(**changes: object) -> str:
    verdict = judge(replace(GOOD, **changes), LIMITS)  # type: ignore[arg-type]
    assert verdict.word == ("refused" if verdict.reasons else "passed")
    return " | ".join(verdict.reasons)


def test_a_model_that_surely_clears_everything_passes() -> None:
    verdict = judge(GOOD, LIMITS)

    assert (verdict.word, verdict.reasons, verdict.notes) == ("passed", [], [])
    assert verdict.margin == pytest.approx(0.06)


def test_a_mean_above_the_floor_is_not_enough_and_the_number_that_would_tell_is_named() -> None:
    said = reasons(tuned=Interval(0.34, 0.26, 0.42), examples=40)

    # The interval has to shrink from 0.08 to 0.04: four times as many.
    assert said == (
        "rougeL is 0.340, its lower bound 0.260 (needed: 0.3; base model: 0.200): about 160 test examples would tell, "
        "and 40 were measured"
    )


def test_a_figure_below_the_floor_needs_no_more_examples() -> None:
    assert reasons(tuned=Interval(0.28, 0.24, 0.32)).endswith("the figure itself is below the floor")
    assert "no affordable number" in reasons(tuned=Interval(0.30001, 0.2, 0.4))


def test_the_named_number_of_examples_is_enough_where_figure_and_spread_stay() -> None:
    scores = [0.1, 0.2, 0.5, 0.6] * 5
    found = of_mean(scores, seed=1)
    needed = judge(replace(GOOD, tuned=found, examples=len(scores)), LIMITS).needed

    assert needed is not None
    assert found.low < LIMITS.floor
    assert of_mean([0.1, 0.2, 0.5, 0.6] * math.ceil(1.1 * needed / 4), seed=1).low >= LIMITS.floor


def test_five_examples_are_too_few_however_well_they_score() -> None:
    said = reasons(examples=5, tuned=Interval(0.5, 0.35, 0.65))

    assert said == "5 test examples tell nothing, and 16 are the fewest that do"
    unsure = reasons(examples=5, tuned=Interval(0.4, 0.1, 0.7))
    assert unsure.startswith("5 test examples tell nothing, and 16 are the fewest that do; by their spread, 45 would")


@pytest.mark.parametrize("score", [0.3, 0.5])
def test_a_floor_that_copying_reaches_is_vacuous(score: float) -> None:
    said = reasons(blind={"copying the text": score, "an answer meant for another record": 0.1})

    assert said == (
        f"a floor of 0.3 lets everything through: copying the text gives rougeL {score:.3f}. Set selection.floor above "
        "that"
    )


def test_leaks_are_named_three_of_them_and_the_others_counted() -> None:
    assert reasons(leaks=["a (test) and b (train)"]) == (
        "1 test record is in the train split too: a (test) and b (train)"
    )
    assert reasons(leaks=list("abcde")).startswith("5 test records are in the train split too: a; b; c and 2 more")


def test_a_loss_that_fell_on_average_but_not_surely_does_not_pass() -> None:
    assert reasons(loss_reduction=Interval(0.08, 0.01, 0.15)) == (
        "held-out loss fell by the fraction 0.080, surely by 0.010 (needed: 0.05)"
    )


def test_a_base_model_that_reaches_the_floor_by_itself_asks_for_a_gain() -> None:
    base, tuned = Interval(0.39, 0.35, 0.43), Interval(0.4, 0.36, 0.44)
    unsure = Interval(0.01, -0.02, 0.04)

    assert "the base model reaches the floor by itself, and no gain is shown" in reasons(
        base=base, tuned=tuned, difference=unsure
    )
    assert not reasons(base=base, tuned=tuned, difference=Interval(0.01, 0.002, 0.018))


def test_a_model_that_tuning_made_worse_does_not_pass_and_one_without_a_difference_is_noted() -> None:
    assert "tuning made the model worse" in reasons(difference=Interval(-0.05, -0.08, -0.02))
    verdict = judge(replace(GOOD, difference=Interval(0.01, -0.02, 0.04)), LIMITS)
    assert (verdict.word, verdict.notes) == ("passed", ["no difference in rougeL from the base model is shown"])


def test_of_a_metric_that_shall_be_low_the_upper_bound_counts() -> None:
    low = replace(
        GOOD,
        metric="perplexity",
        higher_is_better=False,
        base=Interval(0.9, 0.8, 1.0),
        tuned=Interval(0.2, 0.15, 0.25),
        difference=Interval(-0.7, -0.8, -0.6),
        blind={},
    )
    assert judge(low, LIMITS).word == "passed"
    assert judge(low, LIMITS).margin == pytest.approx(0.05)
    refused = judge(replace(low, tuned=Interval(0.28, 0.24, 0.32)), LIMITS)
    assert refused.reasons[0].startswith("perplexity is 0.280, its upper bound 0.320 (needed: 0.3; base model: 0.900)")
    assert "worse" in judge(replace(low, difference=Interval(0.1, 0.05, 0.15)), LIMITS).reasons[0]


def test_of_a_metric_without_a_floor_the_gain_must_be_sure() -> None:
    without = replace(
        GOOD,
        metric="perplexity",
        higher_is_better=False,
        floored=False,
        base=Interval(30.0, 25.0, 35.0),
        tuned=Interval(20.0, 17.0, 23.0),
        difference=Interval(-10.0, -14.0, -6.0),
    )
    assert judge(without, LIMITS).reasons == []
    assert judge(without, LIMITS).margin == 6.0
    unsure = judge(replace(without, difference=Interval(-2.0, -5.0, 1.0)), LIMITS)
    assert unsure.reasons == ["no gain is shown: the difference in perplexity is -2.000 (-5.000 to +1.000)"]
    assert (unsure.margin, unsure.needed) == (-1.0, 225)


def part(value: float, low: float, high: float, examples: int = 40, drawn: bool = True) -> tuple[str, str]:
    base, tuned = Interval(0.5, 0.4, 0.6), Interval(0.5 + value, 0.3, 0.6)
    held = hold("length short", examples, (base, tuned, Interval(value, low, high)), 0.05, drawn=drawn)
    return held.verdict, held.words


def test_a_slice_that_surely_fell_fails_the_gate_and_one_of_too_few_is_undecided() -> None:
    assert part(-0.1, -0.15, -0.05)[0] == "fell"
    assert part(0.1, 0.05, 0.15)[0] == "kept"
    assert part(-0.01, -0.04, 0.02)[0] == "kept"
    assert part(-0.1, -0.3, 0.1)[0] == "undecided"
    verdict, words = part(0.1, 0.05, 0.15, examples=9)
    assert verdict == "undecided"
    assert words == "length short: 9 examples are too few to judge by (10 are the fewest)"


def test_questions_that_are_always_the_same_are_judged_by_what_they_give() -> None:
    assert part(-0.06, -0.3, 0.2, drawn=False)[0] == "fell"
    assert part(-0.04, -0.3, 0.2, drawn=False)[0] == "kept"


def test_a_slice_that_fell_is_a_reason_and_an_undecided_one_a_note() -> None:
    fallen = hold("language de", 40, (GOOD.base, GOOD.base, Interval(-0.1, -0.15, -0.05)), 0.05)
    unsure = hold("language fr", 4, (GOOD.base, GOOD.base, Interval(-0.1, -0.15, -0.05)), 0.05)

    verdict = judge(replace(GOOD, held=[fallen, unsure]), LIMITS)

    assert verdict.reasons == [fallen.words]
    assert verdict.notes == [unsure.words]


@pytest.mark.parametrize("name", ["base", "tuned", "difference", "loss_reduction"])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_figure_that_is_no_number_is_refused(name: str, wrong: float) -> None:
    assert "a figure is no number" in reasons(**{name: Interval(wrong, 0.4, 0.5)})
    assert "a figure is no number" in reasons(**{name: Interval(0.4, wrong, 0.5)})


@given(figures, figures, figures, st.integers(1, 200), st.booleans())
def test_whatever_passes_clears_every_limit(
    tuned: Interval, difference: Interval, loss: Interval, examples: int, higher: bool
) -> None:
    evidence = replace(
        GOOD, tuned=tuned, difference=difference, loss_reduction=loss, examples=examples, higher_is_better=higher
    )
    verdict = judge(replace(evidence, blind={}), LIMITS)

    if verdict.word == "passed":
        assert examples >= 16
        assert loss.low >= LIMITS.loss_reduction
        assert tuned.low >= LIMITS.floor if higher else tuned.high <= LIMITS.floor
        assert difference.high >= 0 if higher else difference.low <= 0
        assert verdict.margin >= 0
    else:
        assert verdict.reasons
