"""The optimized integrations that the state machines use: Lambda, Glue jobs, Bedrock's customization jobs, SNS."""

from __future__ import annotations

import json
import threading
from typing import Any

from twin.emulator.hooks import Task, TaskFailedError
from twin.shapes import service_model
from twin.stepfunctions.calls import ErrorNames, call, client_of
from twin.stepfunctions.naming import UnknownMemberError, to_api, to_states

_LAMBDA = ErrorNames("Lambda", "AWSLambdaException")
_GLUE = ErrorNames("Glue", "AWSGlueException")
_SNS = ErrorNames("SNS", "AmazonSNSException")
_BEDROCK = ErrorNames("Bedrock", "BedrockException")
_POLL_S = 0.25
_CUSTOMIZATION_POLL_S = 1.0
_GLUE_FAILED = ("FAILED", "TIMEOUT", "STOPPED", "ERROR")


def invoke_lambda(task: Task, cancelled: threading.Event) -> Any:  # noqa: ARG001
    """lambda:invoke. A failed function fails the task with the function's own error type."""
    given = dict(task.input)
    payload = given.pop("Payload", {})
    response = call(client_of(task, "lambda"), "Invoke", {**given, "Payload": json.dumps(payload)}, _LAMBDA)
    body = json.loads(response["Payload"].read() or b"null")
    if "FunctionError" in response:
        error_type = body.get("errorType") if isinstance(body, dict) else None
        raise TaskFailedError(error_type or "Lambda.Unknown", json.dumps(body))
    return {
        "ExecutedVersion": response.get("ExecutedVersion", "$LATEST"),
        "Payload": body,
        "StatusCode": response["StatusCode"],
    }


def start_job_run(task: Task, cancelled: threading.Event) -> Any:  # noqa: ARG001
    """glue:startJobRun; Step Functions adds the job's name to the answer."""
    answer = call(client_of(task, "glue"), "StartJobRun", task.input, _GLUE)
    return {"JobName": task.input["JobName"], **answer}


def start_job_run_sync(task: Task, cancelled: threading.Event) -> Any:
    """glue:startJobRun.sync: wait for the run's end. A run that is no longer waited for is stopped."""
    glue = client_of(task, "glue")
    run = {"JobName": task.input["JobName"]}
    run_id = call(glue, "StartJobRun", task.input, _GLUE)["JobRunId"]
    while True:
        found = call(glue, "GetJobRun", {**run, "RunId": run_id}, _GLUE)["JobRun"]
        state = found["JobRunState"]
        detail = json.loads(json.dumps(found, default=lambda moment: int(moment.timestamp() * 1000)))
        if state == "SUCCEEDED":
            return detail
        if state in _GLUE_FAILED:
            raise TaskFailedError("States.TaskFailed", json.dumps(detail))
        if cancelled.wait(_POLL_S):
            call(glue, "BatchStopJobRun", {**run, "JobRunIds": [run_id]}, _GLUE)
            raise TaskFailedError("States.TaskFailed", f"The job run {run_id} was stopped.")


def create_customization_job(task: Task, cancelled: threading.Event) -> Any:  # noqa: ARG001
    """bedrock:createModelCustomizationJob; members are spelt as everywhere in a state machine."""
    return call(client_of(task, "bedrock"), "CreateModelCustomizationJob", _customization(task), _BEDROCK)


def _customization(task: Task) -> dict[str, Any]:
    shape = service_model("bedrock").operation_model("CreateModelCustomizationJob").input_shape
    try:
        given: dict[str, Any] = to_api(task.input, shape)
    except UnknownMemberError as error:
        raise TaskFailedError("States.Runtime", f"{task.resource}: {error}") from error
    return given


def create_customization_job_sync(task: Task, cancelled: threading.Event) -> Any:
    """bedrock:createModelCustomizationJob.sync: wait for the job's end. One that is not waited for is stopped."""
    bedrock = client_of(task, "bedrock")
    shape = service_model("bedrock").operation_model("GetModelCustomizationJob").output_shape
    job = {"jobIdentifier": call(bedrock, "CreateModelCustomizationJob", _customization(task), _BEDROCK)["jobArn"]}
    while True:
        found = call(bedrock, "GetModelCustomizationJob", job, _BEDROCK)
        if found["status"] == "Completed":
            return to_states(found, shape)
        if found["status"] in ("Failed", "Stopped"):
            raise TaskFailedError("States.TaskFailed", json.dumps(to_states(found, shape)))
        if cancelled.wait(_CUSTOMIZATION_POLL_S):
            call(bedrock, "StopModelCustomizationJob", job, _BEDROCK)
            raise TaskFailedError("States.TaskFailed", f"The job {job['jobIdentifier']} was stopped.")


def publish(task: Task, cancelled: threading.Event) -> Any:  # noqa: ARG001
    """sns:publish; a message that is not a string is sent as JSON."""
    given = dict(task.input)
    if not isinstance(given.get("Message"), str):
        given["Message"] = json.dumps(given.get("Message"))
    return call(client_of(task, "sns"), "Publish", given, _SNS)


OPTIMIZED = {
    "bedrock:createModelCustomizationJob": create_customization_job,
    "bedrock:createModelCustomizationJob.sync": create_customization_job_sync,
    "lambda:invoke": invoke_lambda,
    "lambda:invoke.waitForTaskToken": invoke_lambda,
    "glue:startJobRun": start_job_run,
    "glue:startJobRun.sync": start_job_run_sync,
    "sns:publish": publish,
    "sns:publish.waitForTaskToken": publish,
}
