"""The cheapest candidate at or above the floor is chosen; without one, tuning is needed or the run ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.select_model.handler import NoCandidateClearsFloor, Result, choose, handle
from lambdas.shared.errors import EvaluationIncomplete, InvalidEvent
from lambdas.shared.targets import parse_target

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Context

Select = Callable[..., dict[str, Any]]


@pytest.fixture
def select(context: Context, run: dict[str, Any]) -> Select:
    """Select among candidates with these (value, dollars), in the order of the run's candidates."""

    def start(*figures: tuple[Any, float], spoil: dict[str, Any] | None = None) -> dict[str, Any]:
        results = [
            {
                **{name: run["candidates"][index][name] for name in ("index", "model", "model_id", "strategy")},
                "metric": "rougeL",
                "value": value,
                "ci": [0, 1],
                "examples": 8,
                "usd_per_1k_requests": dollars,
                "result_key": f"run=run-7/candidates/{index}.json",
            }
            for index, (value, dollars) in enumerate(figures)
        ]
        results[-1].update(spoil or {})
        return handle({"run": run, "candidates": results}, context)

    return start


def test_the_cheapest_that_reaches_the_floor_is_chosen_not_the_best(select: Select) -> None:
    result = select((0.2, 0.01), (0.31, 0.5), (0.9, 0.6))

    assert result["chosen"]["index"] == 1
    assert result["best"]["index"] == 2
    assert result["needs_tuning"] is False
    assert result["floor"] == 0.3
    assert "nova-micro (zero-shot) is the cheapest that reaches rougeL 0.3: 0.310" in result["reason"]


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
    assert "no candidate reaches rougeL 0.3; the best, nova-micro (zero-shot), has 0.290" in result["reason"]


def test_without_tuning_the_run_ends_and_names_the_best(select: Select, run: dict[str, Any]) -> None:
    run["tuning_enabled"] = False

    with pytest.raises(NoCandidateClearsFloor, match=r"nova-micro \(zero-shot\), reaches rougeL 0.290.*0.3"):
        select((0.1, 0.01), (0.29, 0.5), (0.2, 0.6))


def test_disabled_tuning_does_not_matter_when_a_candidate_is_good_enough(select: Select, run: dict[str, Any]) -> None:
    run["tuning_enabled"] = False

    assert select((0.1, 0), (0.4, 1), (0.2, 1))["chosen"]["index"] == 1


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
        {"model_id": "amazon.nova-micro-v1:0", "strategy": "zero-shot", "run_id": "run-7", "prompt_key": None},
        {
            "model_id": "amazon.nova-micro-v1:0",
            "strategy": "few-shot",
            "run_id": "run-7",
            "prompt_key": "run=run-7/candidates/2.json",
        },
    ]


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        ({"index": 5}, EvaluationIncomplete, r"\[0, 1, 2\] were to be measured and \[0, 1, 5\] were"),
        ({"index": 1}, EvaluationIncomplete, r"and \[0, 1, 1\] were"),
        ({"examples": 7}, EvaluationIncomplete, r"samples of different sizes: \[7, 8\]"),
        ({"examples": 0}, InvalidEvent, "'examples' is 0"),
        ({"value": None}, InvalidEvent, "'value' is missing"),
        ({"value": float("nan")}, InvalidEvent, "'value' must be a number"),
        ({"value": 1.2}, InvalidEvent, "'value' is 1.2"),
        ({"usd_per_1k_requests": -1}, InvalidEvent, "'usd_per_1k_requests' is -1"),
        ({"metric": "rouge1"}, InvalidEvent, "measured by rouge1, not rougeL"),
    ],
)
def test_a_figure_that_is_missing_or_does_not_compare_keeps_the_gate_closed(
    select: Select, spoil: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        select((0.9, 0.1), (0.9, 0.1), (0.9, 0.1), spoil=spoil)


def test_a_candidate_that_was_not_measured_keeps_the_gate_closed(select: Select) -> None:
    with pytest.raises(EvaluationIncomplete):
        select((0.9, 0.1), (0.9, 0.1))


RESULTS = st.lists(
    st.builds(
        Result,
        index=st.integers(0, 9),
        model=st.just("m"),
        model_id=st.just("m"),
        strategy=st.just("zero-shot"),
        value=st.floats(0, 1),
        usd_per_1k_requests=st.floats(0, 100),
        examples=st.just(8),
        result_key=st.just("k"),
        document=st.just({}),
    ),
    max_size=8,
)


@given(RESULTS, st.floats(0.01, 0.99), st.randoms(use_true_random=False))
def test_the_choice_is_never_below_the_floor_nor_dearer_than_another(results: Any, floor: float, rng: Any) -> None:
    chosen = choose(results, floor)
    eligible = [result for result in results if result.value >= floor]

    assert (chosen is None) == (not eligible)
    if chosen:
        assert chosen.value >= floor
        assert chosen.usd_per_1k_requests == min(result.usd_per_1k_requests for result in eligible)
        shuffled = results.copy()
        rng.shuffle(shuffled)
        assert choose(shuffled, floor) == chosen
