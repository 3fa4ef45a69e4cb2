"""Former answers by meaning: what the embedding costs is the caller's, and no failure of the cache is the request's."""

from __future__ import annotations

import time
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.cache import Cache, SemanticCache, semantic
from lambdas.gateway.usage import Meter
from tests.unit.gateway.conftest import Configure, Gateway, Reply, model
from tests.unit.gateway.leaving import Ends, ask, shut
from tests.unit.gateway.parts import USER, Items

BODY = {"model": "first", "temperature": 0, "prompt": "What do owls do?"}
GARBLED = Script(body=b"what is no vector")


@pytest.fixture
def table(gateway: Gateway) -> Any:
    table = Items()
    cache = SemanticCache(table, "titan", least_similarity=0.9, ttl_seconds=60)  # type: ignore[arg-type]
    vars(gateway.application._services).update(semantic_cache=cache, meter=Meter(table))  # type: ignore[arg-type]
    return table


def used(table: Any) -> dict[str, int]:
    ((_, item),) = [(key, item) for key, item in table.items_.items() if key[0].startswith("USAGE#")]
    return {name: item[name] for name in ("requests", "input_tokens", "output_tokens", "nano_usd")}


def generate(gateway: Gateway, **more: object) -> Reply:
    reply = gateway.post("/api/v1/generate", {**BODY, **more}, headers=USER)
    gateway.wait_until_idle()
    return reply


def embeddings(upstream: Upstream, script: Script) -> None:
    """Answer by a script where an embedding is asked for."""
    upstream.script = lambda path: script if "titan" in path else Script()


def test_a_question_s_embedding_is_counted_whether_it_finds_an_answer_or_not(gateway: Gateway, table: Any) -> None:
    first, again = (generate(gateway).body for _ in range(2))

    assert [reply["fourfold"]["cache"] for reply in (first, again)] == ["miss", "semantic"]
    # An embedding has 7 tokens, and so has the prompt.
    assert [reply["fourfold"]["cost_usd"] for reply in (first, again)] == [34e-6, 7e-6]
    assert used(table) == {"requests": 2, "input_tokens": 21, "output_tokens": 5, "nano_usd": 41_000}


@pytest.mark.parametrize(
    "script", [GARBLED, Script(error="ThrottlingException"), Script(error="AccessDeniedException", status=403)]
)
def test_an_embedding_that_fails_fails_no_request(
    gateway: Gateway, table: Any, upstream: Upstream, script: Script
) -> None:
    embeddings(upstream, script)

    reply = generate(gateway)

    assert (reply.status, reply.body["output"]) == (200, "The owl hunts at night.")
    assert reply.body["fourfold"]["cache"] == "miss"


def test_an_embedding_that_stalls_does_not_keep_the_model_waiting(
    gateway: Gateway, table: Any, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "LONGEST_SECONDS", 0.2)
    embeddings(upstream, Script(stalls=True))

    assert generate(gateway).body["output"] == "The owl hunts at night."
    # It may be billed: with the prompt of 7 tokens, as many as its length tells.
    assert used(table)["input_tokens"] == 7 + len(str(BODY["prompt"])) // 4


def test_a_client_that_leaves_ends_the_embedding_and_no_model_is_asked(
    gateway: Gateway, table: Any, upstream: Upstream, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = Ends(upstream)
    embeddings(upstream, Script(stalls=True))
    connection = ask(gateway, "/api/v1/generate", BODY, **USER)
    while not upstream.asked:
        time.sleep(0.002)
    shut(connection)
    assert ends.wait() == "left"
    gateway.wait_until_idle()

    assert ["titan" in asked.path for asked in upstream.asked] == [True]
    assert used(table)["input_tokens"] == len(str(BODY["prompt"])) // 4
    assert "cannot be read" not in capsys.readouterr().out


def test_beyond_the_cap_a_model_that_costs_nothing_is_asked_without_an_embedding(
    gateway: Gateway, table: Any, configure: Configure, upstream: Upstream
) -> None:
    configure(models=[model("first", price=None)])
    vars(gateway.application._services)["meter"] = Meter(table, caller_usd=0.0)

    reply = generate(gateway)

    assert (reply.status, reply.body["fourfold"]["cache"]) == (200, "miss")
    assert ["titan" in asked.path for asked in upstream.asked] == [False]


@pytest.mark.parametrize("part", ["cache", "semantic_cache"])
def test_an_answer_with_half_of_a_character_is_given_and_not_kept(
    gateway: Gateway, table: Any, upstream: Upstream, part: str
) -> None:
    services = vars(gateway.application._services)
    services["cache"] = Cache(table, 60) if part == "cache" else None
    if part == "cache":
        services["semantic_cache"] = None
    message = b'{"message": {"role": "assistant", "content": [{"text": "An owl: \\ud83e"}]}}'
    usage = b'{"inputTokens": 7, "outputTokens": 5}'
    halved = Script(body=b'{"output": %s, "stopReason": "end_turn", "usage": %s}' % (message, usage))
    upstream.script = lambda path: Script() if "titan" in path else halved

    replies = [generate(gateway) for _ in range(2)]

    assert [reply.status for reply in replies] == [200, 200]
    assert [reply.body["fourfold"]["cache"] for reply in replies] == ["miss", "miss"]
    assert replies[0].body["output"] == "An owl: \ud83e"
