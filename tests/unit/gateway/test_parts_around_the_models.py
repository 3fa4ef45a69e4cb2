"""The cap, the guard and the caches stand before the models; what is a caller's own is shown to nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.cache import Cache, SemanticCache
from lambdas.gateway.exchange import Caller, Usage
from lambdas.gateway.kept import History
from lambdas.gateway.problems import Problem
from lambdas.gateway.retrieval.search import Found
from lambdas.gateway.usage import CapReached, Meter
from lambdas.shared.embedding import Embedding
from tests.unit.gateway.conftest import Aws, Configure, Gateway
from tests.unit.gateway.parts import OTHER, USER, Items, Passages

CHAT = {"model": "first", "temperature": 0, "messages": [{"role": "user", "content": "What do owls do?"}]}


@pytest.fixture
def table() -> Any:
    return Items()


@pytest.fixture
def meter(gateway: Gateway, table: Any) -> Meter:
    meter = Meter(table, caller_usd=0.00005)
    vars(gateway.application._services)["meter"] = meter
    return meter


@pytest.fixture
def cached(gateway: Gateway, table: Any) -> None:
    vars(gateway.application._services)["cache"] = Cache(table, 3600)


def test_what_a_caller_uses_is_counted_and_capped_and_says_when_it_lifts(
    gateway: Gateway, meter: Meter, upstream: Upstream
) -> None:
    statuses = [gateway.post("/api/v1/chat/completions", CHAT, headers=USER).status for _ in range(3)]
    capped = gateway.post("/api/v1/chat/completions", CHAT, headers=USER)
    other = gateway.post("/api/v1/chat/completions", CHAT, headers=OTHER)

    assert statuses == [200, 200, 429]
    assert capped.body["detail"].startswith("What you may use in a day is used (gateway.budget.caller_usd_per_day).")
    assert capped.body["error"]["type"] == "rate_limit_error"
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert midnight.isoformat() in capped.body["detail"]
    assert 0 < int(capped.headers["retry-after"]) <= 86_400
    assert other.status == 200
    spent = meter.today(Caller("user:ann", "user"))
    assert (spent.requests, spent.input_tokens, spent.output_tokens, spent.nano_usd) == (2, 14, 10, 54_000)
    assert gateway.post("/api/v1/embeddings", {"input": "x"}, headers=USER).status == 429


def test_an_answer_that_the_client_left_is_counted_by_what_was_seen_of_it(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    vars(gateway.application._services)["meter"] = Meter(table)
    upstream.scripted(Script(dies_after=3))

    gateway.post("/api/v1/generate", {"model": "first", "prompt": "x" * 400, "stream": True}, headers=USER)

    ((_, item),) = table.items_.items()
    assert (item["requests"], item["input_tokens"], item["output_tokens"]) == (1, 100, 3)


@pytest.mark.parametrize("stream", [False, True])
def test_the_same_question_of_the_same_caller_is_answered_from_the_cache(
    gateway: Gateway, cached: None, upstream: Upstream, stream: bool
) -> None:
    def ask(headers: Mapping[str, str] = USER, **more: object) -> tuple[str, str]:
        reply = gateway.post("/api/v1/chat/completions", {**CHAT, **more, "stream": stream}, headers=headers)
        gateway.wait_until_idle()
        final = reply.events[-2][1] if stream else reply.body
        pieces = [chunk["choices"][0]["delta"].get("content", "") for _, chunk in reply.events[:-1]] if stream else []
        text = "".join(pieces).strip() if stream else reply.body["choices"][0]["message"]["content"]
        return text, final["fourfold"]["cache"]

    answer = "The owl hunts at night."
    assert ask() == (answer, "miss")
    assert ask() == (answer, "exact")
    assert ask(OTHER) == (answer, "miss")
    assert ask(fourfold={"cache": False}) == (answer, "off")
    assert ask(max_tokens=5) == (answer, "miss")
    assert ask(temperature=1) == (answer, "off")
    assert len(upstream.asked) == 5


@pytest.fixture
def by_meaning(gateway: Gateway, table: Any) -> None:
    """A semantic cache whose embeddings see no difference between any two questions."""
    cache = SemanticCache(table, "m", least_similarity=0.9, ttl_seconds=60, embed=lambda *_: Embedding((1.0, 0.0), 3))
    vars(gateway.application._services)["semantic_cache"] = cache


def kept_by(gateway: Gateway, content: str, **own: object) -> str:
    messages = [{"role": "user", "content": content}]
    reply = gateway.post("/api/v1/chat/completions", {**CHAT, "messages": messages, "fourfold": own}, headers=USER)
    gateway.wait_until_idle()
    return str(reply.body["fourfold"]["cache"])


def test_questions_about_the_same_passages_do_not_mean_the_same(gateway: Gateway, by_meaning: None) -> None:
    vars(gateway.application._services)["documents"] = Passages()
    questions = ("owls hunt mice", "owls weigh mice")

    assert [kept_by(gateway, text) for text in questions] == ["miss", "semantic"]
    assert [kept_by(gateway, text, documents=True) for text in questions] == ["off", "off"]


def test_texts_of_which_an_embedding_sees_the_beginning_alone_do_not_mean_the_same(
    gateway: Gateway, by_meaning: None, configure: Configure
) -> None:
    short = {"max_output_tokens": 64, "max_chat_tokens": 64, "max_document_bytes": 1, "max_passages": 5}
    limits = {"max_input_characters": 9000, **short}
    configure(limits=limits)
    beginning = "owls and mice " * 150

    assert [kept_by(gateway, beginning + text) for text in ("they hunt", "they weigh")] == ["miss", "miss"]


def test_callers_that_cannot_be_told_apart_are_given_no_former_answers(gateway: Gateway, cached: None) -> None:
    replies = [gateway.post("/v1/chat/completions", CHAT) for _ in range(2)]

    assert [reply.body["fourfold"]["cache"] for reply in replies] == ["off", "off"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/documents", None),
        ("POST", "/v1/documents", {"name": "x", "media_type": "text/plain", "text": "x"}),
        ("DELETE", "/v1/documents/d1", None),
        ("POST", "/v1/search", {"query": "x"}),
        ("POST", "/v1/chat/completions", {**CHAT, "fourfold": {"documents": True}}),
    ],
)
def test_callers_that_cannot_be_told_apart_have_no_documents(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object
) -> None:
    for name in ("GATEWAY_TABLE", "DOCUMENTS_BUCKET", "VECTOR_BUCKET", "VECTOR_INDEX"):
        monkeypatch.setenv(name, "x")

    assert gateway.send(method, path, body).status == 403


def test_what_a_fallback_wrote_is_not_given_for_the_model_that_was_asked(
    gateway: Gateway, cached: None, configure: Configure, upstream: Upstream
) -> None:
    configure(fallback={"first": ["second"]})
    gone = Script(error="ResourceNotFoundException", status=404)

    def ask() -> tuple[str, str]:
        reply = gateway.post("/api/v1/chat/completions", CHAT, headers=USER)
        gateway.wait_until_idle()
        return reply.body["model"], reply.body["fourfold"]["cache"]

    upstream.script = lambda path: gone if "first" in path else Script()
    while_gone = ask()
    upstream.script = lambda path: Script()

    assert [while_gone, ask(), ask()] == [("second", "miss"), ("first", "miss"), ("first", "exact")]


def test_an_answer_is_kept_for_one_version_of_the_approved_model(
    gateway: Gateway, cached: None, upstream: Upstream, store: Aws
) -> None:
    from lambdas.gateway.models import approved

    def ask() -> str:
        reply = gateway.post("/api/v1/summarize", {"text": "x"}, headers=USER)
        return str(reply.body["fourfold"]["cache"])

    before = [ask(), ask()]
    store.parameters["/target"] = store.parameters["/target"].replace("run-7", "run-8")
    approved.forget()

    assert [*before, ask(), ask()] == ["miss", "exact", "miss", "exact"]


class Library:
    """Documents of which each embeds a text of a thousand tokens, whether it is added or searched."""

    def add(self, *given: Any) -> Any:
        given[-1](1000)
        raise Problem(HTTPStatus.CONFLICT, "Others wrote in between.")

    def search(self, *given: Any) -> list[Found]:
        given[-1](1000)
        return []


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("documents", {"name": "x", "media_type": "text/plain", "text": "x"}, 409),
        ("search", {"query": "x"}, 200),
        ("chat/completions", {**CHAT, "fourfold": {"documents": True}}, 200),
    ],
)
def test_what_is_embedded_for_documents_and_questions_is_counted_and_capped(
    gateway: Gateway, meter: Meter, path: str, body: object, status: int
) -> None:
    vars(gateway.application._services)["documents"] = Library()

    statuses = [gateway.post(f"/api/v1/{path}", body, headers=USER).status for _ in range(2)]

    assert statuses == [status, 429]
    spent = meter.today(Caller("user:ann", "user"))
    assert (spent.requests, spent.input_tokens >= 1000, spent.nano_usd >= 1_000_000) == (1, True, True)


def test_conversations_are_the_caller_s_own(gateway: Gateway, table: Any) -> None:
    vars(gateway.application._services)["history"] = History(table)
    body = {"title": "Owls", "messages": [{"role": "user", "content": "hi"}]}

    kept = gateway.send("PUT", "/api/v1/history/c-1", body, headers=USER)
    listed = gateway.send("GET", "/api/v1/history", headers=USER)
    read = gateway.send("GET", "/api/v1/history/c-1", headers=USER)
    foreign = [gateway.send(method, "/api/v1/history/c-1", headers=OTHER).status for method in ("GET", "DELETE")]
    nobody = gateway.send("GET", "/api/v1/history", headers={})
    deleted = gateway.send("DELETE", "/api/v1/history/c-1", headers=USER)

    assert (kept.status, listed.body["conversations"][0]["id"]) == (200, "c-1")
    assert read.body["messages"] == body["messages"]
    assert foreign == [404, 404]
    assert nobody.status == 403
    assert (deleted.status, deleted.text) == (204, "")


def test_of_two_that_have_read_a_conversation_the_second_does_not_take_back_what_the_first_has_written(
    gateway: Gateway, table: Any
) -> None:
    vars(gateway.application._services)["history"] = History(table)

    def keep(title: str, **read: str) -> Any:
        body = {"title": title, "messages": [{"role": "user", "content": "hi"}], **read}
        return gateway.send("PUT", "/api/v1/history/c-1", body, headers=USER)

    read = keep("Owls").body["updated"]
    first, second = keep("First", updated=read), keep("Second", updated=read)
    third = keep("Third", updated=first.body["updated"])
    gateway.send("DELETE", "/api/v1/history/c-1", headers=USER)
    brought_back = keep("Fourth", updated=third.body["updated"])

    assert [reply.status for reply in (first, second, third, brought_back)] == [200, 412, 200, 412]
    assert "changed or deleted since" in second.body["detail"]
    assert len({read, first.body["updated"], third.body["updated"]}) == 3
    assert keep("Whatever is there").status == 200


def test_a_conversation_that_has_expired_takes_no_other_one_s_place(gateway: Gateway, table: Any) -> None:
    now = 1_000_000.0
    history = History(table, now=lambda: now)
    vars(gateway.application._services)["history"] = history
    body = {"title": "Owls", "messages": [{"role": "user", "content": "hi"}]}
    for number in range(200):
        history.put(Caller("user:ann", "user"), f"c-{number}", body)
    full = gateway.send("PUT", "/api/v1/history/new", body, headers=USER)
    now += 91 * 86_400

    # DynamoDB deletes what has expired within days, and until then nobody sees it.
    assert gateway.send("GET", "/api/v1/history", headers=USER).body["conversations"] == []
    assert (full.status, gateway.send("PUT", "/api/v1/history/new", body, headers=USER).status) == (409, 200)


def test_usage_is_the_caller_s_of_today(gateway: Gateway, meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TABLE", "table")
    meter.account(Caller("user:ann", "user"), Usage(7, 5, 100, 20), 27_000)

    used = gateway.send("GET", "/api/v1/usage", headers=USER).body
    other = gateway.send("GET", "/api/v1/usage", headers=OTHER).body

    assert datetime.fromisoformat(used.pop("lifts_at")) > datetime.now(UTC)
    unpriced = used.pop("not_priced")
    tokens = {"input_tokens": 7, "output_tokens": 5, "cache_read_tokens": 100, "cache_write_tokens": 20}
    assert used == {**tokens, "requests": 1, "cost_usd": 27e-6, "cap_usd": 0.00005}
    # A tuned model on its endpoint is paid by the hour, whoever asks it: no cap binds it, and it says so.
    assert unpriced == ["approved"]
    assert other["requests"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("GET", "/v1/history", None, ["GATEWAY_TABLE"]),
        ("POST", "/v1/feedback", {}, ["GATEWAY_TABLE", "FEEDBACK_BUCKET"]),
        ("GET", "/v1/usage", None, ["GATEWAY_TABLE"]),
        ("GET", "/v1/documents", None, ["GATEWAY_TABLE", "DOCUMENTS_BUCKET"]),
        ("POST", "/v1/search", {"query": "x"}, ["GATEWAY_TABLE", "DOCUMENTS_BUCKET"]),
        ("GET", "/v1/workflow", None, ["STATE_MACHINE_ARN"]),
    ],
)
def test_what_is_not_set_up_says_what_to_set(
    gateway: Gateway, method: str, path: str, body: object, names: list[str]
) -> None:
    reply = gateway.send(method, path, body)

    assert reply.status == 501
    assert all(name in reply.body["detail"] for name in names)


def test_a_cap_that_cannot_be_read_is_a_service_that_is_busy(gateway: Gateway, meter: Meter) -> None:
    from botocore.exceptions import ConnectTimeoutError

    def lost(caller: Caller) -> None:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb")

    meter.allow = lost  # type: ignore[method-assign]

    assert gateway.chat().status == 503


def test_a_cap_tells_its_end_in_seconds() -> None:
    from lambdas.gateway.caps import cap_reached

    reached = CapReached(datetime.now(UTC) + timedelta(seconds=90), own=True)

    assert cap_reached(reached.lifts_at, own=reached.own, answering=[]).headers["Retry-After"] in ("89", "90")
