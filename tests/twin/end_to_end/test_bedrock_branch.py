"""The other branch of the same state machine: Bedrock customizes, and what it made is judged, deployed and served."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.twin.end_to_end.deployed import Deployed
from tests.twin.end_to_end.small import CUSTOMIZED, DATASET
from twin.run import staging
from twin.run.board import Board, Status
from twin.run.data_files import DataFile
from twin.run.execution import Outcome

RESERVED = "reserved-words"


@pytest.fixture(scope="module")
def run(deployed: Deployed) -> tuple[Outcome, Board]:
    return deployed.run(CUSTOMIZED)


@pytest.fixture(scope="module")
def models(deployed: Deployed, run: tuple[Outcome, Board]) -> Path:
    """What the run left in the models bucket."""
    outcome, _ = run
    assert outcome.status == "SUCCEEDED", outcome.cause
    return deployed.emulator.local_path(f"s3://{deployed.outputs['ModelsBucketName']}/run={outcome.run_id}/")


def target(deployed: Deployed) -> dict[str, Any]:
    value = deployed.emulator.client("ssm").get_parameter(Name="/fourfold/twin/approved/target")["Parameter"]["Value"]
    found: dict[str, Any] = json.loads(value)
    return found


def test_the_customized_model_is_what_the_gateway_asks(deployed: Deployed, models: Path) -> None:
    assert models
    approved = target(deployed)
    assert (approved["kind"], approved["serving"]) == ("bedrock", "on-demand")
    bedrock = deployed.emulator.client("bedrock")
    served = bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=approved["model_id"])
    assert served["status"] == "Active"
    assert "nova-micro" in bedrock.get_custom_model(modelIdentifier=served["modelArn"])["baseModelArn"]


def test_the_customized_model_was_judged_on_test_records_beside_its_base(models: Path) -> None:
    report = json.loads((models / "evaluation/evaluation.json").read_text())
    predictions = [json.loads(line) for line in (models / "evaluation/predictions.jsonl").read_text().splitlines()]
    assert report["examples"] == len(predictions) >= 16
    assert report["tuned"]["value"] > report["base"]["value"]
    assert report["tuned"]["value"] >= 0.7
    assert any("The code is" in prediction["tuned"] for prediction in predictions)


def test_the_job_left_its_metrics_and_the_lineage_names_job_and_model(models: Path) -> None:
    files = models.parent / "customization" / models.name.removeprefix("run=")
    (metrics,) = files.glob("output/model-customization-job-*/training_artifacts/*.csv")
    assert metrics.read_text().startswith("step_number,epoch_number,training_loss,perplexity\n0,0,")
    lineage = json.loads((models / "lineage.json").read_text())
    assert ":model-customization-job/" in json.dumps(lineage)
    assert ":custom-model/" in json.dumps(lineage)


def test_data_that_bedrock_would_refuse_ends_the_run_before_anything_is_submitted(
    deployed: Deployed, models: Path, tmp_path: Path
) -> None:
    assert models
    path = tmp_path / "reserved.jsonl"
    raw = deployed.emulator.local_path(f"s3://{deployed.outputs['RawBucketName']}/{DATASET}/")
    lines = [line for file in raw.glob("*.jsonl") for line in file.read_bytes().splitlines()]
    path.write_bytes(b"\n".join(line.replace(b'{"text": "', b'{"text": "User: ', 1) for line in lines) + b"\n")
    bucket, files = deployed.outputs["RawBucketName"], [DataFile(path.name, path)]
    staging.upload_data(deployed.emulator, bucket, RESERVED, files, lambda _progress: None)

    outcome, board = deployed.run({"dataset": RESERVED, **CUSTOMIZED})

    assert outcome.status == "FAILED"
    assert "TrainingDataRefused" in outcome.error + outcome.cause
    assert "/bedrock-conversation/train/" in outcome.cause
    assert ", line 1: reserved_word ('User:' in the prompt)" in outcome.cause
    assert board.steps["FineTune"].status is Status.FAILED
    names = [event for event in _state_names(deployed, outcome) if event]
    assert "CheckTrainingData" in names
    assert "CustomizeModel" not in names


def _state_names(deployed: Deployed, outcome: Outcome) -> list[str]:
    client = deployed.emulator.client("stepfunctions")
    machine = deployed.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:")
    arn = f"{machine}:{outcome.run_id}"
    pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [
        str(event.get("stateEnteredEventDetails", {}).get("name", "")) for page in pages for event in page["events"]
    ]
