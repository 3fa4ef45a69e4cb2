"""The cheapest candidate that surely reaches the floor is chosen; without one, tuning is needed or the run ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.select_model.choosing import choose, verdicts
from lambdas.select_model.handler import NoCandidateClearsFloor
from lambdas.shared.targets import parse_target
from tests.unit.lambdas.select_model.candidates import Select, evaluated, words


def test_the_cheapest_that_reaches_the_floor_is_chosen_not_the_best(select: Select) -> None:
    result = select((0.2, 0.01), (0.31, 0.5), (0.9, 0.6))

    assert result["chosen"]["index"] == 1
    assert result["best"]["index"] == 2
    assert result["needs_tuning"] is False
    assert result["floor"] == 0.3
    assert "nova-micro (zero-shot) is the cheapest that surely reaches rougeL 0.3: 0.310" in result["reason"]
    assert [verdict["verdict"] for verdict in result["verdicts"]] == ["refused", "chosen", "dearer"]


def test_a_mean_above_the_floor_is_not_enough_when_its_lower_bound_is_below(select: Select) -> None:
    result = select((0.21, 0.33, 0.01), (0.31, 0.4, 0.5), (0.1, 1))

    assert result["chosen"]["index"] == 1
    assert words(result)[0] == (
        "its lower bound 0.210 is below the floor 0.3 though its mean is 0.330; about 384 records would tell, "
        "and 24 were asked"
    )


def test_a_refused_candidate_says_that_its_mean_is_below_and_how_far_it_may_reach(select: Select) -> None:
    result = select((0.2, 0.01), (0.25, 0.29, 0.5), (0.4, 1))

    assert words(result)[:2] == [
        "its mean 0.200 is below the floor 0.3",
        "its mean 0.290 is below the floor 0.3, though it may reach 0.330",
    ]


def test_a_dearer_candidate_says_what_is_cheaper(select: Select) -> None:
    assert words(select((0.1, 0), (0.31, 0.5), (0.9, 0.6)))[2] == (
        "its lower bound 0.900 reaches the floor 0.3, but nova-micro (zero-shot) costs $0.5000 per 1,000 requests "
        "and it $0.6000"
    )


def test_of_equally_cheap_ones_the_better_is_chosen_and_the_other_is_told_so(select: Select) -> None:
    result = select((0.1, 1), (0.5, 0.5), (0.4, 0.5))

    assert result["chosen"]["index"] == 1
    assert "it costs as much as nova-micro (zero-shot), which has the higher 0.500" in words(result)[2]


def test_of_equals_the_one_whose_name_comes_first_is_chosen_wherever_it_stands(select: Select) -> None:
    result = select((0.1, 1), (0.5, 0.5), (0.5, 0.5))

    assert result["chosen"]["strategy"] == "few-shot"
    assert words(result)[1].endswith("it costs and scores as much as nova-micro (few-shot), whose name comes first")


@pytest.mark.parametrize(
    ("dollars", "words"), [(7.11, "at $7.1100 per"), (0.00002, "at less than $0.0001 per"), (0.0, "at nothing per")]
)
def test_a_cost_too_small_to_show_is_not_written_as_none(select: Select, dollars: float, words: str) -> None:
    assert words in select((0.31, dollars), (0.2, 1), (0.2, 1))["reason"]


def test_exactly_the_floor_is_enough(select: Select) -> None:
    assert select((0.3, 0.01), (0.2, 1), (0.2, 1))["chosen"]["index"] == 0


def test_no_candidate_at_the_floor_needs_tuning(select: Select) -> None:
    result = select((0.1, 0.01), (0.29, 0.5), (0.2, 0.6))

    assert (result["chosen"], result["target"], result["needs_tuning"]) == (None, None, True)
    assert "no candidate surely reaches rougeL 0.3; the best is nova-micro (zero-shot): its mean" in result["reason"]


def test_without_tuning_the_run_ends_and_names_the_best(select: Select, run: dict[str, Any]) -> None:
    run["tuning_enabled"] = False

    with pytest.raises(
        NoCandidateClearsFloor, match=r"nova-micro \(zero-shot\), does not surely reach rougeL 0.3.*0.290"
    ):
        select((0.1, 0.01), (0.29, 0.5), (0.2, 0.6))


def test_disabled_tuning_does_not_matter_when_a_candidate_is_good_enough(select: Select, run: dict[str, Any]) -> None:
    run["tuning_enabled"] = False

    assert select((0.1, 0), (0.4, 1), (0.2, 1))["chosen"]["index"] == 1


def test_the_target_remembers_that_its_model_takes_no_temperature(select: Select, run: dict[str, Any]) -> None:
    assert "sampling" not in json.loads(select((0.1, 1.0), (0.9, 2.0), (0.1, 3.0))["target"])

    run["candidates"][1]["sampling"] = False

    assert json.loads(select((0.1, 1.0), (0.9, 2.0), (0.1, 3.0))["target"])["sampling"] is False


def test_the_target_is_ready_for_its_parameter(select: Select) -> None:
    targets = [
        parse_target(select(*figures)["target"])
        for figures in (
            ((0.5, 0), (0.1, 1), (0.1, 1)),
            ((0.1, 0), (0.5, 1), (0.1, 1)),
            ((0.1, 0), (0.1, 1), (0.5, 1)),
        )
    ]

    assert [json.loads(json.dumps(vars(target))) for target in targets] == [
        {"run_id": "run-7"},
        {
            "model_id": "amazon.nova-micro-v1:0",
            "strategy": "zero-shot",
            "run_id": "run-7",
            "prompt_key": None,
            "sampling": True,
            "serving": None,
        },
        {
            "model_id": "amazon.nova-micro-v1:0",
            "strategy": "few-shot",
            "run_id": "run-7",
            "prompt_key": "run=run-7/candidates/2.json",
            "sampling": True,
            "serving": None,
        },
    ]


RESULTS = st.lists(
    st.builds(
        evaluated,
        index=st.integers(0, 9),
        strategy=st.sampled_from(["zero-shot", "few-shot"]),
        low=st.floats(0, 0.5),
        value=st.floats(0.5, 1),
        usd_per_1k_requests=st.floats(0, 100),
    ),
    max_size=8,
    unique_by=lambda result: result.index,
)


@given(RESULTS, st.floats(0.01, 0.99), st.randoms(use_true_random=False))
def test_the_choice_is_never_below_the_floor_nor_dearer_than_another(results: Any, floor: float, rng: Any) -> None:
    chosen = choose(results, floor)
    eligible = [result for result in results if result.low >= floor]

    assert (chosen is None) == (not eligible)
    if chosen:
        assert chosen.usd_per_1k_requests == min(result.usd_per_1k_requests for result in eligible)
        shuffled = results.copy()
        rng.shuffle(shuffled)
        assert choose(shuffled, floor) == chosen


@given(RESULTS, st.floats(0.01, 0.99))
def test_every_candidate_has_one_verdict_and_one_at_most_is_chosen(results: Any, floor: float) -> None:
    given = verdicts(results, [], choose(results, floor), floor, "summarization")

    assert [verdict["index"] for verdict in given] == sorted(result.index for result in results)
    assert [verdict["verdict"] for verdict in given].count("chosen") == int(any(r.low >= floor for r in results))
