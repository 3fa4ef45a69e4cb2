"""Embeddings end when nobody waits for them, as models' answers do, and what was asked is counted."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway import silence
from lambdas.gateway.exchange import Caller
from lambdas.gateway.models import embedding
from lambdas.gateway.retrieval import embeddings
from lambdas.gateway.retrieval.embeddings import CONCURRENCY, Embedder
from lambdas.gateway.retrieval.search import Found
from lambdas.gateway.usage import Meter
from lambdas.shared.embedding import embed
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.leaving import Ends, ask, shut
from tests.unit.gateway.parts import USER, Items

STALLS = Script(stalls=True)
REFUSED = Script(error="ValidationException", status=400, message="no such model")
THROTTLED = Script(error="ThrottlingException")
TEXTS = [f"{number:02} owls hunt mice at night" for number in range(3 * CONCURRENCY)]
# Of a text that nobody waited for, by its length.
RECKONED = len(TEXTS[0]) // 4
ADD = {"name": "x", "media_type": "text/plain", "text": "x"}
QUERY = TEXTS[0]
SEARCH = {"query": QUERY, "answer": True, "model": "first", "stream": True}
CHAT = {
    "model": "first",
    "messages": [{"role": "user", "content": QUERY}],
    "fourfold": {"documents": True},
    "stream": True,
}


class Shelf:
    """Documents whose passages and questions are embedded by the model on Bedrock; one passage is always found."""

    def __init__(self) -> None:
        self._embedder = Embedder("amazon.titan-embed-text-v2:0", 2)
        self.vectors: list[Any] = []

    def add(self, *given: Any) -> Any:
        adding = self.adding(*given)
        while True:
            try:
                next(adding)
            except StopIteration as end:
                return end.value

    def adding(self, *given: Any) -> Generator[tuple[int, int], None, Any]:
        self.vectors = yield from self._embedder.documents(TEXTS, given[-1])
        names = ("id", "name", "media_type", "passages", "characters", "created")
        return SimpleNamespace(**dict.fromkeys(names, ""), already=False)

    def search(self, caller: Caller, query: str, top_k: int, spent: Callable[[int], None]) -> list[Found]:
        self._embedder.query(query, spent)
        return [Found("d", "Owls", 0, "Owls hunt mice at night.", 1.0, 0.9, 1.0)]


@pytest.fixture
def table(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Any:
    table: Any = Items()
    vars(gateway.application._services).update(documents=Shelf(), meter=Meter(table))
    monkeypatch.setattr(embeddings, "FIRST_PAUSE_SECONDS", 0.0)
    return table


def tokens(table: Any) -> int:
    ((_, item),) = table.items_.items()
    return int(item["input_tokens"])


def deadline(seconds: float) -> Mapping[str, str]:
    return {**USER, "x-amzn-lambda-context": json.dumps({"deadline": (time.time() + seconds) * 1000})}


@pytest.mark.parametrize(
    ("path", "body", "asked"),
    [("documents", ADD, CONCURRENCY), ("search", {"query": QUERY}, 1), ("embeddings", {"input": [QUERY, QUERY]}, 1)],
)
def test_a_client_that_leaves_ends_the_embeddings_on_their_way_and_begins_no_other(
    gateway: Gateway, table: Any, upstream: Upstream, path: str, body: dict[str, object], asked: int
) -> None:
    ends = Ends(upstream)
    upstream.scripted(STALLS)
    connection = ask(gateway, f"/api/v1/{path}", body, **USER)
    while len(upstream.asked) < asked:
        time.sleep(0.002)
    shut(connection)
    gateway.wait_until_idle()

    assert [ends.wait() for _ in range(asked)] == ["left"] * asked
    assert len(upstream.asked) == asked
    assert tokens(table) == RECKONED * asked


@pytest.mark.parametrize(("path", "body"), [("documents", ADD), ("search", {"query": QUERY}), ("search", SEARCH)])
def test_the_deadline_ends_embeddings_with_a_problem(
    gateway: Gateway, table: Any, upstream: Upstream, path: str, body: dict[str, object]
) -> None:
    upstream.scripted(STALLS)

    reply = gateway.post(f"/api/v1/{path}", body, headers=deadline(2.0))

    assert (reply.status, reply.headers["retry-after"]) == (504, "5")


def test_a_passage_that_is_refused_ends_the_others_on_their_way(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    ends = Ends(upstream)
    others = CONCURRENCY - 1

    async def all_asked() -> None:
        while len(upstream.asked) < CONCURRENCY:
            await asyncio.sleep(0.002)

    upstream.scripted(*[STALLS] * others, replace(REFUSED, gate=all_asked))

    reply = gateway.post("/api/v1/documents", ADD, headers=USER)

    assert reply.status == 502
    while ends.how.count("left") < others:
        ends.wait()
    assert tokens(table) >= RECKONED * others


@pytest.mark.parametrize(("path", "body"), [("documents", ADD), ("search", {"query": QUERY})])
def test_a_throttled_embedding_is_asked_for_again(
    gateway: Gateway, table: Any, upstream: Upstream, path: str, body: dict[str, object]
) -> None:
    upstream.scripted(THROTTLED, Script())

    assert gateway.post(f"/api/v1/{path}", body, headers=USER).status in (200, 201)


@pytest.fixture
def impatient(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first embedding that stalls, and is soon not waited for; those after it come."""
    monkeypatch.setenv("MODEL_TIMEOUT_SECONDS", "900")
    monkeypatch.setattr(embedding, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(embeddings, "CONCURRENCY", 1)
    scripts = iter([STALLS])
    upstream.script = lambda path: next(scripts, Script())

    def patient_from_now_on(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(embedding, "LONGEST_SECONDS", 25.0)
        return embed(*args, **more)

    monkeypatch.setattr(embedding, "embed", patient_from_now_on)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("path", "body", "texts"), [("documents", ADD, len(TEXTS)), ("search", {"query": QUERY}, 1)])
def test_an_embedding_that_stalls_is_asked_for_again_in_time_and_both_are_counted(
    gateway: Gateway, table: Any, upstream: Upstream, path: str, body: dict[str, object], texts: int
) -> None:
    assert gateway.post(f"/api/v1/{path}", body, headers=USER).status in (200, 201)
    assert tokens(table) == RECKONED + 7 * texts


@pytest.mark.usefixtures("impatient")
def test_a_vector_that_stalls_is_not_waited_for_as_long_as_an_answer_and_counts(gateway: Gateway, table: Any) -> None:
    assert gateway.post("/api/v1/embeddings", {"input": QUERY}, headers=USER).status == 504
    assert tokens(table) == RECKONED


def test_a_question_that_goes_on_being_throttled_is_busy(gateway: Gateway, table: Any, upstream: Upstream) -> None:
    upstream.scripted(THROTTLED)

    reply = gateway.post("/api/v1/search", {"query": QUERY}, headers=USER)

    assert (reply.status, reply.body["detail"]) == (503, "The service of embeddings is busy.")
    assert len(upstream.asked) == 3
    assert not table.items_


@pytest.mark.parametrize(("path", "body"), [("search", SEARCH), ("chat/completions", CHAT)])
def test_a_stream_says_that_it_waits_while_documents_are_searched(
    gateway: Gateway, table: Any, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    monkeypatch.setattr(silence, "LONGEST_SECONDS", 0.05)
    opened: list[bool] = []

    async def gate() -> None:
        while not opened:
            await asyncio.sleep(0.002)

    upstream.script = lambda path: Script(gate=gate) if "titan" in path else Script()
    response = ask(gateway, f"/api/v1/{path}", body, **USER).getresponse()

    # Nothing has been found yet.
    assert (response.status, response.readline()) == (200, b": waiting\n")
    opened.append(True)
    rest = response.read().decode()
    assert "night." in rest
    assert [asked for asked in upstream.asked if "converse-stream" in asked.path]


@pytest.mark.parametrize(("path", "body"), [("search", SEARCH), ("chat/completions", CHAT)])
def test_what_fails_in_the_search_before_anything_is_sent_is_a_response_of_its_own(
    gateway: Gateway, table: Any, upstream: Upstream, path: str, body: dict[str, Any]
) -> None:
    upstream.scripted(REFUSED)

    reply = gateway.post(f"/api/v1/{path}", body, headers=USER)

    assert (reply.status, reply.headers["content-type"]) == (502, "application/problem+json")
