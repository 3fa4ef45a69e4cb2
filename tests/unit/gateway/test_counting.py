"""What AWS bills is counted, however an answer ends: or a cap could be talked round."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.models import breaker
from lambdas.gateway.usage import Meter
from lambdas.shared.embedding import packed
from tests.unit.gateway.attempts import outcomes
from tests.unit.gateway.conftest import BEDROCK, PRICE, Aws, Configure, Gateway, model
from tests.unit.gateway.leaving import ask, shut
from tests.unit.gateway.parts import USER, Items

NOTHING = Script(words=(" ",))


@pytest.fixture
def table(gateway: Gateway) -> Any:
    table = Items()
    vars(gateway.application._services)["meter"] = Meter(table)  # type: ignore[arg-type]
    return table


def counted(table: Any) -> tuple[int, int, int]:
    """Give tokens read and written and billionths of a dollar of the one caller."""
    ((_, item),) = table.items_.items()
    return item["input_tokens"], item["output_tokens"], item["nano_usd"]


def test_a_model_that_says_nothing_is_paid_for_and_not_asked_again(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    upstream.scripted(NOTHING)

    reply = gateway.post("/api/v1/generate", {"model": "first", "prompt": "x"}, headers=USER)

    assert (reply.status, reply.body["detail"]) == (502, "The model answered with an empty text.")
    assert len(upstream.asked) == 1
    assert counted(table) == (7, 5, 27_000)


def test_a_fallback_s_answer_costs_what_the_silent_model_cost_as_well(
    gateway: Gateway, table: Any, configure: Configure, upstream: Upstream
) -> None:
    dear = {"input_usd_per_million": 100.0, "output_usd_per_million": 0.0}
    configure(models=[model("first", price=dear), model("second")], fallback={"first": ["second"]})
    upstream.script = lambda path: NOTHING if "first" in path else Script()

    reply = gateway.post("/api/v1/generate", {"model": "first", "prompt": "x"}, headers=USER)

    assert (reply.status, reply.body["fourfold"]["cost_usd"]) == (200, 727e-6)
    assert counted(table) == (14, 10, 727_000)


def test_what_the_caller_s_own_stop_ended_is_an_answer_even_without_a_word(
    gateway: Gateway, upstream: Upstream
) -> None:
    upstream.scripted(Script(words=()))

    reply = gateway.chat(stop=["The"])
    streamed = gateway.chat(stop=["The"], stream=True).events

    choice = reply.body["choices"][0]
    assert (reply.status, choice["message"]["content"], choice["finish_reason"]) == (200, "", "stop")
    assert [chunk["choices"][0]["delta"].get("role") for _, chunk in streamed[:-1]] == ["assistant", None]


def test_callers_cannot_make_a_model_rest_by_having_it_say_nothing(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(NOTHING)
    for _ in range(breaker.FAILURES + 1):
        gateway.chat()
    upstream.scripted(Script())

    assert gateway.chat().status == 200


def test_a_stream_that_broke_off_is_counted_by_its_length_where_one_piece_has_many_tokens(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    upstream.scripted(Script(words=("owl " * 100, "never"), dies_after=1))

    gateway.post("/api/v1/generate", {"model": "first", "prompt": "x" * 400, "stream": True}, headers=USER)

    assert counted(table)[:2] == (100, 100)


@pytest.mark.parametrize(("stream", "written"), [(True, 0), (False, 64)])
def test_an_answer_that_nobody_waited_for_counts_with_its_prompt_and_whole_with_all_that_it_might_have_had(
    gateway: Gateway, table: Any, upstream: Upstream, stream: bool, written: int
) -> None:
    upstream.scripted(Script(stalls=True))
    connection = ask(gateway, "/api/v1/generate", {"model": "first", "prompt": "x" * 400, "stream": stream}, **USER)
    while not upstream.asked:
        time.sleep(0.002)
    shut(connection)
    gateway.wait_until_idle()

    assert counted(table) == (100, written, 100_000 + 4_000 * written)


def test_a_model_that_another_took_over_from_may_be_paid_for_all_the_same(
    gateway: Gateway, table: Any, configure: Configure, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL_TIMEOUT_SECONDS", "1")
    configure(models=[model("first"), model("second")], fallback={"first": ["second"]})
    upstream.script = lambda path: Script(stalls=True) if "first" in path else Script()

    reply = gateway.post("/api/v1/generate", {"model": "first", "prompt": "x" * 400, "max_tokens": 9}, headers=USER)

    assert reply.body["fourfold"]["model"] == "second"
    assert counted(table)[:2] == (107, 14)


def test_a_model_that_refused_is_not_paid_for(gateway: Gateway, table: Any, upstream: Upstream) -> None:
    upstream.scripted(Script(error="ValidationException", status=400))

    assert gateway.chat().status == 400
    assert not table.items_


def test_texts_are_counted_that_were_embedded_before_one_was_refused(
    gateway: Gateway, table: Any, upstream: Upstream
) -> None:
    refused = Script(error="ValidationException", status=400, message="Too many input tokens.")
    upstream.scripted(Script(), Script(), refused)

    reply = gateway.post("/api/v1/embeddings", {"input": ["a", "b", "c"]}, headers=USER)

    assert reply.status == 413
    assert counted(table) == (14, 0, 14_000)


def test_the_prompt_s_tokens_are_all_of_them_those_of_the_cache_too(gateway: Gateway, upstream: Upstream) -> None:
    usage = b'{"inputTokens": 7, "outputTokens": 5, "cacheReadInputTokens": 100, "cacheWriteInputTokens": 20}'
    message = b'{"message": {"role": "assistant", "content": [{"text": "Owls."}]}}'
    upstream.scripted(Script(body=b'{"output": %s, "stopReason": "end_turn", "usage": %s}' % (message, usage)))

    told = gateway.chat().body["usage"]
    task = gateway.post("/v1/summarize", {"model": "first", "text": "x"}).body["usage"]

    assert task == {"input_tokens": 7, "output_tokens": 5, "cache_read_tokens": 100, "cache_write_tokens": 20}
    assert (told["prompt_tokens"], told["completion_tokens"], told["total_tokens"]) == (127, 5, 132)
    assert told["prompt_tokens_details"] == {"cached_tokens": 100}


def test_an_answer_that_cannot_be_counted_is_given_all_the_same_and_the_log_tells(
    gateway: Gateway, table: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from botocore.exceptions import ConnectTimeoutError

    def lost(*_: object, **__: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(table, "add", lost)

    assert gateway.chat().status == 200
    assert "What was used could not be counted" in capsys.readouterr().out


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_the_guard_blocks_at_its_end_counts_as_its_model_counts_it(
    gateway: Gateway, table: Any, guardrail: list[str], upstream: Upstream, stream: bool
) -> None:
    upstream.scripted(Script(words=("It is ", "bees", " that do.")))

    reply = gateway.post("/api/v1/generate", {"prompt": "x" * 40, "stream": stream}, headers=USER)

    told = reply.events[-1][1] if stream else reply.body
    assert (told["fourfold"]["guard"], outcomes(told)) == ("blocked", [(told["fourfold"]["label"], "answered")])
    assert (told["usage"]["input_tokens"], told["usage"]["output_tokens"]) == counted(table)[:2] == (7, 5)


def test_a_stream_that_the_guard_stops_counts_by_its_length(
    gateway: Gateway, table: Any, guardrail: list[str], upstream: Upstream
) -> None:
    upstream.scripted(Script(words=("It is ", "bees", " that do.", " owl" * 300)))

    gateway.post("/api/v1/generate", {"prompt": "x" * 40, "stream": True}, headers=USER)

    assert counted(table)[1] >= 300


@pytest.mark.parametrize(("price", "cost"), [(PRICE, 34_000), (None, 27_000)])
def test_the_search_for_a_prompt_s_passages_is_counted_with_its_answer(
    gateway: Gateway, table: Any, configure: Configure, store: Aws, price: object, cost: int
) -> None:
    embedding = {"name": "e", "model_id": "embedder", "dimensions": 2, "price": price}
    configure(approved_price=PRICE, prompt_embedding=embedding)
    store.parameters["/target"] = json.dumps({**BEDROCK, "prompt_key": "run=run-2/shown.json"})
    store.objects["/models/run=run-2/shown.json"] = {
        "prompt_turns": [],
        "passages": [{"text": "Bees make honey.", "source": "a.txt"}],
        "passages_shown": 1,
        "passages_instruction": "Summarize in one sentence.",
        "passage_vectors": [packed((1.0, 0.0))],
        "passage_model_id": "embedder",
    }

    told = gateway.post("/api/v1/summarize", {"text": "Who makes honey?"}, headers=USER).body

    assert counted(table) == (14, 5, cost)
    assert told["fourfold"]["cost_usd"] == cost / 10**9
    assert told["usage"]["input_tokens"] == 7
