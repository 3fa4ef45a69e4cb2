"""The optimized integrations that the state machines use: Lambda, Glue jobs, SNS."""

from __future__ import annotations

import json
import threading
from typing import Any

from twin.emulator.hooks import Task, TaskFailedError
from twin.stepfunctions.calls import ErrorNames, call, client_of

_LAMBDA = ErrorNames("Lambda", "AWSLambdaException")
_GLUE = ErrorNames("Glue", "AWSGlueException")
_SNS = ErrorNames("SNS", "AmazonSNSException")
_POLL_S = 0.25
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


def publish(task: Task, cancelled: threading.Event) -> Any:  # noqa: ARG001
    """sns:publish; a message that is not a string is sent as JSON."""
    given = dict(task.input)
    if not isinstance(given.get("Message"), str):
        given["Message"] = json.dumps(given.get("Message"))
    return call(client_of(task, "sns"), "Publish", given, _SNS)


OPTIMIZED = {
    "lambda:invoke": invoke_lambda,
    "lambda:invoke.waitForTaskToken": invoke_lambda,
    "glue:startJobRun": start_job_run,
    "glue:startJobRun.sync": start_job_run_sync,
    "sns:publish": publish,
    "sns:publish.waitForTaskToken": publish,
}
