"""Whatever model is approved answers, asked as it was trained or measured; nothing of the inside is shown."""

from __future__ import annotations

import json

import openai
import pytest

from benchmarks.gateway.upstream import Script, Upstream
from lambdas.gateway.application import Application
from lambdas.shared.embedding import packed
from tests.unit.gateway.conftest import BEDROCK, IMPORTED, TUNED, Aws, Configure, Gateway, model, serving
from tests.unit.gateway.parts import used

INSTRUCTION = "Summarize in one sentence."


def approve(store: Aws, target: object) -> None:
    from lambdas.gateway.models import approved

    store.parameters["/target"] = json.dumps(target) if target is not None else "none"
    approved.forget()


def test_a_summary_comes_from_the_tuned_model_asked_as_it_was_trained(gateway: Gateway, upstream: Upstream) -> None:
    upstream.scripted(Script(words=(" A ", "summary. "), input_tokens=12, output_tokens=4))

    reply = gateway.post("/v1/summarize", {"text": "Some text."}, headers={"content-type": "application/json"})

    assert reply.status == 200
    body = reply.body
    assert body.pop("latency_ms") >= 0
    own = body.pop("fourfold")
    assert (own["model"], own["label"]) == ("approved", "fourfold-dev/3")
    assert body == {
        "id": reply.headers["x-request-id"],
        "model": "approved",
        "run_id": "run-7",
        "output": "A summary.",
        "finish_reason": "stop",
        "usage": used(12, 4),
    }
    (asked,) = upstream.asked
    assert asked.path == "/endpoints/secret-endpoint/invocations"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == {
        "messages": [{"role": "user", "content": f"{INSTRUCTION}\n\nSome text."}],
        "max_tokens": 64,
        "temperature": 0.0,
        "stream": False,
    }


