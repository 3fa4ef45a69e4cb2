"""A busy model is waited for, a wrong set-up ends the evaluation, and a record that the model refuses scores zero."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate import asking
from lambdas.evaluate_candidate.asking import CandidateNotAvailable
from lambdas.evaluate_candidate.measuring import Outcome
from lambdas.evaluate_candidate.report import CandidateFailed, prediction_lines, summary
from lambdas.shared.converse import Answer
from lambdas.shared.cost import TimePrice
from lambdas.shared.metrics import metric_named
from lambdas.shared.prompts import Turn
from lambdas.shared.records import Record
from lambdas.shared.run import Candidate
from tests.unit.lambdas.evaluate_candidate.bedrock import Evaluate, Params, converse_answer, question

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


def test_throttling_is_waited_out_and_does_not_count_as_latency(
    evaluate: Evaluate, cloud: Cloud, waits: list[float], fail: Callable[..., Mapping[str, Any]]
) -> None:
    refusals = iter([True] * 6 + [False] * 100)

    def sometimes(params: Params) -> Mapping[str, Any]:
        return fail("Converse", "ThrottlingException") if next(refusals) else converse_answer("x")

    cloud.on("bedrock-runtime", "Converse", sometimes)

    assert evaluate(1)["failed"] == 0
    assert len(waits) == 6


def test_waiting_grows_and_is_bounded() -> None:
    longest = [max(asking._wait(attempt) for _ in range(300)) for attempt in range(1, 8)]

    assert longest[0] <= 2 < longest[2] <= 8
    assert max(longest) <= asking.LONGEST_WAIT_SECONDS


def test_a_model_that_stays_busy_is_given_up_with_its_reason(
    evaluate: Evaluate, cloud: Cloud, waits: list[float]
) -> None:
    cloud.refuse("bedrock-runtime", "Converse", "ThrottlingException", "Too many tokens per day")

    with pytest.raises(CandidateNotAvailable, match=r"no answer in 8 attempts.*Too many tokens per day"):
        evaluate(1)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_wrong_set_up_ends_the_evaluation_at_once(
    evaluate: Evaluate, cloud: Cloud, waits: list[float], code: str
) -> None:
    cloud.refuse("bedrock-runtime", "Converse", code, "User: R is not authorized to perform: bedrock:InvokeModel")

    with pytest.raises(CandidateNotAvailable, match=f"{code}: User: R is not authorized.*bedrock:InvokeModel"):
        evaluate(1)
    assert not waits
    assert len(cloud.called("bedrock-runtime", "Converse")) <= 8


@pytest.mark.parametrize(
    "message",
    [
        "The provided model identifier is invalid.",
        "Invocation of model ID m with on-demand throughput isn\u2019t supported. Retry your request with the ID or "
        "ARN of an inference profile that contains this model.",
        "The provided model doesn't support on-demand throughput.",
        "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
        "Operation not allowed",
    ],
)
def test_what_is_wrong_with_the_model_is_not_held_against_the_records(
    evaluate: Evaluate, cloud: Cloud, waits: list[float], message: str
) -> None:
    cloud.refuse("bedrock-runtime", "Converse", "ValidationException", message)

    with pytest.raises(CandidateNotAvailable, match=r"nova-micro cannot be asked: ValidationException: .* profile"):
        evaluate(1)
    assert len(cloud.called("bedrock-runtime", "Converse")) < 8
    assert not any(".answers/" in key for _, key in cloud.objects)


def test_a_few_records_that_the_model_refuses_score_zero_and_are_counted(
    evaluate: Evaluate, cloud: Cloud, run: dict[str, Any], fail: Callable[..., Mapping[str, Any]]
) -> None:
    run["sample_size"] = 20

    def refuse_one(params: Params) -> Mapping[str, Any]:
        if "Text 13 " in question(params):
            return fail("Converse", "ValidationException", "Input is too long")
        return converse_answer("Summary " + question(params).split("Text ")[1].split()[0])

    cloud.on("bedrock-runtime", "Converse", refuse_one)

    result = evaluate(1)

    assert (result["examples"], result["failed"]) == (20, 1)
    assert result["value"] == pytest.approx(0.95)
    refused = [line for line in cloud.lines("models", result["predictions_key"]) if "refusal" in line]
    assert [(line["record_id"], line["score"]) for line in refused] == [("v13", 0.0)]
    assert "Input is too long" in refused[0]["refusal"]


def test_a_refused_record_scores_zero_in_every_figure_even_where_nothing_was_wanted() -> None:
    outcomes = [
        Outcome(Record(f"v{place}", (Turn("user", "x"),), ""), Answer("", 1, 1, 0.1), "too long" if not place else None)
        for place in range(20)
    ]
    candidate = Candidate(0, "m", "m", "bedrock", "zero-shot", 0, TimePrice(0.001))
    metric = metric_named("exactMatch")

    assert summary(candidate, metric, outcomes)["value"] == pytest.approx(0.95)
    assert [line["score"] for line in prediction_lines(metric, outcomes)] == [0.0] + [1.0] * 19


def test_a_model_that_refuses_many_records_is_not_measured(evaluate: Evaluate, cloud: Cloud) -> None:
    cloud.refuse("bedrock-runtime", "Converse", "ValidationException", "Input is too long")

    with pytest.raises(CandidateFailed, match=r"refused 8 of 8 records; the first: .*Input is too long"):
        evaluate(1)
