"""An evaluation that broke off goes on from its answers: nothing that was answered is asked again."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.asking import BedrockModel, CandidateNotAvailable
from lambdas.evaluate_candidate.deadline import EvaluationTimedOut, reserve_millis
from lambdas.evaluate_candidate.handler import handle
from lambdas.shared.errors import InvalidRecord

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Params = Mapping[str, Any]
Evaluate = Callable[[], dict[str, Any]]
PREFIX = "news/run=run-7/"
PARTS = "run=run-7/candidates/1-nova-micro-zero-shot.answers/"


def said(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
        "metrics": {"latencyMs": 5},
    }


def asked(cloud: Cloud) -> list[str]:
    return [call["messages"][-1]["content"][0]["text"] for call in cloud.called("bedrock-runtime", "Converse")]


def settled() -> None:
    """Wait for the request that was under way when an evaluation broke off."""
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPoolExecutor"):
            thread.join(10)


@pytest.fixture
def evaluate(
    cloud: Cloud, context: Context, run: dict[str, Any], record: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Evaluate:
    """Evaluate a zero-shot candidate on forty records, one at a time, without waiting."""
    monkeypatch.setenv("CONCURRENCY", "1")
    monkeypatch.setattr(BedrockModel.__init__, "__defaults__", (lambda _: None,))
    run["sample_size"] = 40
    records = [record(f"v{n}", f"Text {n}.", f"Summary {n}.") for n in range(40)]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *records)
    cloud.on("bedrock-runtime", "Converse", lambda _: said("Summary"))
    return lambda: handle({"run": run, "candidate": run["candidates"][1]}, context)


@pytest.fixture
def breaks_off(cloud: Cloud, fail: Callable[..., Any]) -> Callable[[int, str], None]:
    """After so many answers, have the model refuse with an error."""

    def script(answers: int, code: str) -> None:
        count = itertools.count()
        cloud.on(
            "bedrock-runtime",
            "Converse",
            lambda _: said("Summary") if next(count) < answers else fail("Converse", code, "no"),
        )

    return script


def test_a_second_attempt_asks_only_for_what_the_first_did_not_get(
    evaluate: Evaluate, cloud: Cloud, breaks_off: Callable[[int, str], None]
) -> None:
    breaks_off(25, "AccessDeniedException")
    with pytest.raises(CandidateNotAvailable):
        evaluate()
    settled()
    first = asked(cloud)[:25]
    cloud.calls.clear()
    cloud.on("bedrock-runtime", "Converse", lambda _: said("Summary"))

    result = evaluate()

    assert len(asked(cloud)) == 15
    assert not set(asked(cloud)) & set(first)
    assert (result["examples"], result["failed"], result["input_tokens"]) == (40, 0, 280)


def test_a_resumed_evaluation_gives_what_an_unbroken_one_gives(
    evaluate: Evaluate, cloud: Cloud, breaks_off: Callable[[int, str], None]
) -> None:
    unbroken = evaluate()
    for key in [key for key in cloud.objects if key[0] == "models"]:
        del cloud.objects[key]
    breaks_off(7, "AccessDeniedException")
    with pytest.raises(CandidateNotAvailable):
        evaluate()
    settled()
    cloud.on("bedrock-runtime", "Converse", lambda _: said("Summary"))

    resumed = evaluate()

    timed = {"latency_ms_p50", "latency_ms_p95"}
    assert {k: v for k, v in resumed.items() if k not in timed} == {k: v for k, v in unbroken.items() if k not in timed}


def test_a_finished_evaluation_is_not_done_again(evaluate: Evaluate, cloud: Cloud) -> None:
    first = evaluate()
    cloud.calls.clear()

    assert evaluate() == first
    assert not asked(cloud)


def changed_price(cloud: Cloud, run: dict[str, Any]) -> None:
    run["candidates"][1]["price"] = {"usd_per_1k_input_tokens": 9.0, "usd_per_1k_output_tokens": 9.0}


def changed_answers(cloud: Cloud, run: dict[str, Any]) -> None:
    run["max_output_tokens"] = 32


def changed_references(cloud: Cloud, run: dict[str, Any]) -> None:
    key = ("curated", f"{PREFIX}validation/part-00000.jsonl")
    cloud.objects[key] = cloud.objects[key].replace(b"Summary 3.", b"Another 3.")


@pytest.mark.parametrize("change", [changed_price, changed_answers, changed_references])
def test_a_result_of_something_else_is_not_taken(
    evaluate: Evaluate, cloud: Cloud, run: dict[str, Any], change: Callable[[Cloud, dict[str, Any]], None]
) -> None:
    key = evaluate()["result_key"]
    before = cloud.document("models", key)["of"]
    change(cloud, run)
    evaluate()

    assert cloud.document("models", key)["of"] != before


def test_answers_are_written_in_parts_while_they_come(evaluate: Evaluate, cloud: Cloud) -> None:
    evaluate()

    parts = sorted(key for bucket, key in cloud.objects if bucket == "models" and key.startswith(PARTS))
    assert [len(cloud.lines("models", key)) for key in parts] == [16, 16, 8]


def test_an_answer_to_another_request_is_not_taken(
    evaluate: Evaluate, cloud: Cloud, run: dict[str, Any], breaks_off: Callable[[int, str], None]
) -> None:
    breaks_off(25, "AccessDeniedException")
    with pytest.raises(CandidateNotAvailable):
        evaluate()
    settled()
    run["max_output_tokens"] = 32
    cloud.calls.clear()
    cloud.on("bedrock-runtime", "Converse", lambda _: said("Summary"))

    evaluate()

    assert len(asked(cloud)) == 40


def test_a_record_that_the_model_refused_is_not_asked_for_again(
    evaluate: Evaluate, cloud: Cloud, fail: Callable[..., Mapping[str, Any]]
) -> None:
    def script(params: Params) -> Mapping[str, Any]:
        text = params["messages"][-1]["content"][0]["text"]
        if text.endswith("Text 1."):
            return fail("Converse", "ValidationException", "too long")
        return fail("Converse", "AccessDeniedException") if text.endswith("Text 2.") else said("Summary")

    cloud.on("bedrock-runtime", "Converse", script)
    for _ in range(2):
        with pytest.raises(CandidateNotAvailable):
            evaluate()
        settled()
    cloud.on("bedrock-runtime", "Converse", lambda _: said("Summary"))
    result = evaluate()

    assert result["failed"] == sum(text.endswith("Text 1.") for text in asked(cloud)) == 1


def test_a_record_over_which_the_model_failed_is_asked_for_again(
    evaluate: Evaluate, cloud: Cloud, fail: Callable[..., Mapping[str, Any]]
) -> None:
    failures = iter(["ModelErrorException", "AccessDeniedException"])

    def script(params: Params) -> Mapping[str, Any]:
        code = next(failures, None)
        return fail("Converse", code, "no") if code else said("Summary")

    cloud.on("bedrock-runtime", "Converse", script)
    with pytest.raises(CandidateNotAvailable):
        evaluate()
    settled()

    assert evaluate()["failed"] == 0


def test_an_attempt_that_still_runs_and_the_next_one_keep_their_answers_apart(
    evaluate: Evaluate, cloud: Cloud, context: Context, breaks_off: Callable[[int, str], None]
) -> None:
    cloud.put("models", f"{PARTS}00004.jsonl", {"asked": "of an earlier version"})
    for request in ("one", "two"):
        context.aws_request_id = request
        breaks_off(3, "AccessDeniedException")
        with pytest.raises(CandidateNotAvailable):
            evaluate()
        settled()

    parts = sorted(key.removeprefix(PARTS) for bucket, key in cloud.objects if key.startswith(PARTS))
    assert parts == ["00004.jsonl", "00005-one.jsonl", "00006-two.jsonl"]


def test_throttling_is_not_waited_for_beyond_the_deadline(
    evaluate: Evaluate, cloud: Cloud, context: Context, breaks_off: Callable[[int, str], None]
) -> None:
    breaks_off(10, "ThrottlingException")
    # Less than a second is enough to ask, and too little for the waits that are drawn within eight attempts.
    context.millis = reserve_millis(40) + 900

    with pytest.raises(EvaluationTimedOut, match=r"ran out while nova-micro was busy.*ThrottlingException: no"):
        evaluate()

    kept = [line for bucket, key in cloud.objects if key.startswith(PARTS) for line in cloud.lines(bucket, key)]
    assert len(kept) == 10


def test_a_kept_answer_that_cannot_be_read_is_named(evaluate: Evaluate, cloud: Cloud) -> None:
    cloud.objects["models", f"{PARTS}00000.jsonl"] = b"{"

    with pytest.raises(InvalidRecord, match=r"answers/00000\.jsonl\)\. Delete"):
        evaluate()
