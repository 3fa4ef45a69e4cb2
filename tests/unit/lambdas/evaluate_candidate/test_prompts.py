"""What a candidate is asked, by its strategy, and how many requests run at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.asking import BedrockModel
from lambdas.shared.converse import converse
from lambdas.shared.errors import ConfigurationError, InvalidEvent, ServiceCallFailed, TooFewRecords
from lambdas.shared.prompts import Turn
from tests.unit.lambdas.evaluate_candidate.bedrock import Evaluate, Params, converse_answer, question

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


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
