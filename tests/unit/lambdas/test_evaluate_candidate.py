"""Every candidate answers the same held-out records; what it costs, how long it takes and how good it is comes out."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate import asking
from lambdas.evaluate_candidate.asking import BedrockModel, CandidateNotAvailable
from lambdas.evaluate_candidate.deadline import EvaluationTimedOut, reserve_millis
from lambdas.evaluate_candidate.handler import handle
from lambdas.evaluate_candidate.measuring import Outcome
from lambdas.evaluate_candidate.report import CandidateFailed, prediction_lines, summary
from lambdas.shared.converse import Answer, converse
from lambdas.shared.cost import TimePrice
from lambdas.shared.errors import ConfigurationError, InvalidEvent, ServiceCallFailed, TooFewRecords
from lambdas.shared.metrics import metric_named
from lambdas.shared.prompts import Turn
from lambdas.shared.records import Record, read_split, sample
from lambdas.shared.run import Candidate

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Params = Mapping[str, Any]
Evaluate = Callable[[int], dict[str, Any]]
Curated = Callable[..., dict[str, Any]]
PREFIX = "news/run=run-7/"


def converse_answer(text: str, **usage: int) -> dict[str, Any]:
    tokens = {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110} | usage
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": tokens,
        "metrics": {"latencyMs": 5},
    }


def question(params: Params) -> str:
    text: str = params["messages"][-1]["content"][0]["text"]
    return text


@pytest.fixture
def evaluate(cloud: Cloud, context: Context, run: dict[str, Any], record: Curated) -> Evaluate:
    """Evaluate the candidate of an index on twenty records, eight of which are sampled."""
    for part in range(2):
        cloud.put(
            "curated",
            f"{PREFIX}validation/part-{part:05}.jsonl",
            *(record(f"v{part}{n}", f"Text {part}{n} alpha. Other words.", f"Summary {part}{n}.") for n in range(10)),
        )
    cloud.put("curated", f"{PREFIX}train/part-00000.jsonl", *(record(f"t{n}", f"T{n}", f"S{n}") for n in range(9)))
    cloud.on("bedrock-runtime", "Converse", lambda params: converse_answer(question(params)))
    return lambda index: handle({"run": run, "candidate": run["candidates"][index]}, context)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the function would have waited, without waiting."""
    found: list[float] = []
    monkeypatch.setattr(BedrockModel.__init__, "__defaults__", (found.append,))
    return found


def test_the_figures_are_those_of_the_answers(evaluate: Evaluate, cloud: Cloud, run: dict[str, Any]) -> None:
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda p: converse_answer("Summary " + question(p).split("Text ")[1].split()[0], inputTokens=200),
    )

    result = evaluate(1)

    assert result["value"] == 1.0
    assert result["ci"] == [0.630583, 1.0]
    assert (result["level"], result["resamples"]) == (0.95, 2000)
    assert (result["examples"], result["failed"]) == (8, 0)
    assert result["usd_per_1k_requests"] == pytest.approx(200 * 0.5 + 10 * 2.0)
    assert result["priced_by"] == "tokens"
    assert (result["input_tokens"], result["output_tokens"]) == (1600, 80)
    assert 0 < result["latency_ms_p50"] <= result["latency_ms_p95"]
    assert {name: result[name] for name in ("index", "model", "strategy", "metric")} == {
        "index": 1,
        "model": "nova-micro",
        "strategy": "zero-shot",
        "metric": "rougeL",
    }


def test_a_wrong_answer_lowers_the_figure_and_widens_the_interval(evaluate: Evaluate, cloud: Cloud) -> None:
    right = iter([True, False] * 4)
    cloud.on(
        "bedrock-runtime",
        "Converse",
        lambda p: converse_answer("Summary " + question(p).split("Text ")[1].split()[0] if next(right) else "no"),
    )

    result = evaluate(1)

    assert result["value"] == pytest.approx(0.5)
    assert result["ci"][0] < 0.5 < result["ci"][1]


def test_every_candidate_answers_the_same_records(evaluate: Evaluate, cloud: Cloud) -> None:
    keys = [evaluate(index)["predictions_key"] for index in range(3)]

    answered = [[line["record_id"] for line in cloud.lines("models", key)] for key in keys]

    assert answered[0] == answered[1] == answered[2]
    assert answered[0] == [item.record_id for item in sample(read_split("curated", PREFIX, "validation"), 8)]


