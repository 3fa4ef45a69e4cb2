import pytest

from cdk_app.checks.state_machines.integrations import find_wrong_integrations
from tests.synth.checks.templates import task, with_state_machine


@pytest.mark.parametrize(
    ("resource", "arguments"),
    [
        ("aws-sdk:ssm:putParameter", {"Name": "n", "Value": "{% $v %}"}),
        ("aws-sdk:sfn:sendTaskSuccess", {"TaskToken": "t", "Output": "{}"}),
        ("aws-sdk:cloudwatchlogs:putLogEvents", {"LogGroupName": "g", "LogStreamName": "s", "LogEvents": []}),
        ("lambda:invoke.waitForTaskToken", {"FunctionName": "f", "Payload": {"any": "thing"}}),
        ("glue:startJobRun.sync", {"JobName": "j", "Arguments": {"--any": "thing"}}),
    ],
)
def test_operations_that_exist_pass(resource: str, arguments: object) -> None:
    assert list(find_wrong_integrations(with_state_machine({"S": task(resource, Arguments=arguments)}))) == []


@pytest.mark.parametrize(
    "resource",
    [
        "aws-sdk:ssm:PutParameter",  # Step Functions writes camelCase
        "aws-sdk:ssm:putParameters",
        "aws-sdk:stepfunctions:sendTaskSuccess",  # botocore's name, not the SDK for Java's
        "aws-sdk:nosuchservice:doIt",
        "sagemaker:createPipeline",
        "lambda:invokeFunction",
    ],
)
def test_an_integration_that_does_not_exist_is_reported(resource: str) -> None:
    [finding] = find_wrong_integrations(with_state_machine({"S": task(resource)}))
    assert resource in finding.problem
    assert finding.place.endswith("state S")


def test_an_unknown_member_is_reported_at_any_depth() -> None:
    arguments = {"StackName": "s", "Parameters": [{"ParameterName": "p"}]}
    [finding] = find_wrong_integrations(
        with_state_machine({"S": task("aws-sdk:cloudformation:updateStack", Arguments=arguments)})
    )
    assert "Arguments.Parameters[0].ParameterName is unknown" in finding.problem


def test_a_required_member_that_is_missing_is_reported() -> None:
    [finding] = find_wrong_integrations(with_state_machine({"S": task(Arguments={"Name": "n"})}))
    assert "Arguments.Value is missing" in finding.problem


def test_tasks_inside_a_map_are_looked_at() -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": task("aws-sdk:ssm:nothing")}}
    mapped = {"Type": "Map", "ItemProcessor": inner, "End": True}
    [finding] = find_wrong_integrations(with_state_machine({"Each": mapped}))
    assert finding.place.endswith("state Inner")
