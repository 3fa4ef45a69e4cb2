"""The deployed API answers real held-out records with the model that was just approved, or the run fails."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.smoke_test.handler import SmokeTestFailed, handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
TARGET = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": "run-7"}
ANSWER = {"model": "fourfold-dev/3", "run_id": "run-7", "output": "A summary."}
Test = Callable[..., dict[str, object]]
Invoke = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def response(status: int, body: object) -> dict[str, Any]:
    return {"status": status, "body": body if isinstance(body, str) else json.dumps(body)}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


@pytest.fixture
def smoke(
    cloud: Cloud,
    context: Context,
    run: dict[str, Any],
    record: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    waits: list[float],
) -> Test:
    """Test an API that answers in turn with these responses; the last one stays."""
    monkeypatch.setenv("REST_API_ID", "api1")
    monkeypatch.setenv("TARGET_PARAMETER", "/target")
    monkeypatch.setenv("GATEWAY_LOG_GROUP", "gateway-log")
    cloud.parameters["/target"] = json.dumps(TARGET)
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", *(record(f"r{n}", f"Text {n}") for n in range(9)))
    resources = [{"id": "a", "path": "/v1"}, {"id": "b", "path": "/v1/summarize"}, {"id": "c", "path": "/v1/models"}]

    def page(params: Mapping[str, Any]) -> Mapping[str, Any]:
        if "position" in params:
            return {"items": resources[1:]}
        return {"items": resources[:1], "position": "next"}

    cloud.on("apigateway", "GetResources", page)

    def start(*answers: Mapping[str, Any]) -> dict[str, object]:
        rest = list(answers)
        cloud.on("apigateway", "TestInvokeMethod", lambda _: rest.pop(0) if len(rest) > 1 else rest[0])
        return handle({"run": run}, context)

    return start


def test_real_test_records_are_answered_through_the_api(smoke: Test, cloud: Cloud) -> None:
    result = smoke(response(200, ANSWER))

    calls = cloud.called("apigateway", "TestInvokeMethod")
    assert result["requests"] == len(calls) == 3
    assert result["model"] == "fourfold-dev/3"
    for call in calls:
        assert (call["restApiId"], call["resourceId"], call["httpMethod"]) == ("api1", "b", "POST")
        assert call["pathWithQueryString"] == "/v1/summarize"
        assert json.loads(call["body"])["text"].startswith("Text ")
    examples = result["examples"]
    assert isinstance(examples, list)
    assert {example["output"] for example in examples} == {"A summary."}
    assert all(example["prompt"].startswith("Summarize in one sentence.\n\nText ") for example in examples)
    assert len({example["record_id"] for example in examples}) == 3


def test_latency_is_what_a_caller_waits_in_milliseconds(smoke: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(start=100, step=2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    result = smoke(response(200, ANSWER))

    assert (result["latency_ms_p50"], result["latency_ms_p95"]) == (2000, 2000)


def test_long_texts_are_sent_whole_and_shown_short(
    smoke: Test, cloud: Cloud, record: Callable[..., dict[str, Any]]
) -> None:
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", record("long", "word " * 5000))

    examples = smoke(response(200, ANSWER))["examples"]

    assert isinstance(examples, list)
    assert len(json.loads(cloud.called("apigateway", "TestInvokeMethod")[0]["body"])["text"]) == 25_000
    assert [len(example["prompt"]) for example in examples] == [1001]


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_cold_or_busy_model_is_waited_for(smoke: Test, waits: list[float], status: int) -> None:
    busy = response(status, {"detail": "not yet"})

    assert smoke(busy, busy, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 2


@pytest.mark.parametrize("stale", [{"model": "fourfold-dev/2"}, {"run_id": "run-6"}, {"model": None}])
def test_the_answer_of_another_model_is_not_accepted(
    smoke: Test, waits: list[float], context: Context, stale: dict[str, Any]
) -> None:
    other = response(200, ANSWER | stale)

    assert smoke(other, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 1

    context.millis = 1000
    with pytest.raises(SmokeTestFailed, match=r"did not answer in time: .*, not fourfold-dev/3 of run run-7"):
        smoke(other)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (response(502, {"detail": "The model failed."}), "status 502: The model failed."),
        (response(500, "<html>"), "status 500: <html>"),
        (response(403, {"message": "Forbidden"}), "status 403"),
        (response(200, "[]"), "something else than a JSON object"),
        (response(200, ANSWER | {"output": " "}), "empty text"),
        (response(200, ANSWER | {"output": None}), "empty text"),
    ],
)
def test_what_is_not_an_answer_fails_the_run_at_once(
    smoke: Test, waits: list[float], answer: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SmokeTestFailed, match=message):
        smoke(answer)
    assert not waits


def test_waiting_ends_before_the_function_s_time_does(smoke: Test, context: Context) -> None:
    context.millis = 44_999

    with pytest.raises(SmokeTestFailed, match="did not answer in time: status 503: The model is not ready yet"):
        smoke(response(503, {"detail": "The model is not ready yet."}))


def test_without_an_approved_target_there_is_nothing_to_test(smoke: Test, cloud: Cloud) -> None:
    cloud.parameters["/target"] = "none"

    with pytest.raises(SmokeTestFailed, match=r"No target is approved \(SSM parameter /target\)"):
        smoke(response(200, ANSWER))


def test_an_api_without_the_route_is_named(smoke: Test, cloud: Cloud) -> None:
    cloud.on("apigateway", "GetResources", lambda _: {"items": [{"id": "a", "path": "/v1"}]})

    with pytest.raises(SmokeTestFailed, match="REST API api1"):
        smoke(response(200, ANSWER))


def test_an_empty_test_split_fails_the_run(smoke: Test, cloud: Cloud) -> None:
    cloud.objects.clear()

    with pytest.raises(SmokeTestFailed, match="test split is empty"):
        smoke(response(200, ANSWER))


def test_fewer_records_than_requests_are_all_asked(
    smoke: Test, cloud: Cloud, record: Callable[..., dict[str, Any]]
) -> None:
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", record("only"))

    assert smoke(response(200, ANSWER))["requests"] == 1


def refusal(smoke: Test) -> str:
    problem = {"detail": "Something went wrong here.", "instance": "urn:request:r-42"}
    with pytest.raises(SmokeTestFailed) as failure:
        smoke(response(500, problem))
    return str(failure.value)


def test_an_error_that_the_api_keeps_to_itself_is_quoted_from_the_gateways_log(smoke: Test, cloud: Cloud) -> None:
    denial = "User: gateway-role is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:::p"
    lines = [
        {"level": "ERROR", "request_id": "another", "message": "of another request"},
        {"level": "INFO", "request_id": "r-42", "message": "Request"},
        {"level": "ERROR", "request_id": "r-42", "message": denial},
    ]
    events = [{"message": "START"}, *({"message": json.dumps(line)} for line in lines)]
    cloud.on("logs", "FilterLogEvents", lambda _: {"events": events})

    assert denial in refusal(smoke)
    assert cloud.called("logs", "FilterLogEvents")[0]["logGroupName"] == "gateway-log"


def test_a_line_that_takes_its_time_to_the_log_is_waited_for(smoke: Test, cloud: Cloud, waits: list[float]) -> None:
    line = {"message": json.dumps({"level": "WARNING", "request_id": "r-42", "message": "the endpoint is gone"})}
    answers: list[dict[str, Any]] = [{"events": []}, {"events": [line]}]
    cloud.on("logs", "FilterLogEvents", lambda _: answers.pop(0))

    assert "the endpoint is gone" in refusal(smoke)
    assert len(waits) == 1


def test_a_log_that_says_nothing_is_named(smoke: Test, cloud: Cloud) -> None:
    cloud.on("logs", "FilterLogEvents", lambda _: {"events": []})

    assert "gateway-log says nothing about urn:request:r-42" in refusal(smoke)