def test_the_caller_may_ask_for_less_and_for_variety(gateway: Gateway, upstream: Upstream) -> None:
    gateway.post(
        "/v1/summarize",
        {"text": "x", "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["\n"]},
    )

    asked = upstream.asked[0].body
    assert {name: asked[name] for name in ("max_tokens", "temperature", "top_p", "seed", "stop")} == {
        "max_tokens": 5,
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["\n"],
    }


def test_a_stream_of_the_endpoint_comes_as_deltas_and_ends_with_the_whole(gateway: Gateway, upstream: Upstream) -> None:
    reply = gateway.post("/v1/summarize", {"text": "Some text.", "stream": True})

    *deltas, (last, done) = reply.events
    assert [name for name, _ in deltas] == ["delta"] * 5
    assert "".join(data["text"] for _, data in deltas) == "The owl hunts at night."
    assert (last, done["output"], done["usage"]) == (
        "done",
        "The owl hunts at night.",
        used(7, 5),
    )
    assert upstream.asked[0].path.endswith("/invocations-response-stream")
    assert upstream.asked[0].body["stream_options"] == {"include_usage": True}


def test_a_model_that_takes_no_temperature_is_told_none_and_refuses_the_caller_s(
    gateway: Gateway, store: Aws, upstream: Upstream
) -> None:
    approve(store, {**BEDROCK, "sampling": False})

    assert gateway.post("/v1/generate", {"prompt": "Why?"}).status == 200
    refused = gateway.post("/v1/generate", {"prompt": "Why?", "temperature": 0, "seed": 1})

    assert refused.status == 400
    assert [error["pointer"] for error in refused.body["errors"]] == ["#/temperature", "#/seed"]
    assert refused.body["errors"][0]["detail"] == "the model approved takes no temperature: leave it out"
    assert [asked.body["inferenceConfig"] for asked in upstream.asked] == [{"maxTokens": 64}]


def test_a_bedrock_target_is_asked_by_converse(gateway: Gateway, store: Aws, upstream: Upstream) -> None:
    approve(store, BEDROCK)
    upstream.scripted(Script(finish="max_tokens"))

    reply = gateway.post("/v1/summarize", {"text": "Some text."})

    assert (reply.body["fourfold"]["label"], reply.body["finish_reason"]) == ("abc123def456", "length")
    assert reply.body["usage"] == used(7, 5)
    (asked,) = upstream.asked
    assert asked.path == f"/model/{IMPORTED}/converse"
    assert asked.body["messages"] == [{"role": "user", "content": [{"text": f"{INSTRUCTION}\n\nSome text."}]}]


def test_a_few_shot_target_is_served_with_the_examples_that_it_was_chosen_with(
    gateway: Gateway, store: Aws, upstream: Upstream
) -> None:
    key = "run=run-2/candidates/2-m-few-shot.json"
    turns = [{"role": "user", "content": "ask"}, {"role": "assistant", "content": "told"}]
    store.objects[f"/models/{key}"] = {"prompt_turns": turns}
    approve(store, BEDROCK | {"strategy": "few-shot", "prompt_key": key})

    for _ in range(2):
        gateway.post("/v1/summarize", {"text": "x"})
    gateway.post("/v1/generate", {"prompt": "x"})

    first, _, generated = (asked.body["messages"] for asked in upstream.asked)
    assert [message["content"][0]["text"] for message in first[:2]] == ["ask", "told"]
    assert len(generated) == 1
    assert len(store.reads) == 1


def test_a_few_shot_target_with_a_pool_is_served_with_the_examples_most_like_the_text(
    gateway: Gateway, store: Aws, upstream: Upstream
) -> None:
    key = "run=run-2/candidates/2-m-few-shot.json"
    pool = [
        {"turns": [{"role": "user", "content": f"Tell of {what}"}, {"role": "assistant", "content": what.upper()}]}
        for what in ("buckets", "tables", "queues")
    ]
    store.objects[f"/models/{key}"] = {"prompt_turns": [], "prompt_pool": pool, "prompt_examples": 1}
    approve(store, BEDROCK | {"strategy": "few-shot", "prompt_key": key})

    for text in ("All about queues.", "Two tables and more."):
        gateway.post("/v1/summarize", {"text": text})

    assert [asked.body["messages"][1]["content"][0]["text"] for asked in upstream.asked] == ["QUEUES", "TABLES"]


@pytest.mark.parametrize("embedded", [False, True])
def test_a_target_that_retrieves_is_shown_the_passages_that_were_measured(
    gateway: Gateway, store: Aws, upstream: Upstream, embedded: bool
) -> None:
    vectors = {"passage_vectors": [packed((1.0, 0.0)), packed((0.0, 1.0))], "passage_model_id": "titan"}
    store.objects["/models/run=run-2/candidates/3.json"] = {
        "prompt_turns": [],
        "passages": [{"text": text, "source": "a.txt"} for text in ("Owls hunt at night.", "Bees make honey.")],
        "passages_shown": 1,
        "passages_instruction": INSTRUCTION,
        **(vectors if embedded else {}),
    }
    approve(store, {**BEDROCK, "strategy": "retrieval", "prompt_key": "run=run-2/candidates/3.json"})
    upstream.scripted(Script(embedding=(0.1, 0.9)))

    assert gateway.post("/v1/summarize", {"text": "Who makes honey?"}).status == 200

    *embeddings, asked = upstream.asked
    said = asked.body["messages"][-1]["content"][0]["text"]
    assert "[1] Bees make honey." in said
    assert said.endswith(f"{INSTRUCTION}\n\nWho makes honey?")
    assert [embedding.body for embedding in embeddings] == [{"inputText": "Who makes honey?"}] * embedded


def test_an_extractive_target_summarizes_without_a_model_and_does_not_generate(
    gateway: Gateway, store: Aws, upstream: Upstream
) -> None:
    approve(store, {"kind": "extractive", "run_id": "run-1"})

    reply = gateway.post("/v1/summarize", {"text": "The first sentence. And more."})
    streamed = gateway.post("/v1/summarize", {"text": "The first sentence. And more.", "stream": True})
    wordless = gateway.post("/v1/summarize", {"text": "…"})

    assert (reply.body["output"], reply.body["fourfold"]["label"]) == ("The first sentence.", "extractive")
    assert [name for name, _ in streamed.events] == ["delta", "done"]
    assert wordless.status == 400
    assert wordless.body["errors"] == [
        {"pointer": "#/text", "detail": "'text' holds no word, and so no sentence to pick"}
    ]
    assert gateway.post("/v1/generate", {"prompt": "x"}).status == 501
    assert gateway.post("/v1/classify", {"text": "x", "labels": ["a", "b"]}).status == 501
    assert gateway.post("/v1/search", {"query": "x", "answer": True}).status == 501
    messages = [{"role": "user", "content": "x"}]
    refused = gateway.post("/v1/chat/completions", {"messages": messages})
    assert refused.status == 501
    assert refused.body["detail"].endswith("Use /v1/summarize, or ask first, second.")
    assert not upstream.asked


def test_an_extractive_target_takes_no_sampling_and_says_so(gateway: Gateway, store: Aws) -> None:
    approve(store, {"kind": "extractive", "run_id": "run-1"})

    listed = gateway.send("GET", "/v1/models/approved").body["fourfold"]["parameters"]
    refused = gateway.post("/v1/summarize", {"text": "The first sentence.", "temperature": 0.5})

    assert listed["temperature"] is None
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "#/temperature")


