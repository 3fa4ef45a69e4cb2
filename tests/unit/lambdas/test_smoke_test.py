"""The deployed API answers real held-out records with the model that was just approved, or the run fails."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
)

from lambdas.shared import aws
from lambdas.shared.errors import AccessDenied, ConfigurationError, ServiceCallFailed
from lambdas.smoke_test.handler import SmokeTestFailed, handle

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud, Context

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/fourfold-dev/3"
TARGET = {"kind": "sagemaker", "endpoint": "e", "model_package_arn": PACKAGE, "run_id": "run-7"}
ANSWER = {"model": "fourfold-dev/3", "run_id": "run-7", "output": "A summary."}
Invoke = Callable[[Mapping[str, Any]], Mapping[str, Any]]
FUNCTION_MILLIS = 300_000
LAST_CALL_MILLIS = 75_000
API_GATEWAY = "https://apigateway.eu-west-1.amazonaws.com"


def refused(code: str, status: int, message: str = "") -> ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "TestInvokeMethod")


def response(status: int, body: object) -> dict[str, Any]:
    return {"status": status, "body": body if isinstance(body, str) else json.dumps(body)}


@dataclass
class Clock:
    """Time that passes only when something takes it; Lambda's count-down goes with it."""

    context: Context
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return -self.context.millis / 1000

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.take(seconds)

    def take(self, seconds: float) -> None:
        self.context.millis -= int(seconds * 1000)


@pytest.fixture
def clock(context: Context, monkeypatch: pytest.MonkeyPatch) -> Clock:
    context.millis = FUNCTION_MILLIS
    clock = Clock(context)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def waits(clock: Clock) -> list[float]:
    return clock.waits


