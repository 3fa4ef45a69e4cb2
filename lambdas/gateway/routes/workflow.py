"""``GET /v1/workflow``: the last executions of the state machine, and what the last one that succeeded recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services, not_set_up
from lambdas.shared import aws, environment, s3
from lambdas.shared.errors import InvalidRecord

MOST_EXECUTIONS = 10
# What lies where is for operators.
LEFT_OUT = ("files",)


def workflow(request: Request, services: Services) -> Reply:  # noqa: ARG001
    """Say how the workflow stands."""
    arn = environment.optional("STATE_MACHINE_ARN")
    if not arn:
        raise not_set_up("The workflow is not known here", "STATE_MACHINE_ARN")
    client = aws.client("stepfunctions", read_timeout=10, attempts=2)
    executions = client.list_executions(stateMachineArn=arn, maxResults=MOST_EXECUTIONS)["executions"]
    return Reply(
        {
            "state_machine": arn.rpartition(":")[2],
            "executions": [_execution(execution) for execution in executions],
            "last": _last(executions),
        }
    )


def _execution(execution: Mapping[str, Any]) -> dict[str, object]:
    stopped = execution.get("stopDate")
    return {
        "run_id": execution["name"],
        "status": execution["status"],
        "started": execution["startDate"].isoformat(),
        "stopped": stopped.isoformat() if stopped else None,
    }


def _last(executions: Sequence[Mapping[str, Any]]) -> object:
    """Give the lineage of the last run that has one; a run that deployed nothing new may have none."""
    for execution in executions:
        if execution["status"] == "SUCCEEDED" and (found := _lineage(str(execution["name"]))):
            return {name: _shown(value) for name, value in found.items() if name not in LEFT_OUT}
    return None


def _lineage(run_id: str) -> Mapping[str, Any] | None:
    bucket, key = environment.required("MODELS_BUCKET"), f"run={run_id}/lineage.json"
    try:
        document, _ = s3.document(bucket, key, InvalidRecord)
    except aws.ClientError as failure:
        if aws.error_code(failure) in ("NoSuchKey", "404"):
            return None
        raise
    return document if isinstance(document, Mapping) else None


def _shown(value: object) -> object:
    """Give a value without accounts and buckets: of an ARN or an address its end."""
    if isinstance(value, str):
        return value.rpartition("/")[2] if value.startswith(("arn:", "s3://")) else value
    if isinstance(value, Mapping):
        return {str(name): _shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shown(inner) for inner in value]
    return value
