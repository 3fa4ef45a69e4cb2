"""The cheapest candidate that surely reaches the floor is chosen; without one, tuning is needed or the run ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.select_model.choosing import VacuousFloor, choose, needed, verdicts
from lambdas.select_model.handler import NoCandidateClearsFloor, NoCandidateMeasured, handle
from lambdas.select_model.results import Result
from lambdas.shared.errors import EvaluationIncomplete, InvalidEvent, TooFewRecords
from lambdas.shared.figures import sure_share
from lambdas.shared.targets import parse_target

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Context

Select = Callable[..., dict[str, Any]]


@pytest.fixture
def select(context: Context, run: dict[str, Any]) -> Select:
    """Select among candidates with these (value, dollars), or (low, value, dollars), in the order of the run's."""

    def start(*figures: tuple[Any, ...] | None, spoil: dict[str, Any] | None = None, **same: Any) -> dict[str, Any]:
        results = [
            same_shape(run["candidates"][index], figure) | same if figure else unmeasured(index)
            for index, figure in enumerate(figures)
        ]
        results[-1].update(spoil or {})
        return handle({"run": run, "candidates": results}, context)

    return start


def same_shape(candidate: dict[str, Any], figure: tuple[Any, ...]) -> dict[str, Any]:
    *low, value, dollars = figure
    return {
        **{name: candidate[name] for name in ("index", "model", "model_id", "strategy")},
        "metric": "rougeL",
        "value": value,
        "ci": [low[0], 2 * value - low[0]] if low else [value, value],
        "chance": 0.05,
        "examples": 24,
        "usd_per_1k_requests": dollars,
        "result_key": f"run=run-7/candidates/{candidate['index']}.json",
    }


def unmeasured(index: int) -> dict[str, Any]:
    cause = {
        "errorMessage": f"model {index} cannot be asked: AccessDeniedException",
        "errorType": "X",
        "stackTrace": [],
    }
    return {"index": index, "unmeasured": {"Error": "CandidateNotAvailable", "Cause": json.dumps(cause)}}


def words(result: dict[str, Any]) -> list[str]:
    return [verdict["words"] for verdict in result["verdicts"]]


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


def test_the_records_that_are_needed_are_worked_out_from_the_width_of_the_interval() -> None:
    narrow, wide = (evaluated(low=low, value=0.4, examples=25) for low in (0.28, 0.2))

    assert needed(narrow, 0.3) == 36
    assert needed(wide, 0.3) == 100
    assert needed(evaluated(low=0.1, value=0.29), 0.3) is None
    assert needed(evaluated(low=0.1, value=0.3), 0.3) is None


def test_of_answers_that_all_score_alike_exactly_so_many_are_needed_as_reach_the_floor() -> None:
    alike = evaluated(value=0.8, low=round(0.8 * sure_share(24), 6), examples=24)
    count = needed(alike, 0.75)

    assert count == 58
    assert 0.8 * sure_share(58) >= 0.75 > 0.8 * sure_share(57)


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


UNSURE = (0.05, 0.4, 1)


def test_a_figure_too_unsure_to_act_on_ends_the_run_and_says_how_many_records_are_needed(
    select: Select, run: dict[str, Any]
) -> None:
    run["sample_size"] = 24

    with pytest.raises(TooFewRecords, match=r"anything from 0.05 to 0.75: whether .* floor of 0.3 .* About 48 records"):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_every_candidate_that_is_too_unsure_is_named_and_the_widest_says_how_many_records_are_needed(
    select: Select,
) -> None:
    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), (0.12, 0.4, 1), UNSURE)

    told = str(caught.value)
    assert "rougeL of nova-micro (zero-shot) may be anything from 0.12 to 0.68" in told
    assert "and rougeL of nova-micro (few-shot) may be anything from 0.05 to 0.75: whether they reach" in told
    assert "About 48 records are needed" in told


def test_where_the_sample_was_small_it_is_the_setting_to_change(select: Select, run: dict[str, Any]) -> None:
    run["sample_size"] = 24

    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), UNSURE, (0.2, 1))

    told = str(caught.value)
    assert (
        "Set selection.sample_size to 48. At data.split.validation 0.1, about 640 usable records have so many" in told
    )
    assert "Set data.split" not in told


def test_where_validation_holds_no_more_the_split_is_the_setting_to_change(select: Select, run: dict[str, Any]) -> None:
    run["sample_size"], run["split"]["test"] = 64, 0.2
    with pytest.raises(TooFewRecords) as caught:
        select((0.1, 0), UNSURE, (0.2, 1))

    told = str(caught.value)
    assert "On 24 records" in told
    assert "validation holds no more. Set data.split.validation to 0.27, or bring about 640 usable records" in told
    assert "sample_size" not in told

    run["sample_size"] = 32
    with pytest.raises(TooFewRecords, match=r"Set selection.sample_size to 48. Set data.split.validation to 0.27"):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_a_run_that_does_not_say_how_it_is_divided_is_told_without_numbers(select: Select, run: dict[str, Any]) -> None:
    del run["split"]
    run["sample_size"] = 24
    with pytest.raises(TooFewRecords, match=r"Set selection.sample_size to 48. Validation has to hold so many."):
        select((0.1, 0), UNSURE, (0.2, 1))
    run["sample_size"] = 64
    with pytest.raises(TooFewRecords, match=r"no more. Enlarge data.split.validation, or bring more usable records."):
        select((0.1, 0), UNSURE, (0.2, 1))


