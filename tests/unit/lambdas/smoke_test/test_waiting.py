"""What is cold or busy, or is lost on its way, is waited for as long as the function has time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    ReadTimeoutError,
)

from lambdas.shared import aws
from lambdas.smoke_test.handler import SmokeTestFailed
from tests.unit.lambdas.smoke_test.scripted_api import (
    ANSWER,
    API_GATEWAY,
    LAST_CALL_MILLIS,
    Clock,
    Smoke,
    refused,
    response,
)

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


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


@pytest.mark.parametrize("stale", [{"fourfold": {"label": "fourfold-dev/2"}}, {"run_id": "run-6"}, {"fourfold": None}])
def test_the_answer_of_another_model_is_not_accepted(smoke: Smoke, waits: list[float], stale: dict[str, Any]) -> None:
    other = response(200, ANSWER | stale)

    assert smoke(other, response(200, ANSWER))["requests"] == 3
    assert len(waits) == 1

    with pytest.raises(SmokeTestFailed, match=r"did not answer in time: .*, not fourfold-dev/3 of run run-7"):
        smoke(other)


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
