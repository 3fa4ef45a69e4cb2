"""Executions of pipelines."""

from __future__ import annotations

import secrets
import string
import time

from twin.emulator.hooks import Json
from twin.sagemaker import errors, execution_run
from twin.sagemaker.call import Call, Operations
from twin.sagemaker.listing import page
from twin.sagemaker.pipeline import parameters
from twin.sagemaker.pipeline.expressions import as_text
from twin.sagemaker.pipelines import definition_of, pipeline_named, pipeline_of
from twin.sagemaker.store import Store
from twin.sagemaker.support import ANY, require_support

_ID = string.ascii_lowercase + string.digits
_HONOURED = {
    "PipelineName": ANY,
    "PipelineExecutionDisplayName": ANY,
    "PipelineExecutionDescription": ANY,
    "PipelineParameters": ANY,
    "ClientRequestToken": ANY,
    "ParallelismConfiguration": ANY,
}
_RUNNING = ("Executing", "Stopping")
_RETRYABLE = ("Failed", "Stopped")
_HONOURED_IN_RETRIES = {"PipelineExecutionArn": ANY, "ClientRequestToken": ANY, "ParallelismConfiguration": ANY}


def start_pipeline_execution(call: Call) -> Json:
    """StartPipelineExecution: the same request token twice starts one execution."""
    require_support(_HONOURED, call.parameters)
    pipeline = pipeline_of(call)
    given = {entry["Name"]: entry["Value"] for entry in call.parameters.get("PipelineParameters") or ()}
    declared = definition_of(pipeline["PipelineDefinition"]).parameters
    try:
        values = parameters.values(declared, given)
    except parameters.ParameterError as error:
        raise errors.validation(str(error)) from error
    token = call.parameters["ClientRequestToken"]
    with call.store.lock:
        for former in call.store.of("execution").values():
            if (former["token"], former["described"]["PipelineArn"]) == (token, pipeline["PipelineArn"]):
                return {"PipelineExecutionArn": former["described"]["PipelineExecutionArn"]}
        record = _new_execution(call, pipeline, values)
    execution_run.begin(call.store, dict(pipeline), record)
    return {"PipelineExecutionArn": record["described"]["PipelineExecutionArn"]}


def _new_execution(call: Call, pipeline: Json, values: Json) -> Json:
    now = time.time()
    arn = f"{pipeline['PipelineArn']}/execution/{''.join(secrets.choice(_ID) for _ in range(12))}"
    parallelism = {"ParallelismConfiguration": pipeline.get("ParallelismConfiguration")}
    described = {
        "PipelineExecutionDisplayName": f"execution-{int(now * 1000)}",
        **(parallelism if parallelism["ParallelismConfiguration"] else {}),
        **call.given("PipelineName", "PipelineParameters", "ClientRequestToken"),
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineExecutionArn": arn,
        "PipelineExecutionStatus": "Executing",
        "CreationTime": now,
        "LastModifiedTime": now,
        "CreatedBy": {},
        "LastModifiedBy": {},
    }
    record = {
        "described": described,
        "token": call.parameters["ClientRequestToken"],
        "definition": pipeline["PipelineDefinition"],
        "parameters": values,
        "steps": {},
        "properties": {},
    }
    call.store.of("execution")[arn] = record
    call.store.update(pipeline, LastRunTime=now)
    return record


def _execution(call: Call) -> Json:
    arn = call.parameters["PipelineExecutionArn"]
    return call.store.get(
        "execution", arn, lambda: errors.not_found(f"Pipeline execution with ARN {arn} does not exist.")
    )


def describe_pipeline_execution(call: Call) -> Json:
    """DescribePipelineExecution."""
    described: Json = _execution(call)["described"]
    return described


def describe_pipeline_definition_for_execution(call: Call) -> Json:
    """DescribePipelineDefinitionForExecution: the definition as it was when the execution began."""
    record = _execution(call)
    return {"PipelineDefinition": record["definition"], "CreationTime": record["described"]["CreationTime"]}


def stop_pipeline_execution(call: Call) -> Json:
    """StopPipelineExecution: the jobs of running steps are stopped, and no further step begins."""
    described = _execution(call)["described"]
    arn = described["PipelineExecutionArn"]
    with call.store.lock:
        if described["PipelineExecutionStatus"] not in _RUNNING:
            raise errors.conflict(
                f"Only pipeline execution with Executing status can be stopped; {arn} is "
                f"{described['PipelineExecutionStatus']}."
            )
        call.store.update(described, PipelineExecutionStatus="Stopping")
    execution_run.stop(arn)
    return {"PipelineExecutionArn": arn}


