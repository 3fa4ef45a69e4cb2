"""A retrieval candidate is shown passages of the documents; a text is embedded once, and what that costs counts."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.evaluate_candidate import documents as documents_module
from lambdas.evaluate_candidate.asking import CandidateNotAvailable
from lambdas.evaluate_candidate.documents import InvalidDocuments
from lambdas.evaluate_candidate.handler import handle
from lambdas.shared.errors import InvalidEvent
from lambdas.shared.passages import VectorSearch
from lambdas.shared.similarity import Index

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

Params = Mapping[str, Any]
Evaluate = Callable[..., dict[str, Any]]
PREFIX = "news/run=run-7/"
KEY = "run=run-7/candidates/1-nova-micro-retrieval"
TITAN = {"model": "titan-embed-text-v2", "model_id": "amazon.titan-embed-text-v2:0"}
WORDS = ("owl", "bee", "cat", "dog", "elk", "fox", "gnu", "hen")


def said(params: Params) -> dict[str, Any]:
    """Say what the first passage says, as a model that reads would."""
    prompt = params["messages"][-1]["content"][0]["text"]
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": prompt.split("[1] ")[-1].split("\n\n")[0]}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 100, "outputTokens": 10, "totalTokens": 110},
        "metrics": {"latencyMs": 5},
    }


def titan(params: Params) -> dict[str, Any]:
    """Embed a text by the animals that it names."""
    text = json.loads(params["body"])["inputText"]
    vector = [float(text.lower().count(word)) for word in WORDS] + [0.1]
    body = json.dumps({"embedding": vector, "inputTextTokenCount": 5}).encode()
    return {"body": io.BytesIO(body), "contentType": "application/json"}


@pytest.fixture
def evaluate(cloud: Cloud, context: Context, run: dict[str, Any], record: Callable[..., Any]) -> Evaluate:
    """Evaluate a candidate that is shown one passage, on eight questions."""
    run["task"]["kind"], run["metric"] = "question_answering", "tokenF1"
    records = [record(f"v{n}", f"What does the {word} say?", f"The {word} says {n}.") for n, word in enumerate(WORDS)]
    cloud.put("curated", f"{PREFIX}validation/part-00000.jsonl", *records)
    cloud.put("raw", "handbook/a.jsonl", *({"text": f"The {word} says {n}."} for n, word in enumerate(WORDS)))
    cloud.objects["raw", "handbook/b.md"] = b"# Other animals\n\nA worm says nothing at all."
    cloud.on("bedrock-runtime", "Converse", said)
    cloud.on("bedrock-runtime", "InvokeModel", titan)
    run["documents"] = {"folder": "handbook", "passage_words": 40}
    run["embeddings"] = {**TITAN, "price": {"usd_per_1k_input_tokens": 0.2, "usd_per_1k_output_tokens": 0.0}}
    run["candidates"][1] |= {"strategy": "retrieval", "passages": 1}

    def start(**changes: Any) -> dict[str, Any]:
        return handle({"run": run, "candidate": run["candidates"][1] | changes}, context)

    return start


@pytest.mark.parametrize("search", ["words", "embeddings"])
def test_the_passage_with_the_answer_is_found_and_shown(evaluate: Evaluate, search: str) -> None:
    result = evaluate(search=search)

    assert result["value"] == 1.0
    assert result["retrieval"]["answer_found"] == 1.0
    assert (result["retrieval"]["passages"], result["retrieval"]["search"]) == (9, search)


def test_searching_by_words_asks_no_embedding_model(evaluate: Evaluate, cloud: Cloud) -> None:
    assert evaluate()["usd_per_1k_requests"] == pytest.approx(100 * 0.5 + 10 * 2.0)
    assert not cloud.called("bedrock-runtime", "InvokeModel")


def test_the_question_s_embedding_is_part_of_a_request_s_cost_and_the_passages_are_not(evaluate: Evaluate) -> None:
    result = evaluate(search="embeddings")

    assert result["usd_per_1k_requests"] == pytest.approx(100 * 0.5 + 10 * 2.0 + 5 * 0.2)
    assert result["retrieval"]["usd_of_index"] == pytest.approx(9 * 5 * 0.2 / 1000)


def test_what_is_embedded_is_embedded_once_whoever_asks_next(
    evaluate: Evaluate, cloud: Cloud, run: dict[str, Any]
) -> None:
    evaluate(search="embeddings")
    count = len(cloud.called("bedrock-runtime", "InvokeModel"))

    evaluate(search="embeddings", index=2)

    assert count == 9 + 8
    assert len(cloud.called("bedrock-runtime", "InvokeModel")) == count


def test_passages_are_stored_for_the_gateway(evaluate: Evaluate, cloud: Cloud) -> None:
    result = evaluate(search="embeddings")
    stored = cloud.document("models", f"{KEY}.json")

    assert stored["passages"][0] == {"text": "The owl says 0.", "source": "a.jsonl"}
    assert stored["passages"][-1] == {"text": "# Other animals A worm says nothing at all.", "source": "b.md"}
    assert (len(stored["passage_vectors"]), stored["passage_model_id"]) == (9, TITAN["model_id"])
    assert "passages" not in result


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("handbook/c.pdf", b"%PDF", r"kind cannot be read \(s3://raw/handbook/c.pdf\)"),
        ("handbook/c.jsonl", b"{", r"not JSON \(s3://raw/handbook/c.jsonl, document 1\)"),
        ("handbook/c.jsonl", b'{"body": "x"}', "'text' is missing"),
        ("handbook/c.txt", b"\xff\xfe", r"not UTF-8 \(s3://raw/handbook/c.txt\)"),
        ("handbook/c.txt", b" ".join(b"w%d" % number for number in range(500_000)), "longer than 3,000,000 bytes"),
    ],
    ids=["pdf", "no json", "no text", "no utf-8", "too long"],
)
def test_a_document_that_cannot_be_read_is_named(
    evaluate: Evaluate, cloud: Cloud, key: str, content: bytes, message: str
) -> None:
    cloud.objects["raw", key] = content

    with pytest.raises(InvalidDocuments, match=message):
        evaluate()


@pytest.mark.parametrize("search", ["words", "embeddings"])
def test_a_question_is_searched_for_once_also_to_tell_whether_its_answer_was_found(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, search: str
) -> None:
    searched: list[str] = []
    both: tuple[Any, ...] = (Index, VectorSearch)
    for by in both:
        nearest = by.nearest

        def counting(self: Any, text: str, count: int, nearest: Any = nearest) -> Any:
            searched.append(text)
            return nearest(self, text, count)

        monkeypatch.setattr(by, "nearest", counting)

    evaluate(search=search)

    assert len(searched) == len(set(searched)) == 8


def test_texts_that_are_too_long_together_are_refused_before_any_is_read(evaluate: Evaluate, cloud: Cloud) -> None:
    for name in ("c.txt", "d.md"):
        cloud.objects["raw", f"handbook/{name}"] = b"word " * 400_000

    with pytest.raises(InvalidDocuments, match="longer than 3,000,000 bytes"):
        evaluate()

    assert not [call for call in cloud.called("s3", "GetObject") if call["Bucket"] == "raw"]


def test_more_passages_than_can_be_searched_are_refused_with_their_number(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_module, "MOST_EMBEDDED_PASSAGES", 8)

    with pytest.raises(InvalidDocuments, match="have 9 passages, and from 1 to 8 can be searched by embeddings"):
        evaluate(search="embeddings")
    assert evaluate(search="words")["retrieval"]["passages"] == 9


def test_an_empty_folder_is_refused(evaluate: Evaluate, run: dict[str, Any]) -> None:
    run["documents"]["folder"] = "empty"

    with pytest.raises(InvalidDocuments, match=r"0 passages.*Upload documents"):
        evaluate()


@pytest.mark.parametrize("lacking", ["documents", "embeddings"])
def test_what_a_search_needs_is_asked_for(evaluate: Evaluate, run: dict[str, Any], lacking: str) -> None:
    run[lacking] = None

    with pytest.raises(InvalidEvent, match="names no documents, or no model to embed them"):
        evaluate(search="embeddings")


def test_an_embedding_model_that_may_not_be_asked_is_named(
    evaluate: Evaluate, cloud: Cloud, fail: Callable[..., Any]
) -> None:
    cloud.on("bedrock-runtime", "InvokeModel", lambda _: fail("InvokeModel", "AccessDeniedException", "no"))

    with pytest.raises(CandidateNotAvailable, match="titan-embed-text-v2 cannot be asked: AccessDeniedException"):
        evaluate(search="embeddings")


def test_a_text_that_is_too_long_for_the_model_is_embedded_by_its_beginning(
    evaluate: Evaluate, cloud: Cloud, fail: Callable[..., Params]
) -> None:
    cloud.objects["raw", "handbook/c.txt"] = b"fox " * 300

    def strict(params: Params) -> Params:
        if len(json.loads(params["body"])["inputText"]) > 100:
            return fail("InvokeModel", "ValidationException", "Input is too long for requested model.")
        return titan(params)

    cloud.on("bedrock-runtime", "InvokeModel", strict)

    assert evaluate(search="embeddings")["retrieval"]["passages"] > 9


def test_a_cohere_model_is_asked_in_its_own_body_and_counted_by_the_header(
    evaluate: Evaluate, cloud: Cloud, run: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run["embeddings"]["model_id"] = "global.cohere.embed-v4:0"

    def cohere(params: Params) -> dict[str, Any]:
        body = json.loads(params["body"])
        (text,) = body["texts"]
        vector = [float(text.lower().count(word)) for word in WORDS] + [0.1]
        return {
            "body": io.BytesIO(json.dumps({"embeddings": {"float": [vector]}}).encode()),
            "contentType": "application/json",
            "ResponseMetadata": {"HTTPHeaders": {"x-amzn-bedrock-input-token-count": "7"}},
        }

    cloud.on("bedrock-runtime", "InvokeModel", cohere)

    result = evaluate(search="embeddings")

    assert result["usd_per_1k_requests"] == pytest.approx(100 * 0.5 + 10 * 2.0 + 7 * 0.2)
    kinds = [json.loads(call["body"])["input_type"] for call in cloud.called("bedrock-runtime", "InvokeModel")]
    assert (kinds.count("search_document"), kinds.count("search_query")) == (9, 8)
