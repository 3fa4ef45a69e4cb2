"""A run of the workflow in answers: what each state is told when nothing fails, of a run that tunes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cdk_app.checks import Assembly
from cdk_app.checks.state_machines.definitions import StateMachine, state_machines
from tests.synth.walker import TaskError, Walk, Walker

PACKAGE = "arn:aws:sagemaker:us-east-1:111122223333:model-package/fourfold-dev/7"
MODEL = "s3://models/run=run_1/training/job/output/model.tar.gz"
FORMER = {"kind": "sagemaker", "endpoint": "fourfold-dev", "model_package_arn": "former", "run_id": "run_0"}
FORMER_MODEL = "s3://models/run=run_0/training/job/output/model.tar.gz"
RUN = {
    "run_id": "run_1",
    "dataset": "docs",
    "preparation_settings": '{"data": {}}',
    "candidates": [{"index": 0}, {"index": 1}],
    "tuning": {"MaxRuntimeSeconds": "7200"},
    "pipeline_parameters": [{"Name": "RunId", "Value": "run_1"}],
    "champion": None,
    "champion_model_data_url": "none",
    "tuning_service": "sagemaker",
}
EXPLANATION = {"step": "X", "error": "E", "message": "why", "log": "where", "remedy": "what to do"}
TUNED: dict[str, Any] = {
    "ResolveRun": RUN,
    "PrepareData": {"JobRunState": "SUCCEEDED"},
    "CheckData": {"kept": 9},
    "EvaluateCandidate": [{"index": 0, "value": 0.1}, {"index": 1, "value": 0.2}],
    "SelectModel": {"chosen": None, "needs_tuning": True, "target": None},
    "FineTune": {"PipelineExecutionArn": "arn:execution"},
    "DescribeFineTune": [{"PipelineExecutionStatus": "Executing"}, {"PipelineExecutionStatus": "Succeeded"}],
    "StopFineTune": {},
    "ExplainPipelineFailure": TaskError("FineTuneFailed", "step FineTune: out of memory"),
    "CompareWithChampion": {"better": True, "fine_tuned": {"model_package_arn": PACKAGE, "model_data_url": MODEL}},
    "WriteModelCard": {"model_package_arn": PACKAGE, "status": "PendingReview"},
    "AwaitApproval": {"approved_by": "settings"},
    "ClaimRollout": {"former_holder": None},
    "ApproveModelPackage": {},
    "PublishModel": {},
    "FindServingAlarms": {"MetricAlarms": [{"AlarmArn": "arn:errors", "StateValue": "OK"}]},
    "UpdateServing": {"StackId": "id"},
    "DescribeServing": [{"Stacks": [{"StackStatus": s}]} for s in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE")],
    "ExplainServing": {"StackEvents": []},
    "PublishTarget": {},
    "SmokeTest": {"requests": 3},
    "Record": {"lineage_key": "run=run_1/lineage.json"},
    "RestoreTarget": {},
    "RestoreModel": {},
    "UpdateFormerServing": TaskError("CloudFormation.CloudFormationException", "No updates are to be performed."),
    "DescribeFormerServing": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
    "ExplainFormerServing": {"StackEvents": []},
    "FindModelPackage": {
        "PipelineExecutionSteps": [{"Metadata": {"RegisterModel": {"Arn": PACKAGE}}}, {"Metadata": {}}]
    },
    "RejectModelPackage": {},
    "RetireModel": {},
    "UpdateRetiredServing": {"StackId": "id"},
    "DescribeRetiredServing": {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]},
    "ExplainRetiredServing": {"StackEvents": []},
    "ExplainFailure": EXPLANATION,
}
Walking = Callable[..., Walk]
DATASET = "aws-api-documentation"
RULE_HOLDS = {"Description": "RowCount >= 100", "Result": "PASS"}
OPTIONAL: dict[str, Any] = {
    **TUNED,
    "ResolveRun": {**RUN, "dataset": DATASET},
    "ValidateJudge": {"agreement": 1.0},
    "EvaluateQualityRules": {"RunId": "dqrun-1"},
    "DescribeQualityRules": [{"Status": "RUNNING"}, {"Status": "SUCCEEDED", "ResultIds": ["dqresult-1"]}],
    "ReadQualityRules": {"RuleResults": [RULE_HOLDS]},
}
"""What the states are told that are there with everything on."""
GOOD_ENOUGH = {"SelectModel": {"chosen": {"index": 1}, "needs_tuning": False, "target": '{"kind":"bedrock"}'}}


def machine_of(assembly: Assembly) -> StateMachine:
    """The one state machine of a synthesis."""
    [found] = state_machines(assembly)
    return found


def walking(machine: StateMachine, answers: Mapping[str, Any]) -> Walking:
    """Walks a machine with these answers, but for those that are given."""

    def walk_with(**given: Any) -> Walk:
        return Walker(machine.definition, {**answers, **given}).run()

    return walk_with


def failure(walked: Walk) -> Mapping[str, Any]:
    """What `ExplainFailure` was told last."""
    told: Mapping[str, Any] = walked.requests["ExplainFailure"][-1]["Payload"]
    return told


def without_time(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """The machine when its deadlines pass at once."""
    text = json.dumps(definition).replace("$millis() + ", "$millis() - ")
    changed: Mapping[str, Any] = json.loads(text)
    return changed
