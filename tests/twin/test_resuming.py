"""A run whose command has ended goes on where it was, in an account that has been kept: jobs too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cdk_app.settings import Settings, load_settings
from tests.twin.helpers import allow, make_role, start, unique, wait_until
from tests.twin.pipeline_steps import TRAIN, as_step
from tests.twin.sagemaker_account import Account
from twin.emulator import Emulator
from twin.run import resuming, staging
from twin.run.attempts import DONE, attempts
from twin.run.board import Board, Status
from twin.run.execution import execution_arn
from twin.run.last_run import LastRun, can_go_on
from twin.run.news import Begun, News, WentOn
from twin.run.resuming import NothingToResume, resume, resumed_board
from twin.run.session import USE_STEP, Finished, Options, emulator_folder

PROJECT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]
# Longer than the test may take, unless an earlier attempt has left its checkpoint.
SLOW_ONCE = f"""{TRAIN}
import time
checkpoint = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints/state")
if checkpoint.exists():
    print('PROGRESS {{"phase": "train", "done": 2, "total": 8}}', flush=True)
else:
    print('PROGRESS {{"phase": "train", "done": 3, "total": 8, "loss": 2.5}}', flush=True)
    checkpoint.write_text("learned")
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load_settings(PROJECT / "workflow.yaml", "twin")


def jsonata(kind: str, step: str, **fields: Any) -> Json:
    return {"QueryLanguage": "JSONata", "Type": kind, "Comment": f"{step}: for the test.", **fields}


def note(step: str, queue: str, **fields: Any) -> Json:
    arguments = {"QueueUrl": queue, "MessageBody": step}
    return jsonata("Task", step, Resource="arn:aws:states:::aws-sdk:sqs:sendMessage", Arguments=arguments, **fields)


def workflow(pipeline: str, queue: str) -> Json:
    started = {"execution": "{% $states.result.PipelineExecutionArn %}"}
    service = "arn:aws:states:::aws-sdk:sagemaker"
    described = {"PipelineExecutionArn": "{% $execution %}"}
    status = "{% $states.result.PipelineExecutionStatus %}"
    return {
        "Prepare": note("PrepareData", queue, Next="FineTune"),
        "FineTune": jsonata(
            "Task",
            "FineTune",
            Resource=f"{service}:startPipelineExecution",
            Arguments={"PipelineName": pipeline, "ClientRequestToken": "t" * 32},
            Assign=started,
            Next="WaitForFineTune",
        ),
        "WaitForFineTune": jsonata("Wait", "FineTune", Seconds=2, Next="DescribeFineTune"),
        "DescribeFineTune": jsonata(
            "Task",
            "FineTune",
            Resource=f"{service}:describePipelineExecution",
            Arguments=described,
            Output=status,
            Next="FineTuneFinished",
        ),
        "FineTuneFinished": jsonata(
            "Choice",
            "FineTune",
            Choices=[
                {"Condition": "{% $states.input = 'Succeeded' %}", "Next": "Record"},
                {"Condition": "{% $states.input = 'Executing' %}", "Next": "WaitForFineTune"},
            ],
            Default="GiveUp",
        ),
        "Record": note("Record", queue, End=True),
        "GiveUp": {"Type": "Fail", "Error": "PipelineFailed", "Cause": "The disk is full."},
    }


def notes(emulator: Emulator, queue: str) -> list[str]:
    found = emulator.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return sorted(message["Body"] for message in found)


class Stopped:
    """A run that was stopped while its pipeline trained."""

    def __init__(self, root: Path, script: str) -> None:
        self.root = root
        with self.opened() as emulator:
            account = Account(emulator)
            self.queue = emulator.client("sqs").create_queue(QueueName=unique("notes"))["QueueUrl"]
            training = as_step(account.training_request(script), "Training")
            training["CheckpointConfig"] = {"S3Uri": f"s3://{account.bucket}/checkpoints"}
            steps = [{"Name": "Train", "Type": "Training", "Arguments": training}]
            role = make_role(emulator, "sagemaker", allow(["sagemaker:*", "iam:PassRole"]), account.bucket_access)
            pipeline = account.make_pipeline({"Version": "2020-12-01", "Steps": steps}, role)
            self.arn = start(emulator, workflow(pipeline, self.queue), allow("*"))
            client = emulator.client("stepfunctions")
            described = client.describe_execution(executionArn=self.arn)
            self.machine, self.name = described["stateMachineArn"], described["name"]
            self.before_it_is_stopped(account)

    def before_it_is_stopped(self, account: Account) -> None:
        wait_until(
            lambda: account.s3.list_objects_v2(Bucket=account.bucket, Prefix="checkpoints/").get("KeyCount", 0), bool
        )

    @contextmanager
    def opened(self) -> Iterator[Emulator]:
        with Emulator(emulator_folder(self.root), persist=True) as emulator:
            yield emulator