@dataclass
class Smoke:
    """The smoke test of an API that answers in turn with what is given; the last answer, or error, stays."""

    cloud: Cloud
    context: Context
    run: dict[str, Any]

    def __call__(self, *answers: Mapping[str, Any] | Exception) -> dict[str, object]:
        rest = list(answers)

        def invoke(_: object) -> Mapping[str, Any]:
            answer = rest.pop(0) if len(rest) > 1 else rest[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        if answers:
            self.asks(invoke)
        return handle({"run": self.run}, self.context)

    def asks(self, invoke: Invoke) -> None:
        self.cloud.on("apigateway", "TestInvokeMethod", invoke)


@pytest.fixture
def smoke(
    cloud: Cloud,
    clock: Clock,
    run: dict[str, Any],
    record: Callable[..., dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> Smoke:
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
    return Smoke(cloud, clock.context, run)


def test_real_test_records_are_answered_through_the_api(smoke: Smoke, cloud: Cloud) -> None:
    result = smoke(response(200, ANSWER))

    calls = cloud.called("apigateway", "TestInvokeMethod")
    assert result["requests"] == len(calls) == 3
    assert result["model"] == "fourfold-dev/3"
    for call in calls:
        assert (call["restApiId"], call["resourceId"], call["httpMethod"]) == ("api1", "b", "POST")
        assert call["pathWithQueryString"] == "/v1/summarize"
        body = json.loads(call["body"])
        assert body["text"].startswith("Text ")
        assert body["fourfold"] == {"cache": False}, "a former answer says nothing of the model"
    examples = result["examples"]
    assert isinstance(examples, list)
    assert {example["output"] for example in examples} == {"A summary."}
    assert all(example["prompt"].startswith("Summarize in one sentence.\n\nText ") for example in examples)
    assert len({example["record_id"] for example in examples}) == 3


def test_latency_is_what_a_caller_waits_in_milliseconds(smoke: Smoke, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(start=100, step=2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))

    result = smoke(response(200, ANSWER))

    assert (result["latency_ms_p50"], result["latency_ms_p95"]) == (2000, 2000)


def test_long_texts_are_sent_whole_and_shown_short(
    smoke: Smoke, cloud: Cloud, record: Callable[..., dict[str, Any]]
) -> None:
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", record("long", "word " * 5000))

    examples = smoke(response(200, ANSWER))["examples"]

    assert isinstance(examples, list)
    assert len(json.loads(cloud.called("apigateway", "TestInvokeMethod")[0]["body"])["text"]) == 25_000
    assert [len(example["prompt"]) for example in examples] == [1001]


def test_a_gateway_that_has_not_begun_to_answer_when_the_test_ends_is_waited_for(
    smoke: Smoke, waits: list[float]
) -> None:
    # What API Gateway says of a streamed method that gave no status within 35 seconds.
    result = smoke({"status": 0, "body": ""}, response(200, ANSWER))
    assert result["model"] == "fourfold-dev/3"
    assert waits


@pytest.mark.parametrize("status", [429, 503, 504])
def test_a_cold_or_busy_model_is_waited_for(smoke: Smoke, waits: list[float], status: int) -> None:
    busy = response(status, {"detail": "not yet"})

    assert smoke(busy, busy, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 2


@pytest.mark.parametrize("stale", [{"model": "fourfold-dev/2"}, {"run_id": "run-6"}, {"model": None}])
def test_the_answer_of_another_model_is_not_accepted(smoke: Smoke, waits: list[float], stale: dict[str, Any]) -> None:
    other = response(200, ANSWER | stale)

    assert smoke(other, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 1

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
    smoke: Smoke, waits: list[float], answer: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(SmokeTestFailed, match=message):
        smoke(answer)
    assert not waits


def test_an_answer_that_says_when_to_come_back_is_waited_for_whatever_its_status(
    smoke: Smoke, waits: list[float]
) -> None:
    lost = response(502, {"detail": "The model could not be reached."}) | {"headers": {"Retry-After": "5"}}

    assert smoke(lost, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 1


@pytest.mark.parametrize(
    "failure",
    [
        ReadTimeoutError(endpoint_url=API_GATEWAY),
        ConnectTimeoutError(endpoint_url=API_GATEWAY),
        EndpointConnectionError(endpoint_url=API_GATEWAY),
        ConnectionClosedError(endpoint_url=API_GATEWAY),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_an_answer_that_is_lost_on_the_way_is_asked_for_again(
    smoke: Smoke, waits: list[float], failure: Exception
) -> None:
    assert smoke(failure, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 1

    with pytest.raises(SmokeTestFailed, match="did not answer in time: API Gateway gave no answer: "):
        smoke(failure)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("TooManyRequestsException", 429),
        ("429", 429),
        ("ThrottlingException", 400),
        ("Throttling", 400),
        ("LimitExceededException", 400),
        ("ServiceUnavailableException", 503),
        ("InternalServerError", 500),
    ],
)
def test_an_api_gateway_that_is_busy_or_at_fault_itself_is_asked_again(
    smoke: Smoke, waits: list[float], code: str, status: int
) -> None:
    busy = refused(code, status)

    assert smoke(busy, busy, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 2

    with pytest.raises(SmokeTestFailed, match=f"did not answer in time: API Gateway gave no answer: .*{code}"):
        smoke(busy)


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 403), ("UnauthorizedException", 401)])
def test_a_missing_permission_names_role_action_and_resource_at_once(
    smoke: Smoke, waits: list[float], code: str, status: int
) -> None:
    denial = "User: arn:aws:sts::1:assumed-role/smoke is not authorized to perform: apigateway:POST on resource: arn:x"

    with pytest.raises(AccessDenied) as failure:
        smoke(refused(code, status, denial))

    assert denial in str(failure.value)
    assert not waits


def test_a_call_that_api_gateway_refuses_is_not_repeated(smoke: Smoke, waits: list[float]) -> None:
    with pytest.raises(ServiceCallFailed, match="TestInvokeMethod failed with NotFoundException: no such resource"):
        smoke(refused("NotFoundException", 404, "no such resource"))
    assert not waits


def test_api_gateway_has_longer_to_answer_than_it_may_wait_for_a_cold_endpoint(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    original = aws.client

    def client(service: str, **options: Any) -> Any:
        asked.append({"service": service, **options})
        return original(service, **options)

    monkeypatch.setattr(aws, "client", client)
    smoke(response(200, ANSWER))

    assert {"service": "apigateway", "read_timeout": 40, "attempts": 1} in asked


@pytest.mark.parametrize("call_seconds", [0.1, 29, 45])
def test_waiting_ends_before_the_function_s_time_does(smoke: Smoke, clock: Clock, call_seconds: float) -> None:
    begun: list[int] = []

    def invoke(_: object) -> Mapping[str, Any]:
        begun.append(clock.context.millis)
        clock.take(call_seconds)
        return response(503, {"detail": "The model is not ready yet."})

    smoke.asks(invoke)

    with pytest.raises(SmokeTestFailed, match="did not answer in time: status 503: The model is not ready yet"):
        smoke()
    assert min(begun) >= LAST_CALL_MILLIS > clock.context.millis


def test_the_last_call_leaves_time_to_find_out_why_it_was_refused(smoke: Smoke, cloud: Cloud, clock: Clock) -> None:
    """However slow the call is, and the log after it."""

    def invoke(_: object) -> Mapping[str, Any]:
        clock.take(45)
        return response(500, {"instance": "urn:request:r-42"})

    def look(_: object) -> Mapping[str, Any]:
        clock.take(10)
        return {"events": [], "nextToken": "more"}

    smoke.asks(invoke)
    cloud.on("logs", "FilterLogEvents", look)
    clock.context.millis = LAST_CALL_MILLIS

    with pytest.raises(SmokeTestFailed, match="gateway-log says nothing"):
        smoke()
    assert clock.context.millis >= 0


def test_a_model_that_took_all_the_time_for_one_answer_is_told_from_one_that_refuses(
    smoke: Smoke, clock: Clock
) -> None:
    def invoke(_: object) -> Mapping[str, Any]:
        clock.take(250)
        return response(200, ANSWER)

    smoke.asks(invoke)

    with pytest.raises(SmokeTestFailed, match="did not answer in time: no time was left to ask it"):
        smoke()


def test_texts_that_are_too_long_for_the_api_name_the_limit_and_the_setting(
    smoke: Smoke, cloud: Cloud, waits: list[float]
) -> None:
    problem = {"detail": "The input has 25,000 characters and 20,000 are allowed.", "instance": "urn:request:r-42"}

    with pytest.raises(SmokeTestFailed, match=r"20,000 are allowed .* lower data\.filters\.max_words"):
        smoke(response(413, problem))
    assert not cloud.called("logs", "FilterLogEvents")


def test_without_an_approved_target_there_is_nothing_to_test(smoke: Smoke, cloud: Cloud) -> None:
    cloud.parameters["/target"] = "none"

    with pytest.raises(SmokeTestFailed, match=r"No target is approved \(SSM parameter /target\)"):
        smoke(response(200, ANSWER))


def test_an_api_without_the_route_is_named(smoke: Smoke, cloud: Cloud) -> None:
    cloud.on("apigateway", "GetResources", lambda _: {"items": [{"id": "a", "path": "/v1"}]})

    with pytest.raises(SmokeTestFailed, match="REST API api1"):
        smoke(response(200, ANSWER))


def test_an_empty_test_split_fails_the_run(smoke: Smoke, cloud: Cloud) -> None:
    cloud.objects.clear()

    with pytest.raises(SmokeTestFailed, match="test split is empty"):
        smoke(response(200, ANSWER))


def test_fewer_records_than_requests_are_all_asked(
    smoke: Smoke, cloud: Cloud, record: Callable[..., dict[str, Any]]
) -> None:
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", record("only"))

    assert smoke(response(200, ANSWER))["requests"] == 1


def test_reading_ends_when_the_texts_read_fill_the_memory_they_may(
    smoke: Smoke, cloud: Cloud, record: Callable[..., dict[str, Any]]
) -> None:
    """The record beyond is never parsed, or it would be refused."""
    long = [record(f"long-{number}", "word " * 250_000) for number in range(4)]
    cloud.put("curated", "news/run=run-7/test/part-00000.jsonl", *long, {"broken": True})

    assert smoke(response(200, ANSWER))["requests"] == 3


def refusal(smoke: Smoke) -> str:
    problem = {"detail": "Something went wrong here.", "instance": "urn:request:r-42"}
    with pytest.raises(SmokeTestFailed) as failure:
        smoke(response(500, problem))
    return str(failure.value)


def test_an_error_that_the_api_keeps_to_itself_is_quoted_from_the_gateways_log(smoke: Smoke, cloud: Cloud) -> None:
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


def test_a_line_that_takes_its_time_to_the_log_is_waited_for(smoke: Smoke, cloud: Cloud, waits: list[float]) -> None:
    line = {"message": json.dumps({"level": "WARNING", "request_id": "r-42", "message": "the endpoint is gone"})}
    answers: list[dict[str, Any]] = [{"events": []}, {"events": [line]}]
    cloud.on("logs", "FilterLogEvents", lambda _: answers.pop(0))

    assert "the endpoint is gone" in refusal(smoke)
    assert len(waits) == 1


def test_a_log_that_says_nothing_is_named(smoke: Smoke, cloud: Cloud) -> None:
    cloud.on("logs", "FilterLogEvents", lambda _: {"events": []})

    assert "gateway-log says nothing about urn:request:r-42" in refusal(smoke)


@pytest.mark.parametrize(
    "busy", [refused("ThrottlingException", 400), ReadTimeoutError(endpoint_url="logs")], ids=["busy", "slow"]
)
def test_a_log_that_is_busy_or_slow_is_read_again(smoke: Smoke, cloud: Cloud, busy: Exception) -> None:
    line = {"message": json.dumps({"level": "ERROR", "request_id": "r-42", "message": "the endpoint is gone"})}
    answers: list[Exception | dict[str, Any]] = [busy, {"events": [line]}]

    def look(_: object) -> Mapping[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cloud.on("logs", "FilterLogEvents", look)

    assert "the endpoint is gone" in refusal(smoke)


def test_a_log_that_may_not_be_read_does_not_hide_the_refusal(smoke: Smoke, cloud: Cloud) -> None:
    cloud.refuse("logs", "FilterLogEvents", "AccessDeniedException", "not authorized to perform: logs:FilterLogEvents")

    found = refusal(smoke)

    assert "status 500: Something went wrong here." in found
    assert "gateway-log could not be read: " in found
    assert "logs:FilterLogEvents" in found
    assert len(cloud.called("logs", "FilterLogEvents")) == 1


def test_no_more_requests_are_asked_for_than_the_state_machine_can_carry(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS", "11")

    with pytest.raises(ConfigurationError, match="REQUESTS is 11, which is not between 1 and 10"):
        smoke(response(200, ANSWER))
