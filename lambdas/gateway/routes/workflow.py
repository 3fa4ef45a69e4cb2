"""``GET /v1/workflow``: the last executions of the state machine, and what the last one that succeeded found.

A lineage holds what a run was made by as well: ARNs, keys of objects, prices and parameters. Of it only what the page
reports is told, each field by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambdas.gateway.reply import Reply
from lambdas.gateway.request import Request
from lambdas.gateway.services import Services, not_set_up
from lambdas.shared import aws, environment, s3
from lambdas.shared.errors import InvalidRecord

MOST_EXECUTIONS = 10
EVERYTHING = "everything"
Told = Mapping[str, Any] | str
FIGURES = ("index", "model", "strategy", "value", "ci", "latency_ms_p50", "usd_per_1k_requests", "priced_by")
# By field of the lineage what is told of it; of a list, of each item.
TOLD: Told = {
    "run_id": EVERYTHING,
    "recorded_at": EVERYTHING,
    "run": {"task": {"instruction": EVERYTHING}, "metric": EVERYTHING, "floor": EVERYTHING},
    "data": dict.fromkeys(("input", "kept", "splits", "rejected"), EVERYTHING),
    "candidates": dict.fromkeys(FIGURES, EVERYTHING),
    "selection": {"floor": EVERYTHING, "reason": EVERYTHING, "chosen": {"index": EVERYTHING}},
    "comparison": {
        **dict.fromkeys(("difference", "ci", "better", "examples"), EVERYTHING),
        "challenger": {"value": EVERYTHING},
        "champion": {"kind": EVERYTHING, "value": EVERYTHING},
    },
    "approval": {"approved_by": EVERYTHING, "approved_at": EVERYTHING},
    "smoke_test": {"examples": dict.fromkeys(("prompt", "output", "reference"), EVERYTHING)},
}


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
            return _shown(found, TOLD)
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


def _shown(value: object, told: Told) -> object:
    """Give what is told of a value; of a text that is an ARN or an address its end, without account and bucket."""
    if isinstance(value, list):
        return [_shown(item, told) for item in value]
    if isinstance(value, Mapping):
        named = told if isinstance(told, Mapping) else dict.fromkeys(value, told)
        return {str(name): _shown(value[name], inner) for name, inner in named.items() if name in value}
    if isinstance(told, Mapping):
        # Another kind of value than the page reads.
        return None
    if isinstance(value, str) and value.startswith(("arn:", "s3://")):
        return value.rpartition("/")[2]
    return value
