"""Models that answer and the one that embeds: each is asked where it can be, and lists the bounds of what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.gateway.upstream import Upstream
from tests.unit.gateway.conftest import Gateway

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
