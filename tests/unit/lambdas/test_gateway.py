"""The HTTP API answers with the approved model, refuses what is wrong by name, and shows nothing of its inside."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.gateway import approved
from lambdas.gateway.handler import handle
from lambdas.shared import aws
from lambdas.shared.embedding import packed

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

ACCOUNT = "123456789012"
PACKAGE = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:model-package/fourfold-dev/3"
TUNED = {"kind": "sagemaker", "endpoint": "secret-endpoint", "model_package_arn": PACKAGE, "run_id": "run-7"}
IMPORTED = f"arn:aws:bedrock:eu-west-1:{ACCOUNT}:imported-model/abc123def456"
BEDROCK = {"kind": "bedrock", "model_id": IMPORTED, "strategy": "zero-shot", "run_id": "run-2"}
MAX_CHARACTERS = 200


class Reply:
    """A proxy response, checked for what every response has."""

    def __init__(self, response: Mapping[str, Any]) -> None:
        self.status: int = response["statusCode"]
        self.headers: dict[str, str] = response["headers"]
        self.text: str = response["body"]
        self.body: dict[str, Any] = json.loads(response["body"])
        assert isinstance(self.status, int)
        assert response["isBase64Encoded"] is False
        assert all(isinstance(value, str) for value in self.headers.values())
        assert self.headers["Cache-Control"] == "no-store"
        assert self.headers["X-Request-Id"]
        if self.status >= 400:
            assert self.headers["Content-Type"] == "application/problem+json"
            assert self.body["status"] == self.status
            assert {"type", "title", "detail", "instance"} <= self.body.keys()
            for inside in (ACCOUNT, "secret-endpoint", "Traceback", "arn:", "botocore"):
                assert inside not in self.text
        else:
            assert self.headers["Content-Type"] == "application/json"


Send = Callable[..., Reply]


def event(method: str, path: str, body: object = None, **more: Any) -> dict[str, Any]:
    """Give a REST proxy event."""
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Content-Type": "application/json", "Host": "api"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "requestContext": {"requestId": "gw-1", "stage": "v1"},
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
        **more,
    }


def completion(text: str = " A summary. ", **more: Any) -> dict[str, Any]:
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16},
        **more,
    }


@pytest.fixture(autouse=True)
def gateway(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    approved.forget()
    for name, value in {
        "TARGET_PARAMETER": "/target",
        "TASK_INSTRUCTION": "Summarize in one sentence.",
        "MAX_INPUT_CHARACTERS": str(MAX_CHARACTERS),
        "MAX_OUTPUT_TOKENS": "64",
        "SERVICE_NAME": "fourfold-dev",
    }.items():
        monkeypatch.setenv(name, value)
    cloud.parameters["/target"] = json.dumps(TUNED)


@pytest.fixture
def send(context: Context) -> Send:
    return lambda *args, **kwargs: Reply(handle(event(*args, **kwargs), context))


@pytest.fixture
def endpoint(cloud: Cloud) -> Callable[[object], None]:
    """Make the endpoint answer with this."""
    from botocore.response import StreamingBody

    def answer(value: object) -> None:
        content = value if isinstance(value, bytes) else json.dumps(value).encode()
        cloud.on(
            "sagemaker-runtime",
            "InvokeEndpoint",
            lambda _: {"Body": StreamingBody(BytesIO(content), len(content))},
        )

    answer(completion())
    return answer


def converse(text: str = "Answer.") -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    return lambda _: {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "max_tokens",
        "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
        "metrics": {"latencyMs": 5},
    }


def test_a_summary_comes_from_the_tuned_model_asked_as_it_was_trained(
    send: Send, cloud: Cloud, endpoint: object
) -> None:
    reply = send("POST", "/v1/summarize", {"text": "Some text."})

    assert reply.status == 200
    assert reply.body.pop("latency_ms") >= 0
    assert reply.body == {
        "id": "gw-1",
        "model": "fourfold-dev/3",
        "run_id": "run-7",
        "output": "A summary.",
        "finish_reason": "stop",
        "usage": {"input_tokens": 12, "output_tokens": 4},
    }
    (call,) = cloud.called("sagemaker-runtime", "InvokeEndpoint")
    assert (call["EndpointName"], call["ContentType"]) == ("secret-endpoint", "application/json")
    assert json.loads(call["Body"]) == {
        "messages": [{"role": "user", "content": "Summarize in one sentence.\n\nSome text."}],
        "max_tokens": 64,
        "temperature": 0.0,
        "stream": False,
    }


def test_the_caller_may_ask_for_less_and_for_variety(send: Send, cloud: Cloud, endpoint: object) -> None:
    send("POST", "/v1/summarize", {"text": "x", "max_tokens": 5, "temperature": 0.5})

    sent = json.loads(cloud.called("sagemaker-runtime", "InvokeEndpoint")[0]["Body"])
    assert (sent["max_tokens"], sent["temperature"]) == (5, 0.5)


def test_a_model_that_takes_no_temperature_is_told_none_and_refuses_the_caller_s(send: Send, cloud: Cloud) -> None:
    cloud.parameters["/target"] = json.dumps({**BEDROCK, "sampling": False})
    cloud.on("bedrock-runtime", "Converse", converse())

    assert send("POST", "/v1/generate", {"prompt": "Why?"}).status == 200
    refused = send("POST", "/v1/generate", {"prompt": "Why?", "temperature": 0})

    assert (refused.status, refused.body["detail"]) == (
        400,
        "The approved model takes no temperature: leave 'temperature' out.",
    )
    assert [call["inferenceConfig"] for call in cloud.called("bedrock-runtime", "Converse")] == [{"maxTokens": 64}]


@pytest.mark.parametrize("asked", [{"max_tokens": 1}, {"max_tokens": 64}, {"temperature": 0}, {"temperature": 1}])
def test_the_bounds_themselves_are_allowed(send: Send, endpoint: object, asked: dict[str, int]) -> None:
    assert send("POST", "/v1/summarize", {"text": "x" * MAX_CHARACTERS, **asked}).status == 200


def test_a_text_that_is_escaped_throughout_still_fits(
    send: Send, endpoint: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_INPUT_CHARACTERS", "20000")

    assert send("POST", "/v1/summarize", json.dumps({"text": "ü" * 20_000})).status == 200


def test_latency_is_given_in_milliseconds(
    send: Send, endpoint: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = itertools.count(start=100, step=2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    reply = send("POST", "/v1/summarize", {"text": "x"})

    (metrics,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert reply.body["latency_ms"] == 2000
    assert metrics["Latency"] == 6000
    assert {metric["Name"]: metric["Unit"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]}[
        "Latency"
    ] == "Milliseconds"


def test_a_bedrock_target_is_asked_by_converse(send: Send, cloud: Cloud) -> None:
    cloud.parameters["/target"] = json.dumps(BEDROCK)
    cloud.on("bedrock-runtime", "Converse", converse())

    reply = send("POST", "/v1/summarize", {"text": "Some text."})

    assert (reply.body["model"], reply.body["finish_reason"]) == ("abc123def456", "length")
    assert reply.body["usage"] == {"input_tokens": 7, "output_tokens": 3}
    (call,) = cloud.called("bedrock-runtime", "Converse")
    assert call["modelId"] == IMPORTED
    assert call["messages"] == [
        {"role": "user", "content": [{"text": "Summarize in one sentence.\n\nSome text."}]},
    ]


def test_a_few_shot_target_is_served_with_the_examples_that_it_was_chosen_with(send: Send, cloud: Cloud) -> None:
    key = "run=run-2/candidates/2-m-few-shot.json"
    cloud.parameters["/target"] = json.dumps(BEDROCK | {"strategy": "few-shot", "prompt_key": key})
    turns = [{"role": "user", "content": "ask"}, {"role": "assistant", "content": "told"}]
    cloud.put("models", key, {"prompt_turns": turns})
    cloud.on("bedrock-runtime", "Converse", converse())

    for _ in range(2):
        send("POST", "/v1/summarize", {"text": "x"})
    send("POST", "/v1/generate", {"prompt": "x"})

    first, _, generated = cloud.called("bedrock-runtime", "Converse")
    assert [message["content"][0]["text"] for message in first["messages"][:2]] == ["ask", "told"]
    assert len(generated["messages"]) == 1
    assert len(cloud.called("s3", "GetObject")) == 1


def test_a_few_shot_target_with_a_pool_is_served_with_the_examples_most_like_the_text(send: Send, cloud: Cloud) -> None:
    key = "run=run-2/candidates/2-m-few-shot.json"
    cloud.parameters["/target"] = json.dumps(BEDROCK | {"strategy": "few-shot", "prompt_key": key})
    pool = [
        {"turns": [{"role": "user", "content": f"Tell of {what}"}, {"role": "assistant", "content": what.upper()}]}
        for what in ("buckets", "tables", "queues")
    ]
    cloud.put("models", key, {"prompt_turns": [], "prompt_pool": pool, "prompt_examples": 1})
    cloud.on("bedrock-runtime", "Converse", converse())

    for text in ("All about queues.", "Two tables and more."):
        send("POST", "/v1/summarize", {"text": text})

    shown = [call["messages"][1]["content"][0]["text"] for call in cloud.called("bedrock-runtime", "Converse")]
    assert shown == ["QUEUES", "TABLES"]


def test_an_extractive_target_summarizes_without_a_model_and_does_not_generate(send: Send, cloud: Cloud) -> None:
    cloud.parameters["/target"] = json.dumps({"kind": "extractive", "run_id": "run-1"})

    reply = send("POST", "/v1/summarize", {"text": "The first sentence. And more."})

    assert (reply.body["output"], reply.body["model"]) == ("The first sentence.", "extractive")
    assert send("POST", "/v1/generate", {"prompt": "x"}).status == 501


def test_a_text_without_a_word_has_no_sentence_to_pick_and_is_refused(send: Send, cloud: Cloud) -> None:
    cloud.parameters["/target"] = json.dumps({"kind": "extractive", "run_id": "run-1"})

    reply = send("POST", "/v1/summarize", {"text": "…"})

    assert reply.status == 400
    assert reply.body["errors"] == [{"pointer": "#/text", "detail": "'text' holds no word, and so no sentence to pick"}]


@pytest.mark.parametrize(("finish", "status"), [("stop", 502), ("length", 200)])
def test_an_empty_text_is_no_answer_unless_it_was_cut_off(
    send: Send, endpoint: Callable[[object], None], finish: str, status: int
) -> None:
    endpoint(completion(choices=[{"message": {"content": " "}, "finish_reason": finish}]))

    reply = send("POST", "/v1/summarize", {"text": "…"})

    assert reply.status == status
    if status == 502:
        assert reply.body["detail"] == "The model answered with an empty text."
    else:
        assert (reply.body["output"], reply.body["finish_reason"]) == ("", "length")


def test_a_prompt_and_a_conversation_go_to_the_model_as_they_are(send: Send, cloud: Cloud, endpoint: object) -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "hello"},
        {"role": "user", "content": "more"},
    ]
    send("POST", "/v1/generate", {"prompt": "hi"})
    send("POST", "/v1/generate", {"messages": messages})

    sent = [json.loads(call["Body"])["messages"] for call in cloud.called("sagemaker-runtime", "InvokeEndpoint")]
    assert sent == [[{"role": "user", "content": "hi"}], messages]


def test_models_lists_what_is_approved_without_account_or_endpoint(send: Send, cloud: Cloud) -> None:
    reply = send("GET", "/v1/models")

    assert reply.body == {"data": [{"id": "fourfold-dev/3", "kind": "sagemaker", "run_id": "run-7"}]}
    assert ACCOUNT not in reply.text

    approved.forget()
    cloud.parameters["/target"] = "none"
    assert send("GET", "/v1/models/").body == {"data": []}


def test_without_an_approved_model_the_service_is_unavailable(send: Send, cloud: Cloud) -> None:
    cloud.parameters["/target"] = "none"

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert reply.status == 503
    assert reply.headers["Retry-After"]


@pytest.fixture
def retrieving(cloud: Cloud) -> Callable[[bool], None]:
    """Approve a target that finds passages, by words or by embeddings."""

    def approve(embedded: bool) -> None:
        texts = ["Owls hunt at night.", "Bees make honey."]
        vectors = {"passage_vectors": [packed((1.0, 0.0)), packed((0.0, 1.0))], "passage_model_id": "titan"}
        stored = {
            "prompt_turns": [],
            "passages": [{"text": text, "source": "a.txt"} for text in texts],
            "passages_shown": 1,
            "passages_instruction": "Summarize in one sentence.",
            **(vectors if embedded else {}),
        }
        cloud.put("models", "run=run-2/candidates/3.json", stored)
        target = {**BEDROCK, "strategy": "retrieval", "prompt_key": "run=run-2/candidates/3.json"}
        cloud.parameters["/target"] = json.dumps(target)
        cloud.on("bedrock-runtime", "Converse", converse())
        body = json.dumps({"embedding": [0.1, 0.9], "inputTextTokenCount": 3}).encode()
        cloud.on("bedrock-runtime", "InvokeModel", lambda _: {"body": BytesIO(body), "contentType": "x"})

    return approve


@pytest.mark.parametrize("embedded", [False, True])
def test_a_target_that_retrieves_is_shown_the_passages_that_were_measured(
    send: Send, cloud: Cloud, retrieving: Callable[[bool], None], embedded: bool
) -> None:
    retrieving(embedded)

    assert send("POST", "/v1/summarize", {"text": "Who makes honey?"}).status == 200

    (asked,) = cloud.called("bedrock-runtime", "Converse")
    said = asked["messages"][-1]["content"][0]["text"]
    assert "[1] Bees make honey." in said
    assert said.endswith("Summarize in one sentence.\n\nWho makes honey?")
    embeddings = cloud.called("bedrock-runtime", "InvokeModel")
    assert [json.loads(call["body"]) for call in embeddings] == [{"inputText": "Who makes honey?"}] * embedded


def test_an_embedding_model_that_is_busy_is_a_problem_that_passes(
    send: Send, cloud: Cloud, retrieving: Callable[[bool], None]
) -> None:
    retrieving(True)
    cloud.refuse("bedrock-runtime", "InvokeModel", "ThrottlingException")

    reply = send("POST", "/v1/summarize", {"text": "Who makes honey?"})

    assert reply.status == 429
    assert reply.headers["Retry-After"]


def test_the_target_is_remembered_for_half_a_minute(
    send: Send, cloud: Cloud, endpoint: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("lambdas.gateway.approved.time.monotonic", lambda: now)
    send("POST", "/v1/summarize", {"text": "x"})
    cloud.parameters["/target"] = json.dumps(TUNED | {"run_id": "run-8"})

    now = 1029.0
    assert send("POST", "/v1/summarize", {"text": "x"}).body["run_id"] == "run-7"
    now = 1031.0
    assert send("POST", "/v1/summarize", {"text": "x"}).body["run_id"] == "run-8"
    assert len(cloud.called("ssm", "GetParameter")) == 2


def test_the_examples_of_a_target_that_stays_approved_are_read_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("lambdas.gateway.approved.time.monotonic", lambda: now)
    key = "run=run-7/candidates/2.json"
    target = BEDROCK | {"strategy": "few-shot", "prompt_key": key}
    cloud.parameters["/target"] = json.dumps(target)
    cloud.put("models", key, {"prompt_turns": []})
    first = approved.approved_target()
    now = 1031.0

    assert approved.approved_target() is first
    assert len(cloud.called("ssm", "GetParameter")) == 2
    assert len(cloud.called("s3", "GetObject")) == 1
    now = 1062.0
    cloud.parameters["/target"] = json.dumps(target | {"run_id": "run-8"})
    assert approved.approved_target() != first
    assert len(cloud.called("s3", "GetObject")) == 2


@pytest.mark.parametrize("failure", [ReadTimeoutError(endpoint_url="ssm"), "ThrottlingException"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/summarize"), ("GET", "/v1/models")])
def test_a_target_that_cannot_be_looked_up_for_the_moment_is_asked_for_later(
    send: Send, cloud: Cloud, endpoint: object, failure: Exception | str, method: str, path: str
) -> None:
    def lost(_: object) -> Mapping[str, Any]:
        raise failure if isinstance(failure, Exception) else ClientError({"Error": {"Code": failure}}, "GetParameter")

    cloud.on("ssm", "GetParameter", lost)

    reply = send(method, path, {"text": "x"})

    assert reply.status == 503
    assert reply.headers["Retry-After"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/v1/summarise", 404),
        ("POST", "/v2/summarize", 404),
        ("GET", "/v1/summarize", 405),
        ("POST", "/v1/models", 405),
        ("DELETE", "/v1/generate", 405),
    ],
)
def test_unknown_paths_and_methods_are_refused(send: Send, method: str, path: str, status: int) -> None:
    reply = send(method, path, {"text": "x"})

    assert reply.status == status
    assert (status == 405) == ("Allow" in reply.headers)


DEEP = '{"text": ' + "[" * 20 + "]" * 20 + "}"


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (None, 400, "empty"),
        ("", 400, "empty"),
        ("{", 400, "not valid JSON"),
        ("[]", 400, "must be a JSON object"),
        ('"text"', 400, "must be a JSON object"),
        ('{"text": NaN}', 400, "NaN is not a JSON number"),
        ('{"text": "a", "text": "b"}', 400, "a field twice"),
        (DEEP, 400, "nested deeper than 8"),
        ("[" * 100_000, 413, "longer than"),
        ("[" * 10_000, 400, "nested deeper"),
        ('{"text": "a", "max_tokens": ' + "9" * 5000 + "}", 400, "number that is too long"),
        ({"text": "x" * (MAX_CHARACTERS + 1)}, 413, "201 characters and 200 are allowed"),
        ({"text": "x" * 100_000}, 413, "longer than"),
        ({}, 400, "'text' must be a string"),
        ({"text": 5}, 400, "'text' must be a string"),
        ({"text": " \n"}, 400, "'text' must not be blank"),
        ('{"text": "\\ud800"}', 400, "surrogate"),
        ({"text": "x", "max_tokens": 65}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": 0}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": True}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": 1.5}, 400, "from 1 to 64"),
        ({"text": "x", "max_tokens": None}, 400, "from 1 to 64"),
        ({"text": "x", "temperature": 1.1}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": -0.1}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": "0"}, 400, "from 0 to 1"),
        ({"text": "x", "temperature": True}, 400, "from 0 to 1"),
        ({"text": "x", "model": "gpt"}, 400, "no field 'model'"),
    ],
)
def test_a_wrong_body_is_refused_with_its_fault(
    send: Send, cloud: Cloud, body: object, status: int, detail: str
) -> None:
    reply = send("POST", "/v1/summarize", body)

    assert reply.status == status
    assert detail in reply.text
    assert not cloud.calls


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "either 'prompt' or 'messages'"),
        ({"prompt": "x", "messages": []}, "either 'prompt' or 'messages'"),
        ({"prompt": ["x"]}, "'prompt' must be a string"),
        ({"messages": []}, "1 to 64 messages"),
        ({"messages": "x"}, "1 to 64 messages"),
        ({"messages": [{"role": "user", "content": "x"}] * 65}, "1 to 64 messages"),
        ({"messages": ["x"]}, "must be an object"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "'role' must be one of"),
        ({"messages": [{"role": "user"}]}, "'content' must be a string"),
        ({"messages": [{"role": "user", "content": "x", "name": "n"}]}, "no field 'name'"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "take turns"),
        ({"messages": [{"role": "user", "content": "x"}] * 2}, "take turns"),
        ({"messages": [{"role": "system", "content": "x"}]}, "must be the user's"),
        ({"messages": [{"role": "system", "content": "x"}] * 2}, "take turns"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, "the user's"),
    ],
)
def test_a_wrong_conversation_is_refused_with_its_fault(send: Send, body: object, detail: str) -> None:
    reply = send("POST", "/v1/generate", body)

    assert reply.status == 400
    assert detail in reply.body["errors"][0]["detail"]


def test_characters_are_counted_over_the_whole_conversation(send: Send) -> None:
    half = {"role": "user", "content": "x" * 120}
    reply = send("POST", "/v1/generate", {"messages": [half, half | {"role": "assistant"}, half]})

    assert reply.status == 413
    assert "360 characters" in reply.body["detail"]


def test_every_wrong_field_is_reported_with_a_pointer(send: Send) -> None:
    reply = send("POST", "/v1/summarize", {"text": 1, "max_tokens": "x", "temperature": [], "more": 1})

    pointers = [error["pointer"] for error in reply.body["errors"]]
    assert pointers == ["#", "#/text", "#/max_tokens", "#/temperature"]
    assert reply.body["detail"] == "4 fields are wrong; see 'errors'."


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_another_content_type_is_refused(send: Send, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else None

    assert send("POST", "/v1/summarize", {"text": "x"}, headers=headers).status == 415


def test_the_content_type_may_name_its_character_set(send: Send, endpoint: object) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}

    assert send("POST", "/v1/summarize", {"text": "x"}, headers=headers).status == 200


def test_a_body_in_base64_is_read_and_a_broken_one_refused(send: Send, endpoint: object) -> None:
    good = base64.b64encode('{"text": "ü"}'.encode()).decode()
    latin = base64.b64encode('{"text": "ü"}'.encode("latin-1")).decode()

    assert send("POST", "/v1/summarize", good, isBase64Encoded=True).status == 200
    assert send("POST", "/v1/summarize", "%%%", isBase64Encoded=True).status == 400
    assert "UTF-8" in send("POST", "/v1/summarize", latin, isBase64Encoded=True).body["detail"]


@pytest.mark.parametrize(
    ("code", "extra", "status"),
    [
        ("ThrottlingException", {}, 429),
        ("ModelNotReadyException", {}, 503),
        ("ServiceUnavailable", {}, 503),
        ("ValidationError", {}, 503),
        ("ModelError", {"OriginalStatusCode": 400}, 400),
        ("ModelError", {"OriginalStatusCode": 500}, 502),
        ("AccessDeniedException", {}, 502),
        ("InternalFailure", {}, 503),
        ("413", {}, 413),
    ],
)
def test_the_endpoint_s_failures_have_a_status_and_no_detail_of_the_inside(
    send: Send, cloud: Cloud, code: str, extra: dict[str, Any], status: int
) -> None:
    cloud.refuse("sagemaker-runtime", "InvokeEndpoint", code, f"secret-endpoint of {ACCOUNT} failed", **extra)

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert reply.status == status
    assert ("Retry-After" in reply.headers) == (status in (429, 503, 504))


def model_error(status: int, kind: str, message: str, **more: int) -> dict[str, Any]:
    """Give what SageMaker adds to its ModelError, of an answer as llama.cpp gives it."""
    answer = {"error": {"code": status, "message": message, "type": kind, **more}}
    return {"OriginalStatusCode": status, "OriginalMessage": json.dumps(answer)}


@pytest.mark.parametrize("status", [400, 500])
def test_a_prompt_that_exceeds_the_served_context_is_the_caller_s_problem_and_names_the_limit(
    send: Send, cloud: Cloud, status: int
) -> None:
    """Whichever status the server has for it: that differs by version."""
    message = "request (4310 tokens) exceeds the available context size (4096 tokens), try increasing it"
    exceeded = model_error(status, "exceed_context_size_error", message, n_prompt_tokens=4310, n_ctx=4096)
    cloud.refuse("sagemaker-runtime", "InvokeEndpoint", "ModelError", f"secret-endpoint of {ACCOUNT}", **exceeded)

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert (reply.status, reply.body["title"]) == (413, HTTPStatus.REQUEST_ENTITY_TOO_LARGE.phrase)
    assert reply.body["detail"] == "The input has 4,310 tokens; the model takes 4,096, its answer included."


@pytest.mark.parametrize("original", ["exceed_context_size_error, as text", '{"error": "exceed_context_size_error"}'])
def test_a_prompt_that_is_too_long_is_told_even_where_the_model_s_server_names_no_limit(
    send: Send, cloud: Cloud, original: str
) -> None:
    extra: dict[str, Any] = {"OriginalStatusCode": 400, "OriginalMessage": original}
    cloud.refuse("sagemaker-runtime", "InvokeEndpoint", "ModelError", **extra)

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert (reply.status, reply.body["detail"]) == (413, "The input is too long for the model.")


def test_requests_that_outgrow_the_context_together_may_come_again(send: Send, cloud: Cloud) -> None:
    crowded = model_error(500, "server_error", "Context size has been exceeded.")
    cloud.refuse("sagemaker-runtime", "InvokeEndpoint", "ModelError", **crowded)

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert reply.status == 429
    assert reply.headers["Retry-After"]


@pytest.mark.parametrize(
    "message",
    [
        "Request 5f2b has oversize body.",
        "1 validation error detected: Value at 'body' failed to satisfy constraint: "
        "Member must have length less than or equal to 4194304",
    ],
)
def test_a_body_that_is_too_large_for_the_endpoint_is_told_from_an_endpoint_that_is_gone(
    send: Send, cloud: Cloud, message: str
) -> None:
    cloud.refuse("sagemaker-runtime", "InvokeEndpoint", "ValidationError", message)

    assert send("POST", "/v1/summarize", {"text": "x"}).status == 413


@pytest.mark.parametrize(
    "message",
    [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum",
        "The model returned the following errors: input length and `max_tokens` exceed context limit: 9 + 4 > 12",
        "This model's maximum context length is 8192 tokens. Please reduce the length of the prompt",
    ],
)
def test_a_prompt_that_is_too_long_for_a_bedrock_model_is_the_caller_s_problem(
    send: Send, cloud: Cloud, message: str
) -> None:
    cloud.parameters["/target"] = json.dumps(BEDROCK)
    cloud.refuse("bedrock-runtime", "Converse", "ValidationException", message)

    assert send("POST", "/v1/summarize", {"text": "x"}).status == 413


@pytest.mark.parametrize(
    "message",
    [
        "The provided model identifier is invalid.",
        "Invocation of a custom model with on-demand throughput isn't supported. Deploy it first.",
        "Operation not allowed",
    ],
)
def test_a_bedrock_model_that_is_not_there_any_more_is_not_the_caller_s_problem(
    send: Send, cloud: Cloud, message: str
) -> None:
    cloud.parameters["/target"] = json.dumps(BEDROCK)
    cloud.refuse("bedrock-runtime", "Converse", "ValidationException", message)

    assert send("POST", "/v1/summarize", {"text": "x"}).status == 503


def test_text_goes_to_the_endpoint_unescaped_so_that_it_stays_within_its_payload(
    send: Send, cloud: Cloud, endpoint: object
) -> None:
    send("POST", "/v1/summarize", {"text": "über 🦙"})

    assert "über 🦙".encode() in cloud.called("sagemaker-runtime", "InvokeEndpoint")[0]["Body"]


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottlingException", 429),
        ("ValidationException", 400),
        ("ResourceNotFoundException", 503),
        ("ModelTimeoutException", 504),
        ("ModelErrorException", 502),
        ("ServiceUnavailableException", 503),
        ("InternalServerException", 503),
    ],
)
def test_bedrock_s_failures_have_a_status(send: Send, cloud: Cloud, code: str, status: int) -> None:
    cloud.parameters["/target"] = json.dumps(BEDROCK)
    cloud.refuse("bedrock-runtime", "Converse", code, f"{IMPORTED} failed")

    assert send("POST", "/v1/summarize", {"text": "x"}).status == status


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ReadTimeoutError(endpoint_url="https://secret-endpoint"), 504),
        (ConnectTimeoutError(endpoint_url="https://secret-endpoint"), 502),
        (EndpointConnectionError(endpoint_url="https://secret-endpoint"), 502),
    ],
)
def test_a_model_that_does_not_answer_is_a_gateway_failure(
    send: Send, cloud: Cloud, failure: Exception, status: int
) -> None:
    def lost(_: object) -> Mapping[str, Any]:
        raise failure

    cloud.on("sagemaker-runtime", "InvokeEndpoint", lost)

    assert send("POST", "/v1/summarize", {"text": "x"}).status == status


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        [],
        {},
        completion(choices=[]),
        completion(choices=[{}]),
        completion(choices=[{"message": {"content": None}}]),
        completion(usage={}),
    ],
)
def test_an_endpoint_that_answers_in_another_form_is_a_bad_gateway(
    send: Send, endpoint: Callable[[object], None], answer: object
) -> None:
    endpoint(answer)

    assert send("POST", "/v1/summarize", {"text": "x"}).status == 502


def test_the_model_is_asked_once_and_within_the_api_s_own_limit(
    send: Send, endpoint: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    original = aws.client

    def client(service: str, **options: Any) -> Any:
        asked.append({"service": service, **options})
        return original(service, **options)

    monkeypatch.setattr(aws, "client", client)
    send("POST", "/v1/summarize", {"text": "x"})

    assert {"service": "sagemaker-runtime", "connect_timeout": 2, "read_timeout": 25, "attempts": 1} in asked


@pytest.mark.parametrize("broken", ["damaged target", "denied parameter", "missing variable", "missing service"])
def test_a_fault_of_ours_is_one_line_for_the_caller_and_all_of_it_in_the_log(
    send: Send, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: str
) -> None:
    if broken == "damaged target":
        cloud.parameters["/target"] = f'{{"kind": "{PACKAGE}"'
    elif broken == "denied parameter":
        cloud.refuse("ssm", "GetParameter", "AccessDeniedException", f"{PACKAGE} denied")
    else:
        monkeypatch.delenv("MAX_INPUT_CHARACTERS" if broken == "missing variable" else "SERVICE_NAME")

    reply = send("POST", "/v1/summarize", {"text": "x"})

    assert reply.status == 500
    assert reply.body["instance"].startswith("urn:request:")
    log = capsys.readouterr().out
    assert "Traceback" in log
    assert '"level": "ERROR"' in log


def test_the_caller_s_correlation_id_is_given_back_unless_it_could_forge_a_log(send: Send) -> None:
    good = {"X-Correlation-Id": "order-17.b_2"}
    forged = {"X-Correlation-Id": 'x"\n{"level": "ERROR"}'}

    assert send("GET", "/v1/models", headers=good).headers["X-Correlation-Id"] == "order-17.b_2"
    assert send("GET", "/v1/models", headers=forged).headers["X-Correlation-Id"] == "gw-1"


def test_every_request_leaves_a_metrics_line_that_cloudwatch_reads(
    send: Send, endpoint: object, capsys: pytest.CaptureFixture[str]
) -> None:
    send("POST", "/v1/summarize", {"text": "private words"})
    send("POST", "/v1/summarize", {})
    send("GET", "/nowhere")

    output = capsys.readouterr().out
    good, wrong, nowhere = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    directive = good["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Fourfold"
    assert directive["Dimensions"] == [["Service"], ["Service", "Route"]]
    assert all(metric["Name"] in good for metric in directive["Metrics"])
    assert (good["Service"], good["Route"], good["Requests"]) == ("fourfold-dev", "summarize", 1)
    assert (good["InputTokens"], good["OutputTokens"]) == (12, 4)
    assert (good["ClientErrors"], good["ServerErrors"]) == (0, 0)
    assert (wrong["ClientErrors"], wrong["ServerErrors"], wrong["Route"]) == (1, 0, "summarize")
    assert (nowhere["ClientErrors"], nowhere["Route"]) == (1, "unknown")
    assert "private words" not in output
    assert "A summary." not in output


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.sampled_from(["/v1/summarize", "/v1/generate"]),
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["text", "prompt", "messages", "role", "content", "temperature"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    ).map(json.dumps),
)
def test_whatever_is_sent_the_answer_is_a_success_or_a_problem_of_the_caller_s(
    context: Context, endpoint: object, path: str, body: str
) -> None:
    reply = Reply(handle(event("POST", path, body), context))

    assert reply.status in (200, 400, 413)
