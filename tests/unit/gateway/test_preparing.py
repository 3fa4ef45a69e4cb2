"""What a prompt takes before a model is asked is paid for once, and where it fails, it is no failure of the model's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models import breaker
from lambdas.gateway.usage import Meter
from lambdas.shared.embedding import packed
from tests.unit.gateway.attempts import THROTTLED, outcomes
from tests.unit.gateway.conftest import BEDROCK, Aws, Configure, Gateway
from tests.unit.gateway.leaving import ask, shut
from tests.unit.gateway.parts import USER, Items

TEXT = "Owls hunt mice at night."
BODY: dict[str, object] = {"text": TEXT}
DENIED = Script(error="AccessDeniedException", status=403)
Fail = Callable[[bool], None]


def embed_by(upstream: Upstream, embedding: Script, model: Script = Script()) -> None:  # noqa: B008 - it is frozen
    """Answer by one script where an embedding is asked for, and by another one where a model is."""
    upstream.script = lambda path: embedding if "titan" in path else model


@pytest.fixture
def retrieving(store: Aws) -> None:
    """An approved model whose prompts are shown the passages nearest to the text."""
    store.objects["/models/run=run-2/candidates/3.json"] = {
        "prompt_turns": [],
        "passages": [{"text": "Bees make honey.", "source": "a.txt"}],
        "passages_shown": 1,
        "passages_instruction": "Summarize in one sentence.",
        "passage_vectors": [packed((1.0, 0.0))],
        "passage_model_id": "titan",
    }
    target = {**BEDROCK, "strategy": "retrieval", "prompt_key": "run=run-2/candidates/3.json"}
    store.parameters["/target"] = json.dumps(target)


@pytest.fixture
def table(gateway: Gateway) -> Any:
    table: Any = Items()
    vars(gateway.application._services)["meter"] = Meter(table)
    return table


@pytest.fixture
def fail(request: pytest.FixtureRequest, upstream: Upstream) -> Fail:
    """Gives a way to have what a prompt needs, a guardrail or an embedding, be refused, or given again."""
    if request.param == "embeddings":
        request.getfixturevalue("retrieving")
        return lambda failing: embed_by(upstream, DENIED if failing else Script())
    request.getfixturevalue("guardrail")
    apply = upstream.other

    def denied(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        if not path.endswith("/apply"):
            return apply(path, headers, body)
        return 403, json.dumps({"__type": "AccessDeniedException", "message": "guardrail"}).encode()

    def fail(failing: bool) -> None:
        upstream.other = denied if failing else apply

    return fail


@pytest.mark.usefixtures("retrieving")
def test_clients_that_leave_while_passages_are_embedded_do_not_have_the_model_rest(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    embed_by(upstream, Script(stalls=True))
    for count in range(1, breaker.FAILURES + 1):
        connection = ask(gateway, "/api/v1/summarize", BODY, **USER)
        while len(upstream.asked) < count:
            time.sleep(0.002)
        shut(connection)
        gateway.wait_until_idle()
    ((_, item),) = table.items_.items()
    embed_by(upstream, Script())

    assert item["input_tokens"] == breaker.FAILURES * (len(TEXT) // 4)
    assert outcomes(gateway.post("/v1/summarize", BODY).body) == [("abc123def456", "answered")]


@pytest.mark.parametrize(
    ("fail", "what"), [("embeddings", "embeddings"), ("guardrail", "the guardrail")], indirect=["fail"]
)
def test_what_fails_before_a_model_is_asked_is_told_by_its_name_and_another_model_may_do_without(
    gateway: Gateway, configure: Configure, upstream: Upstream, fail: Fail, what: str
) -> None:
    fail(True)
    told = {gateway.post("/v1/summarize", BODY).body["detail"] for _ in range(breaker.FAILURES)}
    configure(fallback={"approved": ["first"]})
    fallen = outcomes(gateway.post("/v1/summarize", BODY).body)
    asked = [asked.path for asked in upstream.asked if "titan" not in asked.path]
    fail(False)

    assert told == {f"The service of {what} refused the gateway's call."}
    assert [outcome for _, outcome in fallen] == ["unprepared", "answered"]
    assert ["first" in path for path in asked] == [True]
    assert [outcome for _, outcome in outcomes(gateway.post("/v1/summarize", BODY).body)] == ["answered"]


@pytest.mark.usefixtures("retrieving", "no_pauses")
def test_passages_are_embedded_once_however_often_the_model_is_asked(gateway: Gateway, upstream: Upstream) -> None:
    embed_by(upstream, Script(), THROTTLED)

    assert gateway.post("/v1/summarize", BODY).status == 429
    assert ["titan" in asked.path for asked in upstream.asked] == [True] + [False] * 5


@pytest.mark.usefixtures("no_pauses")
def test_a_guardrail_is_applied_once_however_often_the_model_is_asked(
    gateway: Gateway, guardrail: list[str], upstream: Upstream
) -> None:
    upstream.scripted(THROTTLED, THROTTLED, Script())

    assert gateway.post("/v1/summarize", BODY).status == 200
    assert guardrail == ["INPUT", "OUTPUT"]


def test_a_guardrail_that_cannot_be_applied_to_an_answer_lets_nothing_pass(
    gateway: Gateway, guardrail: list[str], upstream: Upstream
) -> None:
    apply = upstream.other

    def other(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        if path.endswith("/apply") and json.loads(body)["source"] == "OUTPUT":
            return 400, json.dumps({"__type": "ValidationException", "message": "no such guardrail"}).encode()
        return apply(path, headers, body)

    upstream.other = other

    reply = gateway.post("/v1/summarize", BODY)

    assert (reply.status, reply.body["detail"]) == (502, "The service of the guardrail refused the gateway's call.")
