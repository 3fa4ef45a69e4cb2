"""The deployed API answers real held-out records with the model that was just approved, or the run fails."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.shared.errors import AccessDenied, ConfigurationError, ServiceCallFailed
from lambdas.smoke_test.handler import SmokeTestFailed
from tests.unit.lambdas.smoke_test.scripted_api import ANSWER, Smoke, refused, response

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


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


def test_no_more_requests_are_asked_for_than_the_state_machine_can_carry(
    smoke: Smoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS", "11")

    with pytest.raises(ConfigurationError, match="REQUESTS is 11, which is not between 1 and 10"):
        smoke(response(200, ANSWER))
