"""Tasks of state machines: their integrations, the role that they run under, their errors and limits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session

from tests.twin.helpers import allow, execute, make_function, make_role, start, unique, wait_until
from twin.emulator import Emulator
from twin.stepfunctions.definition import problem
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


# ---- definitions ----------------------------------------------------------------------------------------

DONE: dict[str, Any] = {"Type": "Pass", "End": True}
NOWHERE = {"Type": "Pass", "Next": "Nowhere"}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no states": ({"hello": 1}, "States must be an object"),
    "no start": ({"States": {"A": DONE}}, "'StartAt' is required"),
    "start": ({"StartAt": "B", "States": {"A": DONE}}, "Missing 'StartAt' target: B at /StartAt"),
    "next": ({"StartAt": "A", "States": {"A": NOWHERE}}, "target: Nowhere at /States/A/Next"),
    "no end": ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "Exactly one of 'Next' and 'End'"),
    "type": ({"StartAt": "A", "States": {"A": {**DONE, "Type": "Pause"}}}, "Type must be one of"),
    "default": (
        {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "B"}}},
        "target: B at /States/A/Default",
    ),
    "choice": ({"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [{"Next": "B"}]}}}, "A/Choices[0]/Next"),
    "catch": (
        {"StartAt": "Task", "States": task("lambda:invoke", Catch=[{"ErrorEquals": ["x"], "Next": "B"}])},
        "target: B at /States/Task/Catch[0]/Next",
    ),
    "branch": (
        {
            "StartAt": "A",
            "States": {"A": {**DONE, "Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": NOWHERE}}]}},
        },
        "at /States/A/Branches[0]/States/B/Next",
    ),
    "map": (
        {
            "StartAt": "A",
            "States": {"A": {**DONE, "Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {"B": NOWHERE}}}},
        },
        "at /States/A/ItemProcessor/States/B/Next",
    ),
    "nonsense": ({"StartAt": "Task", "States": task("nonsense:doIt")}, "arn:aws:states:::nonsense:doIt"),
    "lacking": ({"StartAt": "Task", "States": task("batch:submitJob.sync")}, "does not support the integration"),
    "case": ({"StartAt": "Task", "States": task("aws-sdk:ssm:GetParameter")}, "ssm has no action GetParameter"),
    "another case": ({"StartAt": "Task", "States": task("aws-sdk:ssm:getparameter")}, "ssm has no action getparameter"),
}


@pytest.mark.parametrize(("definition", "named"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_with_a_definition_is_named_with_its_place(definition: dict[str, Any], named: str) -> None:
    assert named in str(problem(json.dumps(definition)))


def test_all_that_is_wrong_with_a_definition_is_named_at_once() -> None:
    found = str(problem(json.dumps({"StartAt": "C", "States": {"A": NOWHERE, "B": {**DONE, "Type": "Pause"}}})))
    assert all(place in found for place in ("/StartAt", "/States/A/Next", "/States/B"))


def test_a_machine_that_is_wrong_is_neither_made_nor_changed(emulator: Emulator) -> None:
    client, wrong = emulator.client("stepfunctions"), json.dumps({"hello": 1})
    made = {"name": unique("machine"), "roleArn": make_role(emulator, "states")}
    with pytest.raises(client.exceptions.InvalidDefinition, match="States must be an object"):
        client.create_state_machine(**made, definition=wrong)
    right = json.dumps({"StartAt": "A", "States": {"A": DONE}})
    arn = client.create_state_machine(**made, definition=right)["stateMachineArn"]
    with pytest.raises(client.exceptions.InvalidDefinition, match="States must be an object"):
        client.update_state_machine(stateMachineArn=arn, definition=wrong)
    assert client.describe_state_machine(stateMachineArn=arn)["definition"] == right


def test_a_template_with_a_machine_that_is_wrong_fails(emulator: Emulator) -> None:
    client, name = emulator.client("cloudformation"), unique("stack")
    properties = {"RoleArn": make_role(emulator, "states"), "Definition": {"StartAt": "B", "States": {"A": DONE}}}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {**properties, "StateMachineName": name}}
    client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Machine": machine}}))
    wait_until(
        lambda: client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"],
        lambda status: status == "ROLLBACK_COMPLETE",
    )
    reasons = [
        event.get("ResourceStatusReason", "") for event in client.describe_stack_events(StackName=name)["StackEvents"]
    ]
    assert any("Missing 'StartAt' target: B" in reason for reason in reasons)
    machines = emulator.client("stepfunctions").list_state_machines()["stateMachines"]
    assert name not in [machine["name"] for machine in machines]


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