class GivenUp(Stopped):
    """A run that came to its end by itself, and did not succeed."""

    def before_it_is_stopped(self, account: Account) -> None:
        client = account.emulator.client("stepfunctions")
        wait_until(lambda: client.describe_execution(executionArn=self.arn)["status"], lambda s: s == "FAILED")


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> Json:
    """The outputs of the stacks, which nobody has deployed here."""
    found: Json = {}
    monkeypatch.setattr(staging, "stack_outputs", lambda *_: found)
    return found


def resumed(arn: str, settings: Settings, root: Path) -> tuple[Finished, Any, list[str]]:
    board, seen = resumed_board(), []

    def after(emulator: Emulator, _finished: Finished) -> None:
        queues = emulator.client("sqs").list_queues()["QueueUrls"]
        seen.extend(notes(emulator, queues[0]))

    options = Options(root, PROJECT / "workflow.yaml", output=root / "runs")
    finished = resume(arn, settings, options, board, after)
    return finished, board, seen


def report(root: Path, finished: Finished) -> None:
    """Leave as much of the report as tells of which attempt it is."""
    folder = root / "runs" / finished.outcome.run_id
    folder.mkdir(parents=True)
    told = {"execution": {"status": finished.outcome.status}, "attempts": [{}] * len(finished.attempts)}
    (folder / "report.json").write_text(json.dumps(told))


def test_a_run_stopped_with_its_training_goes_on_with_that_and_repeats_nothing_that_was_done(
    tmp_path: Path, settings: Settings, outputs: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Stopped(tmp_path, SLOW_ONCE)
    outputs["StateMachineArn"] = stopped.machine
    assert execution_arn(stopped.machine, stopped.name) == stopped.arn
    LastRun(stopped.arn, tmp_path / "runs", {}, b"").remember(emulator_folder(tmp_path))
    assert can_go_on(emulator_folder(tmp_path))
    waited: list[str] = []

    def wait(emulator: Emulator, _show: Any) -> None:
        described = emulator.client("stepfunctions").describe_execution(executionArn=stopped.arn)
        waited.append(described["status"])

    heard: list[News] = []
    monkeypatch.setattr(resuming, "wait_for_endpoints", wait)
    monkeypatch.setattr(Board, "tell", lambda _board, news: heard.append(news))

    finished, board, sent = resumed(stopped.arn, settings, tmp_path)

    assert waited == ["ABORTED"]
    assert finished.outcome.status == "SUCCEEDED", finished.outcome.cause
    assert finished.outcome.arn == stopped.arn
    assert sent == ["PrepareData", "Record"]
    assert heard == [Begun(stopped.name, again=True), WentOn(2, 8, again=1)]
    steps = {name: (step.status, step.detail) for name, step in board.steps.items()}
    assert steps["PrepareData"] == (Status.SUCCEEDED, DONE)
    assert steps["FineTune"][0] is steps["Record"][0] is Status.SUCCEEDED
    assert steps["Deploy"][0] is Status.SKIPPED

    # It has been redriven once, and its report has not been written: only that is left to do.
    again, board, _ = resumed(stopped.arn, settings, tmp_path)
    assert (again.outcome.status, again.outcome.started) == ("SUCCEEDED", finished.outcome.started)
    assert [one.how for one in again.attempts] == ["SUCCEEDED", "SUCCEEDED"]
    assert board.steps["Record"].detail == DONE
    assert board.steps[USE_STEP].status is not Status.SKIPPED
    report(tmp_path, again)
    with pytest.raises(NothingToResume, match="has succeeded"):
        resumed(stopped.arn, settings, tmp_path)
    assert attempts(emulator_folder(tmp_path)) == again.attempts


def test_a_run_that_has_given_up_is_reported_and_then_not_resumed_and_says_why(
    tmp_path: Path, settings: Settings, outputs: Json
) -> None:
    given_up = GivenUp(tmp_path, "raise ValueError('no such layer')")
    outputs["StateMachineArn"] = given_up.machine
    LastRun(given_up.arn, tmp_path / "runs", {}, b"").remember(emulator_folder(tmp_path))

    # Its report has not been written: that alone is left to do.
    finished, board, sent = resumed(given_up.arn, settings, tmp_path)

    outcome = finished.outcome
    assert (outcome.status, outcome.cause, outcome.gave_up) == ("FAILED", "The disk is full.", True)
    assert sent == ["PrepareData"]
    assert (board.steps["PrepareData"].detail, board.steps["FineTune"].status) == (DONE, Status.FAILED)
    report(tmp_path, finished)
    with pytest.raises(NothingToResume, match=r"(?s)fourfold run.*The disk is full\."):
        resumed(given_up.arn, settings, tmp_path)


def test_what_is_no_longer_there_is_not_resumed(tmp_path: Path, settings: Settings, outputs: Json) -> None:
    with pytest.raises(NothingToResume, match="destroyed, or its emulator was killed"):
        resumed("arn:aws:states:us-east-1:000000000000:execution:m:r1", settings, tmp_path)
    outputs["StateMachineArn"] = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
    with pytest.raises(NothingToResume, match="r1 was stopped before its workflow began"):
        resumed("arn:aws:states:us-east-1:000000000000:execution:m:r1", settings, tmp_path)