def test_a_model_that_refuses_a_temperature_is_told_none(evaluate: Evaluate, cloud: Cloud, run: dict[str, Any]) -> None:
    run["candidates"][1]["sampling"] = False

    evaluate(1)

    assert {str(params["inferenceConfig"]) for params in cloud.called("bedrock-runtime", "Converse")} == {
        "{'maxTokens': 64}"
    }


def test_zero_shot_asks_the_record_s_own_prompt_at_temperature_zero(evaluate: Evaluate, cloud: Cloud) -> None:
    evaluate(1)

    for params in cloud.called("bedrock-runtime", "Converse"):
        assert params["modelId"] == "amazon.nova-micro-v1:0"
        assert params["inferenceConfig"] == {"maxTokens": 64, "temperature": 0}
        assert len(params["messages"]) == 1
        assert question(params).startswith("Summarize in one sentence.\n\nText ")


def test_few_shot_shows_examples_of_train_as_turns_and_keeps_them_for_serving(evaluate: Evaluate, cloud: Cloud) -> None:
    result = evaluate(2)

    asked = cloud.called("bedrock-runtime", "Converse")
    shown = [[message["content"][0]["text"] for message in params["messages"][:-1]] for params in asked]
    assert all(turns == shown[0] for turns in shown)
    assert len(shown[0]) == 4
    assert shown[0][0].startswith("Summarize in one sentence.\n\nT")
    assert [message["role"] for message in asked[0]["messages"]] == ["user", "assistant"] * 2 + ["user"]
    stored = cloud.document("models", result["result_key"])["prompt_turns"]
    assert [turn["content"] for turn in stored] == shown[0]


def test_the_extractive_candidate_calls_no_model_and_never_sees_the_instruction(
    evaluate: Evaluate, cloud: Cloud
) -> None:
    result = evaluate(0)

    assert not cloud.called("bedrock-runtime", "Converse")
    outputs = [line["output"] for line in cloud.lines("models", result["predictions_key"])]
    assert all(output.startswith("Text ") for output in outputs)
    assert result["usd_per_1k_requests"] > 0
    assert result["input_tokens"] == 0