def test_a_sample_size_is_told_as_it_is_written_and_never_above_what_it_may_be(
    select: Select, run: dict[str, Any]
) -> None:
    def told(examples: int) -> str:
        run["sample_size"] = examples
        with pytest.raises(TooFewRecords) as caught:
            select((0.1, 0), UNSURE, (0.2, 1), examples=examples)
        return str(caught.value)

    assert "Set selection.sample_size to 1373. " in told(700)
    assert "Set selection.sample_size to 10000. No more than 10000 can be asked: if they do not tell, set" in told(8000)
    assert "Set selection.sample_size" not in told(10_000)
    assert "set a floor outside these bounds" in told(10_000)


def test_an_unsure_figure_does_not_matter_when_another_is_surely_good_enough(select: Select) -> None:
    assert select((0.5, 0), (0.05, 0.4, 1), (0.2, 1))["chosen"]["index"] == 0


def test_a_floor_that_one_label_for_all_reaches_is_refused(select: Select, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"] = "classification", "accuracy"

    with pytest.raises(
        VacuousFloor, match=r"same label for every record reaches accuracy 0.700.*Raise selection.floor"
    ):
        select((0.8, 0), (0.7, 1), (0.9, 1), metric="accuracy", chance=0.7)

    assert select((0.8, 0), (0.7, 1), (0.9, 1), metric="accuracy", chance=0.29)["chosen"]["index"] == 0


def test_a_candidate_as_good_as_the_same_label_for_every_record_is_told_so(select: Select, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"], run["floor"] = "classification", "accuracy", 0.6

    result = select((0.53, 0), (0.51, 0.56, 1), (0.54, 0.55, 1), metric="accuracy", chance=0.53)

    same_label = "the same label for every record, which scores 0.530"
    assert words(result) == [
        f"its mean 0.530 is below the floor 0.6; it is not better than {same_label}",
        f"its mean 0.560 is below the floor 0.6, though it may reach 0.610; it is not surely better than {same_label}",
        "its mean 0.550 is below the floor 0.6",
    ]
    assert result["reason"].endswith(f"it is not surely better than {same_label}")
    run["tuning_enabled"] = False
    with pytest.raises(NoCandidateClearsFloor, match=f"it is not better than {same_label}"):
        select((0.53, 0), (0.5, 1), (0.5, 1), metric="accuracy", chance=0.53)


def test_of_texts_a_candidate_is_told_that_answers_of_other_records_are_as_good(select: Select) -> None:
    assert words(select((0.05, 0), (0.2, 1), (0.2, 1)))[:2] == [
        "its mean 0.050 is below the floor 0.3; it is not better than answers meant for other records, which score "
        "0.050",
        "its mean 0.200 is below the floor 0.3",
    ]


def test_answers_of_one_pattern_are_no_reason_to_refuse_a_floor_on_texts(select: Select) -> None:
    assert select((0.8, 0), (0.7, 1), (0.9, 1), chance=0.7)["chosen"]["index"] == 0


def test_a_candidate_that_cannot_be_asked_is_out_with_its_reason_and_the_others_are_compared(select: Select) -> None:
    result = select((0.1, 0), None, (0.5, 1))

    assert result["chosen"]["index"] == 2
    assert result["verdicts"][1] == {
        "index": 1,
        "name": "nova-micro (zero-shot)",
        "verdict": "unmeasured",
        "words": "model 1 cannot be asked: AccessDeniedException",
    }


@pytest.mark.parametrize("figure", [(0.5, 1), (0.1, 1)])
def test_the_reason_names_what_was_not_compared(select: Select, figure: tuple[float, float]) -> None:
    assert select((0.1, 0), None, figure)["reason"].endswith(
        "; not measured: nova-micro (zero-shot): model 1 cannot be asked: AccessDeniedException"
    )
    assert "not measured" not in select((0.1, 0), (0.1, 1), figure)["reason"]


def test_when_none_could_be_measured_the_run_ends_with_every_reason(select: Select) -> None:
    with pytest.raises(NoCandidateMeasured, match=r"None of the 3 .*model 0 cannot.*model 1 cannot.*model 2 cannot"):
        select(None, None, None)


@pytest.mark.parametrize("cause", ["Task timed out after 900 seconds", "", None])
def test_a_function_that_was_ended_from_outside_has_its_cause_in_plain_text(select: Select, cause: str | None) -> None:
    result = select((0.1, 0), (0.5, 1), None, spoil={"unmeasured": {"Error": "Sandbox.Timedout", "Cause": cause}})

    assert words(result)[2] == (cause or "Sandbox.Timedout")


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


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        ({"index": 5}, EvaluationIncomplete, r"\[0, 1, 2\] were to be measured and \[0, 1, 5\] were"),
        ({"index": 1}, EvaluationIncomplete, r"and \[0, 1, 1\] were"),
        ({"examples": 7}, EvaluationIncomplete, r"samples of different sizes: \[7, 24\]"),
        ({"examples": 0}, InvalidEvent, "'examples' is 0"),
        ({"value": None}, InvalidEvent, "'value' is missing"),
        ({"value": float("nan")}, InvalidEvent, "'value' must be a number"),
        ({"value": 1.2}, InvalidEvent, "'value' is 1.2"),
        ({"ci": [0.9]}, InvalidEvent, "'ci' must be a list of 2 numbers"),
        ({"ci": [0.91, 1]}, InvalidEvent, "interval 0.91 to 1.0 does not hold the figure 0.9"),
        ({"chance": None}, InvalidEvent, "'chance' is missing"),
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


def evaluated(**changes: Any) -> Result:
    fields: dict[str, Any] = {
        "index": 0,
        "model": "m",
        "model_id": "m",
        "strategy": "zero-shot",
        "value": 0.5,
        "low": 0.4,
        "high": 1.0,
    }
    fields |= {"chance": 0.0, "usd_per_1k_requests": 1.0, "examples": 24, "result_key": "k", "document": {}}
    return Result(**fields | changes)


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