@pytest.mark.parametrize(("finish", "status"), [("end_turn", 502), ("max_tokens", 200)])
@pytest.mark.parametrize("stream", [False, True])
def test_an_empty_text_is_no_answer_unless_it_was_cut_off(
    gateway: Gateway, upstream: Upstream, finish: str, status: int, stream: bool
) -> None:
    upstream.scripted(Script(words=(" ",), finish=finish))

    reply = gateway.post("/v1/summarize", {"text": "…", "stream": stream})

    assert reply.status == status
    if status == 502:
        assert reply.body["detail"] == "The model answered with an empty text."
    elif not stream:
        assert (reply.body["output"], reply.body["finish_reason"]) == ("", "length")


def test_without_an_approved_model_the_service_is_unavailable_but_for_the_others(gateway: Gateway, store: Aws) -> None:
    approve(store, None)

    reply = gateway.post("/v1/summarize", {"text": "x"})

    assert (reply.status, reply.headers["retry-after"]) == (503, "60")
    assert gateway.post("/v1/summarize", {"text": "x", "model": "first"}).status == 200


def test_models_lists_what_can_be_asked_with_the_bounds_of_its_parameters(gateway: Gateway, store: Aws) -> None:
    answer = gateway.send("GET", "/v1/models").body
    tuned, first, _, _ = answer["data"]

    assert answer["fourfold"]["task"]["instruction"].startswith("Summarize")
    assert (tuned["id"], tuned["object"], tuned["owned_by"]) == ("approved", "model", "fourfold")
    own = tuned["fourfold"]
    assert (own["label"], own["kind"], own["run_id"], own["price"]) == ("fourfold-dev/3", "sagemaker", "run-7", None)
    assert first["fourfold"]["parameters"] == {
        "temperature": {"minimum": 0.0, "maximum": 1.0},
        "top_p": {"minimum": 0.0, "maximum": 1.0},
        "max_tokens": {"maximum": 256},
        "max_task_tokens": {"maximum": 64},
        "seed": False,
    }
    assert first["fourfold"]["price"] == {"input_usd_per_million": 1.0, "output_usd_per_million": 4.0}
    assert first["fourfold"]["state"] == "unknown"

    approve(store, None)
    gateway.chat()
    listed = gateway.send("GET", "/v1/models/").body["data"]
    assert [(entry["id"], entry["fourfold"]["state"]) for entry in listed] == [
        ("approved", "not_approved"),
        ("first", "ready"),
        ("second", "unknown"),
        ("titan", "unknown"),
    ]


