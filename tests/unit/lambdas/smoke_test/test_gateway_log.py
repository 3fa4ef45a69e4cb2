"""An error that the API keeps to itself is looked up in the gateway's log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from lambdas.smoke_test.handler import SmokeTestFailed
from tests.unit.lambdas.smoke_test.scripted_api import Smoke, refused, response

if TYPE_CHECKING:
    from tests.unit.lambdas.conftest import Cloud


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
