"""Tasks of state machines: their integrations, the role that they run under, their errors and limits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from tests.twin.helpers import allow, execute, make_function, start, unique, wait_until
from twin.emulator import Emulator
from twin.stepfunctions.naming import UnknownMemberError, in_states, to_api, to_states

Nest = Callable[[dict[str, Any]], dict[str, Any]]
ECHO = "def handle(event, context): return {'got': event}"


def task(resource: str, **settings: Any) -> dict[str, Any]:
    resource = resource if resource.startswith("arn:") else f"arn:aws:states:::{resource}"
    return {"Task": {"Type": "Task", "Resource": resource, "End": True, **settings}}


def invoking(function: str, payload: Any, **settings: Any) -> dict[str, Any]:
    return task("lambda:invoke", Parameters={"FunctionName": function, "Payload": payload}, **settings)


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
    from tests.twin.helpers import make_role

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


TAKE_TOKEN = "def handle(event, context): print('token', event['token'])"


def token_task(function: str, **settings: Any) -> dict[str, Any]:
    parameters = {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token"}}
    return task("lambda:invoke.waitForTaskToken", Parameters=parameters, **settings)


def test_a_task_token_sent_back_by_the_function_ends_its_task(emulator: Emulator) -> None:
    source = (
        "import boto3, json\n"
        "def handle(event, context):\n"
        "    boto3.client('stepfunctions').send_task_success("
        "taskToken=event['token'], output=json.dumps({'approved': True}))"
    )
    machines = "arn:aws:states:us-east-1:000000000000:stateMachine:*"
    function = make_function(emulator, source, allow("states:SendTaskSuccess", machines))
    ended = execute(emulator, token_task(function), allow("lambda:InvokeFunction"))
    assert json.loads(ended["output"]) == {"approved": True}


def test_sending_a_task_token_needs_permission_on_its_state_machine(emulator: Emulator) -> None:
    source = (
        "import boto3\n"
        "def handle(event, context):\n"
        "    boto3.client('stepfunctions').send_task_success(taskToken=event['token'], output='{}')"
    )
    elsewhere = "arn:aws:states:us-east-1:000000000000:stateMachine:another"
    function = make_function(emulator, source, allow("states:SendTaskSuccess", elsewhere))
    ended = execute(emulator, token_task(function), allow("lambda:InvokeFunction"))
    assert ended["status"] == "FAILED"
    assert (
        "states:SendTaskSuccess on resource: arn:aws:states:us-east-1:000000000000:stateMachine:machine-"
        in (ended["cause"])
    )


def test_a_function_that_fails_to_take_the_token_fails_its_task_at_once(emulator: Emulator) -> None:
    function = make_function(emulator, "def handle(event, context): raise KeyError('token')")
    ended = execute(emulator, token_task(function, TimeoutSeconds=600), allow("lambda:InvokeFunction"))
    assert ended["error"] == "KeyError"


def test_a_token_that_nobody_sends_back_times_out(emulator: Emulator) -> None:
    states = token_task(make_function(emulator, TAKE_TOKEN), TimeoutSeconds=1)
    ended = execute(emulator, states, allow("lambda:InvokeFunction"))
    assert ended["error"] == "States.Timeout"


def test_a_token_without_heartbeats_times_out(emulator: Emulator) -> None:
    states = token_task(make_function(emulator, TAKE_TOKEN), HeartbeatSeconds=1)
    ended = execute(emulator, states, allow("lambda:InvokeFunction"))
    assert ended["error"] == "States.HeartbeatTimeout"


# ---- the execution's end --------------------------------------------------------------------------------


def stubborn(function: str, parameter: str) -> dict[str, Any]:
    """States that retry and catch whatever happens to a task without end, and then write a parameter."""
    states = token_task(
        function,
        Retry=[{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}],
        Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Write"}],
    )
    write = {"Name": parameter, "Value": "1", "Type": "String"}
    states["Write"] = task("aws-sdk:ssm:putParameter", Parameters=write)["Task"]
    return states


def in_a_map(states: dict[str, Any]) -> dict[str, Any]:
    processor = {"StartAt": next(iter(states)), "States": states}
    return {"Map": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}}


def assert_nothing_follows(emulator: Emulator, execution: str, parameter: str, status: str, last: str) -> None:
    """The task is tried once, nothing comes after it, and status and history stay as they were at the end."""
    client, ssm = emulator.client("stepfunctions"), emulator.client("ssm")
    time.sleep(1.5)  # as long as a retry and what follows would take
    assert client.describe_execution(executionArn=execution)["status"] == status
    history = [event["type"] for event in client.get_execution_history(executionArn=execution)["events"]]
    assert history.count("TaskScheduled") == 1
    assert history[-1] == last
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=parameter)


NESTED = pytest.mark.parametrize("nest", [lambda states: states, in_a_map], ids=["at the top", "in a map"])


@NESTED
def test_a_stopped_execution_does_not_go_on(emulator: Emulator, nest: Nest) -> None:
    name = unique("/parameter")
    states = nest(stubborn(make_function(emulator, TAKE_TOKEN), name))
    arn = start(emulator, states, allow("*"), data={"items": [1]})
    client = emulator.client("stepfunctions")
    wait_until(
        lambda: [event["type"] for event in client.get_execution_history(executionArn=arn)["events"]],
        lambda history: "TaskScheduled" in history,
    )
    client.stop_execution(executionArn=arn)
    assert_nothing_follows(emulator, arn, name, "ABORTED", "ExecutionAborted")


@NESTED
def test_an_execution_that_takes_longer_than_its_machine_allows_times_out(emulator: Emulator, nest: Nest) -> None:
    name = unique("/parameter")
    states = nest(stubborn(make_function(emulator, TAKE_TOKEN), name))
    arn = start(emulator, states, allow("*"), data={"items": [1]}, TimeoutSeconds=2)
    client = emulator.client("stepfunctions")
    ended = wait_until(lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")
    assert "longer than its state machine's 2 seconds" in ended["cause"]
    assert_nothing_follows(emulator, arn, name, "TIMED_OUT", "ExecutionTimedOut")


@pytest.mark.parametrize("inside", [False, True], ids=["at the end", "in a map"])
def test_a_succeed_state_gives_the_output_that_it_is_told_to(emulator: Emulator, inside: bool) -> None:
    speaks: dict[str, Any] = {"QueryLanguage": "JSONata"}
    done = {"Done": {**speaks, "Type": "Succeed", "Output": {"twice": "{% 2 * $states.input.number %}"}}}
    each = {**speaks, "Type": "Map", "Items": [{"number": 4}], "End": True}
    each["ItemProcessor"] = {"StartAt": "Done", "States": done}
    ended = execute(emulator, {"Each": each} if inside else done, data={"number": 4})
    assert json.loads(ended["output"]) == ([{"twice": 8}] if inside else {"twice": 8})


def test_the_scale_that_shortens_waits_does_not_shorten_the_executions_time(emulator: Emulator) -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 100, "Next": "Wait again"}}  # a second, under the tests' scale
    states["Wait again"] = {"Type": "Wait", "Seconds": 100, "End": True}
    arn = start(emulator, states, TimeoutSeconds=60)
    client = emulator.client("stepfunctions")
    ended = wait_until(lambda: client.describe_execution(executionArn=arn), lambda seen: seen["status"] != "RUNNING")
    assert ended["status"] == "SUCCEEDED"


# ---- other integrations ---------------------------------------------------------------------------------


def test_an_integration_that_the_twin_lacks_fails_by_name(emulator: Emulator) -> None:
    ended = execute(emulator, task("batch:submitJob.sync", Parameters={}), allow("*"))
    assert ended["error"] == "States.Runtime"
    assert "does not support the integration arn:aws:states:::batch:submitJob.sync" in ended["cause"]


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


# ---- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "spelled"),
    [("stackName", "StackName"), ("KMSKeyId", "KmsKeyId"), ("ETag", "ETag"), ("SSEKMSKeyId", "SsekmsKeyId"),
     ("RoleARN", "RoleArn"), ("modelId", "ModelId")],
)  # fmt: skip
def test_members_are_spelled_as_the_sdk_for_java_does(member: str, spelled: str) -> None:
    assert in_states(member) == spelled


def test_parameters_and_answers_are_translated_in_depth() -> None:
    operation = get_session().get_service_model("bedrock-runtime").operation_model("Converse")
    given = {"ModelId": "m", "Messages": [{"Role": "user", "Content": [{"Text": "hi"}]}]}
    expected = {"modelId": "m", "messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    assert operation.input_shape
    assert to_api(given, operation.input_shape) == expected
    assert to_states(expected, operation.input_shape) == given


def test_an_unknown_member_is_named_with_its_place() -> None:
    operation = get_session().get_service_model("bedrock-runtime").operation_model("Converse")
    assert operation.input_shape
    with pytest.raises(UnknownMemberError, match=r"'Txt' in Messages\[0\]\.Content\[0\]"):
        to_api({"Messages": [{"Content": [{"Txt": "hi"}]}]}, operation.input_shape)