def retry_pipeline_execution(call: Call) -> Json:
    """RetryPipelineExecution: the steps that did not succeed are done again, and those after them."""
    require_support(_HONOURED_IN_RETRIES, call.parameters)
    record = _execution(call)
    described, token = record["described"], call.parameters["ClientRequestToken"]
    arn = described["PipelineExecutionArn"]
    pipeline = pipeline_named(call, described["PipelineArn"])
    with call.store.lock:
        if record.get("retry_token") == token:
            return {"PipelineExecutionArn": arn}
        if described["PipelineExecutionStatus"] not in _RETRYABLE:
            raise errors.conflict(
                f"Only pipeline execution with Failed or Stopped status can be retried; {arn} is "
                f"{described['PipelineExecutionStatus']}."
            )
        record["retry_token"] = token
        record["steps"] = {name: step for name, step in record["steps"].items() if step["StepStatus"] == "Succeeded"}
        described.pop("FailureReason", None)
        parallelism = call.given("PipelineExecutionArn", "ClientRequestToken")
        call.store.update(described, PipelineExecutionStatus="Executing", **parallelism)
    execution_run.begin(call.store, dict(pipeline), record)
    return {"PipelineExecutionArn": arn}


def list_pipeline_execution_steps(call: Call) -> Json:
    """ListPipelineExecutionSteps: those that have begun, the latest first unless asked otherwise."""
    record = _execution(call)
    with call.store.lock:
        steps = sorted(record["steps"].values(), key=lambda step: float(step["StartTime"]))
    if call.parameters.get("SortOrder") != "Ascending":
        steps.reverse()
    return page(steps, call.parameters, "PipelineExecutionSteps")


def list_pipeline_parameters_for_execution(call: Call) -> Json:
    """ListPipelineParametersForExecution: every parameter's value, defaults too."""
    values = [{"Name": name, "Value": as_text(value)} for name, value in _execution(call)["parameters"].items()]
    return page(values, call.parameters, "PipelineParameters")


def list_pipeline_executions(call: Call) -> Json:
    """ListPipelineExecutions of one pipeline."""
    arn, given = pipeline_of(call)["PipelineArn"], call.parameters
    after, before = given.get("CreatedAfter", float("-inf")), given.get("CreatedBefore", float("inf"))
    every = [record["described"] for record in call.store.of("execution").values()]
    found = [one for one in every if one["PipelineArn"] == arn and after < one["CreationTime"] < before]
    key = "PipelineExecutionArn" if given.get("SortBy") == "PipelineExecutionArn" else "CreationTime"
    found.sort(key=lambda one: one[key], reverse=given.get("SortOrder") != "Ascending")
    return page([_summary(one) for one in found], given, "PipelineExecutionSummaries")


def _summary(described: Json) -> Json:
    shown = {
        "PipelineExecutionArn": described["PipelineExecutionArn"],
        "StartTime": described["CreationTime"],
        "PipelineExecutionStatus": described["PipelineExecutionStatus"],
        "PipelineExecutionDisplayName": described["PipelineExecutionDisplayName"],
        "PipelineExecutionDescription": described.get("PipelineExecutionDescription"),
        "PipelineExecutionFailureReason": described.get("FailureReason"),
    }
    return {name: value for name, value in shown.items() if value is not None}


def close_interrupted(store: Store) -> None:
    """Fail, after a restart of the emulator, the executions that ran when it ended."""
    for record in store.of("execution").values():
        if record["described"]["PipelineExecutionStatus"] in _RUNNING:
            reason = "InternalServerError: The emulator ended while the execution ran."
            store.update(record["described"], PipelineExecutionStatus="Failed", FailureReason=reason)


OPERATIONS: Operations = {
    "StartPipelineExecution": start_pipeline_execution,
    "DescribePipelineExecution": describe_pipeline_execution,
    "DescribePipelineDefinitionForExecution": describe_pipeline_definition_for_execution,
    "StopPipelineExecution": stop_pipeline_execution,
    "RetryPipelineExecution": retry_pipeline_execution,
    "ListPipelineExecutions": list_pipeline_executions,
    "ListPipelineExecutionSteps": list_pipeline_execution_steps,
    "ListPipelineParametersForExecution": list_pipeline_parameters_for_execution,
}
