"""Models that answer and the one that embeds: each is asked where it can be, and lists the bounds of what it takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.gateway.upstream import Upstream
from tests.unit.gateway.conftest import BEDROCK, Aws, Configure, Gateway, forget

QUESTION = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": QUESTION}),
        ("/v1/generate", {"prompt": "hi"}),
        ("/v1/summarize", {"text": "hi"}),
        ("/v1/search", {"query": "hi", "answer": True}),
    ],
)
def test_an_embedding_model_that_is_to_write_says_where_to_ask_it(
    gateway: Gateway, upstream: Upstream, path: str, body: dict[str, Any]
) -> None:
    reply = gateway.post(path, {"model": "titan", **body})

    wrong = "titan is an embedding model, which writes no answers: ask it at /v1/embeddings"
    assert (reply.status, reply.body["detail"]) == (400, f"{wrong}.")
    assert reply.body["errors"] == [{"pointer": "#/model", "detail": wrong}]
    assert not upstream.asked


@pytest.mark.parametrize("name", ["approved", "first", "fourfold-dev/3"])
def test_a_model_that_writes_and_is_to_embed_says_where_to_ask_it_and_which_one_embeds(
    gateway: Gateway, upstream: Upstream, name: str
) -> None:
    reply = gateway.post("/v1/embeddings", {"model": name, "input": "owls"})

    assert (reply.status, reply.body["error"]["param"]) == (400, "model")
    assert reply.body["detail"] == (
        f"{name} answers, and embeds nothing: ask it at /v1/chat/completions; the embedding model is titan."
    )
    assert not upstream.asked


def test_a_name_that_no_model_has_is_not_found_by_either(gateway: Gateway) -> None:
    assert gateway.post("/v1/embeddings", {"model": "gpt", "input": "owls"}).status == 404
    assert gateway.chat(model="gpt").status == 404


def test_each_model_lists_how_much_it_reads_where_that_is_known(gateway: Gateway, store: Aws) -> None:
    def reads() -> dict[str, int | None]:
        forget()
        return {one["id"]: one["fourfold"]["context_tokens"] for one in gateway.send("GET", "/v1/models").body["data"]}

    tuned = reads()
    store.parameters["/target"] = json.dumps(BEDROCK)

    assert tuned == {"approved": 4096, "first": 8192, "second": 8192, "titan": 8192}
    assert reads()["approved"] is None


def test_the_bounds_of_texts_to_embed_are_listed_described_and_kept(gateway: Gateway, upstream: Upstream) -> None:
    listed = gateway.send("GET", "/v1/models/titan").body["fourfold"]["parameters"]["input"]
    most, texts = listed["max_characters"], listed["max_texts"]
    described = gateway.send("GET", "/openapi.json").body["paths"]["/v1/embeddings"]["post"]["requestBody"]
    several, one, *_ = described["content"]["application/json"]["schema"]["properties"]["input"]["anyOf"]

    long = gateway.post("/v1/embeddings", {"input": ["owls", "x" * (most + 1)]})

    assert (several["maxItems"], one["maxLength"], several["items"]["maxLength"]) == (texts, most, most)
    assert (long.status, long.body["error"]["param"]) == (413, "input.1")
    assert long.body["detail"] == "'input' has 2,001 characters, 2,000 at most."
    assert gateway.post("/v1/embeddings", {"input": ["x"] * (texts + 1)}).status == 400
    assert not upstream.asked
    assert gateway.post("/v1/embeddings", {"input": "x" * most}).status == 200


def test_a_text_that_is_too_long_beside_a_field_that_is_wrong_is_a_bad_request_with_both(gateway: Gateway) -> None:
    reply = gateway.post("/v1/embeddings", {"input": "x" * 2001, "dimensions": 0})

    assert reply.status == 400
    assert [error["pointer"] for error in reply.body["errors"]] == ["#/input", "#/dimensions"]


def test_a_text_for_the_approved_endpoint_is_read_whole_where_the_endpoint_takes_it(
    gateway: Gateway, upstream: Upstream, configure: Configure
) -> None:
    configure(endpoint_context_tokens=300)

    assert gateway.post("/v1/summarize", {"text": "An owl hunts. " * 100}).status == 200
    assert len(upstream.asked) == 1
