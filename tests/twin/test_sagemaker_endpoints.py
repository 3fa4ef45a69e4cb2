"""An endpoint that serves real weights: what it answers and refuses, and that it stays when a change fails."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.twin.helpers import allow, unique, user_client
from tests.twin.sagemaker_account import SERVING_IMAGE
from tests.twin.sagemaker_endpoints import SERVERLESS, Endpoints, Json, refusal


@pytest.fixture(scope="module")
def serving(endpoints: Endpoints) -> Iterator[str]:
    name = endpoints.create(endpoints.configuration())
    yield name
    endpoints.sagemaker.delete_endpoint(EndpointName=name)


def test_an_endpoint_answers_chat_completions_with_the_artefacts_model(endpoints: Endpoints, serving: str) -> None:
    answer = endpoints.ask(serving, "What is the capital of France? Answer in one word.")
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["completion_tokens"] > 0
    described = endpoints.sagemaker.describe_endpoint(EndpointName=serving)
    (variant,) = described["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == SERVERLESS["ServerlessConfig"]
    assert variant["DeployedImages"][0]["SpecifiedImage"] == SERVING_IMAGE


def test_an_answer_comes_in_parts_as_the_model_writes_it(endpoints: Endpoints, serving: str) -> None:
    body = {"messages": [{"role": "user", "content": "Count to nine."}], "max_tokens": 8, "stream": True}
    answer = endpoints.runtime.invoke_endpoint_with_response_stream(
        EndpointName=serving,
        ContentType="application/json",
        Accept="application/json",
        InferenceId="ours",
        Body=json.dumps(body),
    )
    assert answer["InvokedProductionVariant"] == "Main"
    assert answer["ContentType"].startswith("text/event-stream")
    events = iter(answer["Body"])
    first = next(events)["PayloadPart"]["Bytes"]
    assert first.startswith(b"data: {")
    rest = b"".join(event["PayloadPart"]["Bytes"] for event in events)
    assert rest.rstrip().endswith(b"data: [DONE]")
    assert rest.count(b"data: ") > 3


def test_what_is_wrong_with_a_request_is_said_before_a_stream_begins(endpoints: Endpoints, serving: str) -> None:
    call = lambda: endpoints.runtime.invoke_endpoint_with_response_stream(EndpointName=serving, Body=b"hello")  # noqa: E731
    error = refusal(call)
    assert (error["Error"]["Code"], error["OriginalStatusCode"] >= 400) == ("ModelError", True)


def test_the_containers_log_reaches_cloudwatch(endpoints: Endpoints, serving: str) -> None:
    assert "model" in endpoints.log_of(f"/aws/sagemaker/Endpoints/{serving}", "Main/")


def test_the_context_is_what_the_models_environment_says(endpoints: Endpoints, serving: str) -> None:
    error = refusal(lambda: endpoints.ask(serving, "word " * 700))
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == 400
    assert "512" in error["OriginalMessage"]
    assert 'Received client error (400) from primary with message "' in error["Error"]["Message"]
    assert f"/aws/sagemaker/Endpoints/{serving}" in error["LogStreamArn"]


def test_a_body_that_is_not_json_is_the_models_error(endpoints: Endpoints, serving: str) -> None:
    error = refusal(lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=b"hello"))
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 400)


def test_a_body_that_is_too_large_is_refused(endpoints: Endpoints, serving: str) -> None:
    body = b"x" * (4 * 2**20 + 1)
    error = refusal(lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=body))["Error"]
    assert error["Code"] == "ValidationError"
    assert "Member must have length less than or equal to 4194304" in error["Message"]


def test_an_endpoint_that_is_not_there_is_named(endpoints: Endpoints) -> None:
    error = refusal(lambda: endpoints.ask("nobody-made-this"))["Error"]
    assert error["Code"] == "ValidationError"
    assert error["Message"] == "Endpoint nobody-made-this of account 000000000000 not found."


def test_what_the_runtime_does_not_serve_is_refused(endpoints: Endpoints, serving: str) -> None:
    def message(**options: str) -> str:
        call = lambda: endpoints.runtime.invoke_endpoint(EndpointName=serving, Body=b"{}", **options)  # noqa: E731
        return str(refusal(call)["Error"]["Message"])

    assert "target-model is not supported" in message(TargetModel="other.tar.gz").lower()
    assert "Variant Other" in message(TargetVariant="Other")


def test_invoking_needs_the_permission_on_the_endpoint(endpoints: Endpoints, serving: str) -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{serving}"
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}], "max_tokens": 1})
    allowed = user_client(endpoints.emulator, "sagemaker-runtime", allow("sagemaker:InvokeEndpoint", arn))
    allowed.invoke_endpoint(EndpointName=serving, Body=body)
    other = user_client(endpoints.emulator, "sagemaker-runtime", allow("sagemaker:InvokeEndpoint", f"{arn}-not"))
    message = refusal(lambda: other.invoke_endpoint(EndpointName=serving, Body=body))["Error"]["Message"]
    assert f"sagemaker:InvokeEndpoint on resource: {arn}" in message


def test_a_change_that_fails_leaves_the_endpoint_as_it_was(endpoints: Endpoints, serving: str) -> None:
    before = endpoints.settled(serving)["EndpointConfigName"]
    endpoints.sagemaker.update_endpoint(EndpointName=serving, EndpointConfigName=endpoints.configuration(endpoints.bad))
    error = refusal(lambda: endpoints.sagemaker.update_endpoint(EndpointName=serving, EndpointConfigName=before))
    assert "Cannot update in-progress endpoint" in error["Error"]["Message"]
    described = endpoints.settled(serving)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", before)
    assert "No *.gguf was found" in described["FailureReason"]
    assert endpoints.ask(serving)["choices"]


def test_a_limit_of_a_deployment_that_nothing_would_enforce_is_refused(endpoints: Endpoints, serving: str) -> None:
    policy = {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "MaximumExecutionTimeoutInSeconds": 600,
    }
    update = {"EndpointName": serving, "EndpointConfigName": endpoints.configuration()}
    deployment = {"BlueGreenUpdatePolicy": policy}
    error = refusal(lambda: endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=deployment))
    assert "MaximumExecutionTimeoutInSeconds is not supported" in error["Error"]["Message"]


def alarm(endpoints: Endpoints, state: str) -> Json:
    name, cloudwatch = unique("alarm"), endpoints.emulator.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="tests",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name}]},
    }


def test_an_alarm_rolls_a_change_back(endpoints: Endpoints, serving: str) -> None:
    before = endpoints.settled(serving)["EndpointConfigName"]
    update = {"EndpointName": serving, "EndpointConfigName": endpoints.configuration()}
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=alarm(endpoints, "ALARM"))
    described = endpoints.settled(serving)
    assert described["EndpointConfigName"] == before
    assert "is in the ALARM state" in described["FailureReason"]
    assert endpoints.ask(serving)["choices"]
    endpoints.sagemaker.update_endpoint(**update, DeploymentConfig=alarm(endpoints, "OK"))
    described = endpoints.settled(serving)
    assert described["EndpointConfigName"] == update["EndpointConfigName"]
    assert "FailureReason" not in described
    assert endpoints.ask(serving)["choices"]