def test_the_model_of_embeddings_is_listed_where_there_is_one_and_told_from_those_that_write(
    gateway: Gateway, configure: Configure
) -> None:
    *writing, embedder = gateway.send("GET", "/v1/models").body["data"]

    own = embedder["fourfold"]
    assert (embedder["id"], own["kind"], own["dimensions"]) == ("titan", "embedding", 2)
    assert own.keys() - {"dimensions"} == writing[1]["fourfold"].keys()
    assert "embedding" not in {model["fourfold"]["kind"] for model in writing}
    assert gateway.post("/v1/embeddings", {"model": embedder["id"], "input": "owls"}).status == 200

    configure(embedding=None)
    with serving(Application()) as without:
        assert len(without.send("GET", "/v1/models").body["data"]) == len(writing)


def test_a_client_sees_that_nothing_is_approved_yet_in_an_entry_like_all_others(gateway: Gateway, store: Aws) -> None:
    tuned = gateway.send("GET", "/v1/models").body["data"][0]
    approve(store, None)
    none_yet = gateway.send("GET", "/v1/models").body["data"][0]

    assert none_yet["id"] == "approved"
    assert none_yet.keys() == tuned.keys()
    assert none_yet["fourfold"].keys() == tuned["fourfold"].keys() - {"run_id"}
    assert none_yet["fourfold"]["parameters"].keys() == tuned["fourfold"]["parameters"].keys()
    # What it says is what a request finds.
    refused = gateway.post("/v1/generate", {"prompt": "x"})
    assert (refused.status, refused.headers["retry-after"]) == (503, "60")


def test_openai_s_client_reads_the_list_while_nothing_is_approved(gateway: Gateway, store: Aws) -> None:
    approve(store, None)
    listed = list(openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused").models.list())

    assert [model.id for model in listed] == ["approved", "first", "second", "titan"]
    assert listed[0].to_dict()["fourfold"]["state"] == "not_approved"  # type: ignore[index]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["approved", "fourfold-dev/3"])
def test_an_answer_calls_the_model_as_the_request_does_and_says_beside_it_which_one_that_is(
    gateway: Gateway, name: str, stream: bool
) -> None:
    reply = gateway.chat(model=name, stream=stream)

    told = [chunk for _, chunk in reply.events if chunk != "[DONE]"] if stream else [reply.body]
    assert {one["model"] for one in told} == {name}
    assert told[-1]["fourfold"]["label"] == "fourfold-dev/3"


def test_openai_s_client_retrieves_each_model_that_it_lists(gateway: Gateway, store: Aws) -> None:
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused")
    for _ in ("approved", "none yet"):
        for listed in client.models.list():
            assert client.models.retrieve(listed.id) == listed
        approve(store, None)

    with pytest.raises(openai.NotFoundError, match="There is no model 'gpt-9'; known are approved, first, second"):
        client.models.retrieve("gpt-9")


def test_the_approved_model_goes_by_its_label_as_well(gateway: Gateway) -> None:
    assert gateway.post("/v1/generate", {"prompt": "x", "model": "fourfold-dev/3"}).body["run_id"] == "run-7"
    unknown = gateway.post("/v1/generate", {"prompt": "x", "model": "gpt"})
    assert unknown.status == 404
    assert unknown.body["errors"] == [
        {"pointer": "#/model", "detail": "there is no model 'gpt'; known are approved, first, second"}
    ]


@pytest.mark.parametrize("broken", ["damaged target", "denied parameter", "missing settings", "another platform"])
def test_a_fault_of_ours_is_one_line_for_the_caller_and_all_of_it_in_the_log(
    gateway: Gateway,
    store: Aws,
    configure: Configure,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: str,
) -> None:
    if broken == "damaged target":
        store.parameters["/target"] = f'{{"kind": "{TUNED["model_package_arn"]}"'
    elif broken == "denied parameter":
        store.denied = True
    elif broken == "another platform":
        configure(models=[model("first", platform="other")])
    else:
        monkeypatch.setenv("GATEWAY_SETTINGS", "/nowhere/gateway.json")

    reply = gateway.post("/v1/summarize", {"text": "x"})

    assert reply.status == 500
    log = capsys.readouterr().out
    assert "Traceback" in log
    assert '"level": "ERROR"' in log
    assert reply.headers["x-request-id"] in log
