"""What the twin itself does wrong is called so, is not tried again, and a wait for a retry is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin import events
from twin.emulator.hooks import Json
from twin.sagemaker.execution_run import recorder
from twin.sagemaker.jobs.job import Job
from twin.sagemaker.pipeline.engine import StepState
from twin.sagemaker.pipeline.steps import Step
from twin.sagemaker.step_calls import job_exceptions
from twin.sagemaker.store import Scope, Store


@pytest.fixture(autouse=True)
def events_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "events.jsonl"
    monkeypatch.setenv(events.FILE_VARIABLE, str(path))
    return path


class Defective(Job):
    """A job whose record lacks what every record has, so that it fails before it begins."""

    source, log_group, status_key = "sagemaker.training", "/aws/sagemaker/TrainingJobs", "TrainingJobStatus"
    instance_type = "ml.m5.large"

    def work(self) -> None:
        raise AssertionError("It never comes to this.")

    def ended(self, status: str, now: float) -> Json:
        return {}


def test_a_defect_of_the_twin_has_a_name_that_no_retry_policy_knows() -> None:
    record: Json = {}
    Defective(Store(Scope("000000000000", "us-east-1")), record, "job", "arn").run()
    assert record["TrainingJobStatus"] == "Failed"
    assert record["FailureReason"].startswith("LocalExecutorError: ")
    assert "RoleArn" in record["FailureReason"]
    assert job_exceptions(record["FailureReason"]) == frozenset()
    assert job_exceptions("InternalServerError: We encountered an internal error.")


def test_each_wait_for_a_retry_is_told_with_its_first_line(events_file: Path) -> None:
    arn = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/p/execution/abc"
    tell = recorder(
        Store(Scope("000000000000", "us-east-1")), {"described": {"PipelineExecutionArn": arn}, "steps": {}}
    )
    for attempts, wait in ((1, 10.0), (2, 20.0)):
        tell(
            StepState(
                Step("Train", "Training"), attempts=attempts, failure_reason="No capacity.\nMore.", retry_in_s=wait
            )
        )
    told = [event for event, _ in events.read(events_file) if event["kind"] == "progress"]
    assert [(event["phase"], event["eta_s"], event["reason"]) for event in told] == [
        ("wait for attempt 2", 10.0, "No capacity."),
        ("wait for attempt 3", 20.0, "No capacity."),
    ]