def test_latency_is_in_milliseconds_and_compute_is_paid_by_the_second(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCURRENCY", "1")
    ticks = itertools.count(start=100, step=2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    results = [evaluate(index) for index in (0, 1)]

    assert [result["latency_ms_p50"] for result in results] == [2000, 2000]
    assert results[0]["usd_per_1k_requests"] == 1000 * 2 * 0.001
    assert results[0]["priced_by"] == "seconds"


def test_a_customized_model_whose_price_is_not_known_has_no_cost_and_none_is_made_up(
    evaluate: Evaluate, context: Context, run: dict[str, Any], cloud: Cloud
) -> None:
    evaluate(1)
    candidate = {**run["candidates"][1], "model": "nova-micro-customized", "price": None}
    result = handle({"run": run, "candidate": candidate}, context)
    assert (result["usd_per_1k_requests"], result["priced_by"]) == (None, None)
    assert cloud.document("models", str(result["result_key"]))["usd_per_1k_requests"] is None
    assert result["output_tokens"]


def test_a_candidate_of_the_settings_without_a_price_is_refused(
    evaluate: Evaluate, context: Context, run: dict[str, Any]
) -> None:
    run["candidates"][1]["price"] = None
    with pytest.raises(InvalidEvent, match="The field 'price' is missing"):
        evaluate(1)
    del run["candidates"][1]["price"]
    with pytest.raises(InvalidEvent, match="The field 'price' is missing"):
        handle({"run": {**run, "candidates": run["candidates"][:1]}, "candidate": run["candidates"][1]}, context)


def test_result_and_predictions_are_stored_beside_each_other(evaluate: Evaluate, cloud: Cloud) -> None:
    result = evaluate(1)

    assert result["result_key"] == "run=run-7/candidates/1-nova-micro-zero-shot.json"
    stored = cloud.document("models", result["result_key"])
    assert len(stored.pop("of")) == 64
    assert stored == {**result, "run_id": "run-7", "prompt_turns": []}
    line = cloud.lines("models", result["predictions_key"])[0]
    assert sorted(line) == ["latency_ms", "output", "prompt", "record_id", "reference", "score"]


def test_progress_is_printed_up_to_the_end(evaluate: Evaluate, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(1)

    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("PROGRESS ")]
    assert '"done": 8, "total": 8, "unit": "examples"' in lines[-1]
    assert '"model": "nova-micro"' in lines[-1]


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


@pytest.mark.parametrize("missing", ["output", "usage"])
def test_an_answer_without_message_or_usage_is_an_error(missing: str) -> None:
    answer = converse_answer("x")
    del answer[missing]
    client = SimpleNamespace(converse=lambda **_: answer)

    with pytest.raises(ServiceCallFailed, match="without a message or without usage"):
        converse(client, "m", [Turn("user", "hi")], max_tokens=1, temperature=0)


@pytest.mark.parametrize(
    ("reason", "finish"), [("end_turn", "stop"), ("max_tokens", "length"), ("guardrail_intervened", "filtered")]
)
def test_the_answer_says_why_it_ended(reason: str, finish: str) -> None:
    client = SimpleNamespace(converse=lambda **_: converse_answer("x") | {"stopReason": reason})

    assert converse(client, "m", [Turn("user", "hi")], max_tokens=1, temperature=0).finish == finish


def test_no_more_requests_run_at_once_than_allowed(
    evaluate: Evaluate, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONCURRENCY", "3")
    lock, busy, most = threading.Lock(), 0, 0

    def slow(params: Params) -> Mapping[str, Any]:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.02)
        with lock:
            busy -= 1
        return converse_answer("x")

    cloud.on("bedrock-runtime", "Converse", slow)
    evaluate(1)

    assert most == 3


@pytest.mark.parametrize(
    ("value", "message"), [("0", "is 0, which is not between 1 and 64"), ("two", "not an integer")]
)
def test_a_wrong_concurrency_is_named(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    monkeypatch.setenv("CONCURRENCY", value)

    with pytest.raises(ConfigurationError, match=f"CONCURRENCY.*{message}"):
        evaluate(1)


def test_running_out_of_time_is_said_before_lambda_ends_the_function(
    evaluate: Evaluate, context: Context, cloud: Cloud
) -> None:
    context.millis = reserve_millis(8) + 50
    release = threading.Event()

    def stuck(params: Params) -> Mapping[str, Any]:
        release.wait(10)
        return converse_answer("x")

    cloud.on("bedrock-runtime", "Converse", stuck)
    try:
        with pytest.raises(EvaluationTimedOut, match=r"after 0 of 8 records.*Lower selection.sample_size"):
            evaluate(1)
    finally:
        release.set()


def test_a_validation_split_that_says_nothing_is_refused(evaluate: Evaluate, cloud: Cloud, record: Curated) -> None:
    for key in [key for key in cloud.objects if "validation" in key[1]]:
        del cloud.objects[key]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *(record(f"v{n}") for n in range(4)))

    with pytest.raises(TooFewRecords, match=r"holds 4 records and 5 are needed.*Set data.split.validation to 0.3, or"):
        evaluate(1)

    cloud.put("curated", f"{PREFIX}validation/part-00001.jsonl", record("v5"))
    assert evaluate(1)["examples"] == 5


def test_more_examples_than_train_holds_are_refused(evaluate: Evaluate, run: dict[str, Any]) -> None:
    run["candidates"][2]["examples"] = 10

    with pytest.raises(TooFewRecords, match="holds 9 records and the prompt shows 10") as caught:
        evaluate(2)
    assert "Set selection.candidates[2].examples to 9 or less, or bring about 24 usable records" in str(caught.value)

    del run["split"]  # as in a run that began before it said how it is divided
    with pytest.raises(TooFewRecords, match="to 9 or less, or bring more usable records"):
        evaluate(2)


def test_an_unknown_strategy_is_refused(evaluate: Evaluate, run: dict[str, Any]) -> None:
    run["candidates"][1]["strategy"] = "guess"

    with pytest.raises(InvalidEvent, match="'guess' is not one of zero-shot, few-shot, retrieval, extractive"):
        evaluate(1)


def test_system_turns_go_where_converse_wants_them(cloud: Cloud) -> None:
    cloud.on("bedrock-runtime", "Converse", lambda _: converse_answer(" x "))

    answer = BedrockModel("m", "model", 8, lambda: 60.0).answer([Turn("system", "be brief"), Turn("user", "hi")])

    assert cloud.called("bedrock-runtime", "Converse")[0]["system"] == [{"text": "be brief"}]
    assert answer.text == "x"
