"""Summaries are compared with their targets by embeddings: beside the metric, or as the metric."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate.handler import handle
from lambdas.shared.errors import InvalidEvent, ServiceCallFailed

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Params = Mapping[str, Any]
Evaluate = Callable[..., dict[str, Any]]
PREFIX = "news/run=run-7/"


def embedded(params: Params) -> dict[str, Any]:
    """Embed by the number that a text names: numbers that are as even, or as odd, are alike."""
    text = json.loads(params["body"])["inputText"]
    odd = int("".join(character for character in text if character.isdigit()) or 0) % 2
    body = {"embedding": [1.0 - odd, float(odd)], "inputTextTokenCount": 4}
    return {"body": io.BytesIO(json.dumps(body).encode()), "contentType": "application/json"}


@pytest.fixture
def evaluate(cloud: Cloud, context: Context, run: dict[str, Any], record: Callable[..., Any]) -> Evaluate:
    """Evaluate a candidate that repeats each text's number, or one more."""
    records = [record(f"v{n}", f"Text {n}.", f"Summary {n}.") for n in range(8)]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *records)
    run["embeddings"] = {
        "model": "titan-embed-text-v2",
        "model_id": "amazon.titan-embed-text-v2:0",
        "price": {"usd_per_1k_input_tokens": 0.5, "usd_per_1k_output_tokens": 0.0},
    }
    cloud.on("bedrock-runtime", "InvokeModel", embedded)

    def start(wrong: int, empty: int = 0, index: int = 1) -> dict[str, Any]:
        def answer(params: Params) -> dict[str, Any]:
            number = int(params["messages"][-1]["content"][0]["text"].split()[-1].strip("."))
            said = "" if number < empty else f"It is {number + (number < wrong)}."
            return {
                "output": {"message": {"role": "assistant", "content": [{"text": said}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12},
                "metrics": {"latencyMs": 5},
            }

        cloud.on("bedrock-runtime", "Converse", answer)
        return handle({"run": run, "candidate": run["candidates"][index]}, context)

    return start


def test_it_stands_beside_the_metric_with_its_interval_and_its_cost(evaluate: Evaluate) -> None:
    result = evaluate(wrong=2)

    assert result["metric"] == "rougeL"
    assert result["similarity"]["value"] == pytest.approx(6 / 8)
    assert result["similarity"]["ci"][0] < 6 / 8 < result["similarity"]["ci"][1]
    assert result["similarity"]["usd"] == pytest.approx(16 * 4 * 0.5 / 1000)
    assert result["usd_per_1k_requests"] == pytest.approx(10 * 0.5 + 2 * 2.0)


def test_it_decides_where_it_is_the_metric_and_blind_answers_show_what_it_is_worth(
    evaluate: Evaluate, run: dict[str, Any]
) -> None:
    run["metric"] = "embeddingSimilarity"

    result = evaluate(wrong=4)

    assert (result["metric"], result["value"]) == ("embeddingSimilarity", 0.5)
    # Of five other records' targets, two or three are as even.
    assert 0.3 < result["chance"] < 0.7


def test_an_empty_answer_is_like_nothing(evaluate: Evaluate) -> None:
    assert evaluate(wrong=0, empty=2)["similarity"]["value"] == pytest.approx(6 / 8)


def test_targets_are_embedded_once_for_all_candidates(evaluate: Evaluate, cloud: Cloud) -> None:
    evaluate(wrong=0)
    evaluate(wrong=0, index=0)

    asked = [json.loads(call["body"])["inputText"] for call in cloud.called("bedrock-runtime", "InvokeModel")]
    assert sum(text.startswith("Summary") for text in asked) == 8


def test_other_tasks_embed_nothing(evaluate: Evaluate, cloud: Cloud, run: dict[str, Any]) -> None:
    run["task"]["kind"], run["metric"] = "question_answering", "tokenF1"

    assert "similarity" not in evaluate(wrong=0)
    assert not cloud.called("bedrock-runtime", "InvokeModel")


def test_as_the_metric_it_needs_its_model(evaluate: Evaluate, run: dict[str, Any]) -> None:
    run["metric"], run["embeddings"] = "embeddingSimilarity", None

    with pytest.raises(InvalidEvent, match="needs an embedding model"):
        evaluate(wrong=0)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"embedding": [1.0]}, "token-count' is missing"),
        ({"embedding": [], "inputTextTokenCount": 4}, "no vector"),
        ({"embedding": [0.0, 0.0], "inputTextTokenCount": 4}, "not of finite numbers"),
        ({"embedding": ["x"], "inputTextTokenCount": 4}, "not of finite numbers"),
        ({"inputTextTokenCount": 4}, "'embeddings' is missing"),
        ([], "object is needed"),
    ],
)
def test_an_answer_that_is_no_embedding_is_refused(
    evaluate: Evaluate, cloud: Cloud, body: object, message: str
) -> None:
    cloud.on(
        "bedrock-runtime",
        "InvokeModel",
        lambda _: {"body": io.BytesIO(json.dumps(body).encode()), "contentType": "application/json"},
    )

    with pytest.raises(ServiceCallFailed, match=message):
        evaluate(wrong=0)
