"""Tasks of state machines: their integrations, the role that they run under, their errors and limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.twin.helpers import allow, execute, make_function, make_role, unique, wait_until
from tests.twin.states import ECHO, invoking, task
from twin.emulator import Emulator

# ---- roles ----------------------------------------------------------------------------------------------


def test_a_task_runs_under_the_role_of_its_state_machine(emulator: Emulator) -> None:
    name = unique("/parameter")
    states = task("aws-sdk:ssm:putParameter", Parameters={"Name": name, "Value": "1", "Type": "String"})
    arn = f"arn:aws:ssm:us-east-1:000000000000:parameter{name}"
    assert execute(emulator, states, allow("ssm:PutParameter", arn))["status"] == "SUCCEEDED"
    assert emulator.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "1"


def test_a_task_that_its_role_may_not_do_fails_and_names_role_action_and_resource(emulator: Emulator) -> None:
    ended = execute(emulator, task("aws-sdk:ssm:getParameter", Parameters={"Name": "/secret"}))
    assert ended["status"] == "FAILED"
    assert "assumed-role/states-role-" in ended["cause"]
    assert "ssm:GetParameter on resource: arn:aws:ssm:us-east-1:000000000000:parameter/secret" in ended["cause"]


def test_a_role_that_step_functions_may_not_assume_fails_the_task(emulator: Emulator) -> None:
    client = emulator.client("stepfunctions")
    states = task("aws-sdk:ssm:getParameter", Parameters={"Name": "/x"})
    machine = client.create_state_machine(
        name=unique("machine"),
        roleArn=make_role(emulator, "glue", allow("*")),
        definition=json.dumps({"StartAt": "Task", "States": states}),
    )
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"])["executionArn"]
    ended = wait_until(lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert "does not let states.amazonaws.com assume it" in ended["cause"]


# ---- functions ------------------------------------------------------------------------------------------


def test_a_function_gets_its_payload_and_answers(emulator: Emulator) -> None:
    states = invoking(make_function(emulator, ECHO), {"a": [1, "two"]})
    ended = execute(emulator, states, allow("lambda:InvokeFunction"))
    assert json.loads(ended["output"])["Payload"] == {"got": {"a": [1, "two"]}}


def test_a_failed_function_fails_its_task_with_its_own_error_type(emulator: Emulator) -> None:
    source = "class TooFewRecords(Exception): pass\ndef handle(event, context): raise TooFewRecords('only 3')"
    ended = execute(emulator, invoking(make_function(emulator, source), {}), allow("lambda:InvokeFunction"))
    assert ended["error"] == "TooFewRecords"
    assert json.loads(ended["cause"])["errorMessage"] == "only 3"


def test_a_catch_is_taken_by_the_functions_error_type(emulator: Emulator) -> None:
    source = "class TooFewRecords(Exception): pass\ndef handle(event, context): raise TooFewRecords('only 3')"
    catch = [{"ErrorEquals": ["TooFewRecords"], "Next": "Caught"}]
    states = invoking(make_function(emulator, source), {}, Catch=catch)
    states["Caught"] = {"Type": "Pass", "Result": "caught", "End": True}
    assert json.loads(execute(emulator, states, allow("lambda:InvokeFunction"))["output"]) == "caught"


def test_an_item_of_a_map_whose_task_fails_is_tried_again_and_then_ends_in_what_its_catch_says(
    emulator: Emulator,
) -> None:
    source = (
        "class TooSlow(Exception): pass\n"
        "def handle(event, context):\n"
        "    if event['item'] == 2: raise TooSlow('after 3 records')\n"
        "    return event['item']\n"
    )
    ask = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": make_function(emulator, source), "Payload": {"item": "{% $states.input %}"}},
        "Output": "{% $states.result.Payload %}",
        "Retry": [{"ErrorEquals": ["TooSlow"], "IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1}],
        "Catch": [
            {
                "ErrorEquals": ["States.ALL"],
                "Next": "Without",
                "Output": {"index": "{% $states.input %}", "unmeasured": "{% $states.errorOutput %}"},
            }
        ],
        "End": True,
    }
    states: dict[str, dict[str, Any]] = {"Ask": ask, "Without": {"Type": "Pass", "End": True}}
    inside = {"StartAt": "Ask", "States": states}
    each = {"Type": "Map", "QueryLanguage": "JSONata", "Items": [1, 2], "ItemProcessor": inside, "End": True}
    for state in states.values():
        state["QueryLanguage"] = "JSONata"

    ended = execute(emulator, {"Each": each}, allow("lambda:InvokeFunction"))

    first, second = json.loads(ended["output"])
    assert (first, second["index"], second["unmeasured"]["Error"]) == (1, 2, "TooSlow")
    assert json.loads(second["unmeasured"]["Cause"])["errorMessage"] == "after 3 records"


# ---- other integrations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("lambda:invoke", {"FunctionName": "any", "Payload": {}}, "Lambda.AWSLambdaException"),
        ("glue:startJobRun", {"JobName": "any"}, "Glue.AWSGlueException"),
        ("glue:startJobRun.sync", {"JobName": "any"}, "Glue.AWSGlueException"),
        ("aws-sdk:lambda:invoke", {"FunctionName": "any"}, "Lambda.LambdaException"),
        ("aws-sdk:glue:startJobRun", {"JobName": "any"}, "Glue.GlueException"),
    ],
)
def test_a_denial_has_the_name_of_the_sdk_that_the_integration_goes_by(
    emulator: Emulator, resource: str, parameters: dict[str, Any], error: str
) -> None:
    ended = execute(emulator, task(resource, Parameters=parameters))
    assert "not authorized to perform" in ended["cause"]
    assert ended["error"] == error


def test_a_parameter_that_the_api_does_not_have_fails_by_name(emulator: Emulator) -> None:
    ended = execute(emulator, task("aws-sdk:ssm:getParameter", Parameters={"Nmae": "/x"}), allow("*"))
    assert "'Nmae' is not one of: Name, WithDecryption" in ended["cause"]


def test_an_error_that_the_api_declares_keeps_its_name(emulator: Emulator) -> None:
    ended = execute(emulator, task("aws-sdk:ssm:getParameter", Parameters={"Name": "/none"}), allow("*"))
    assert ended["error"] == "Ssm.ParameterNotFoundException"


def test_an_error_that_the_api_does_not_declare_is_the_services_own(emulator: Emulator) -> None:
    states = task("aws-sdk:cloudformation:describeStacks", Parameters={"StackName": "none"})
    ended = execute(emulator, states, allow("*"))
    assert ended["error"] == "CloudFormation.CloudFormationException"
    assert "Stack with id none does not exist" in ended["cause"]


def test_a_message_that_is_an_object_is_published_as_json(emulator: Emulator) -> None:
    topic = emulator.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    states = task("sns:publish", Parameters={"TopicArn": topic, "Message": {"a": 1}})
    ended = execute(emulator, states, allow("sns:Publish", topic))
    assert ended["status"] == "SUCCEEDED"
    assert "MessageId" in json.loads(ended["output"])


def test_more_data_than_a_state_may_have_is_refused(emulator: Emulator) -> None:
    source = "def handle(event, context): return 'x' * 300_000"
    ended = execute(emulator, invoking(make_function(emulator, source), {}), allow("lambda:InvokeFunction"))
    assert ended["error"] == "States.DataLimitExceeded"


def test_data_is_measured_in_the_bytes_of_its_utf_8(emulator: Emulator) -> None:
    source = "def handle(event, context): return 'ä' * 130_000"
    ended = execute(emulator, invoking(make_function(emulator, source), {}), allow("lambda:InvokeFunction"))
    assert ended["status"] == "SUCCEEDED"
