"""A run whose command has ended goes on where it was, in an account that has been kept: jobs too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cdk_app.settings import Settings, load_settings
from tests.twin.helpers import allow, make_role, start, unique, wait_until
from tests.twin.sagemaker_account import Account
from tests.twin.test_sagemaker_pipelines import TRAIN, as_step
from twin.emulator import Emulator
from twin.run import resuming, staging
from twin.run.board import Status
from twin.run.last_run import LastRun, last_run
from twin.run.resuming import NothingToResume, resume, resumed_board
from twin.run.session import Finished, Options, emulator_folder

PROJECT = Path(__file__).resolve().parents[2]
Json = dict[str, Any]
# Longer than the test may take, unless an earlier attempt has left its checkpoint.
SLOW_ONCE = f"""{TRAIN}
import time
checkpoint = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints/state")
if not checkpoint.exists():
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
        "Prepare": note("PrepareData", queue, Next="Tune"),
        "Tune": jsonata(
            "Task",
            "FineTune",
            Resource=f"{service}:startPipelineExecution",
            Arguments={"PipelineName": pipeline, "ClientRequestToken": "t" * 32},
            Assign=started,
            Next="Wait",
        ),
        "Wait": jsonata("Wait", "FineTune", Seconds=2, Next="Describe"),
        "Describe": jsonata(
            "Task",
            "FineTune",
            Resource=f"{service}:describePipelineExecution",
            Arguments=described,
            Output=status,
            Next="Tuned",
        ),
        "Tuned": jsonata(
            "Choice",
            "FineTune",
            Choices=[
                {"Condition": "{% $states.input = 'Succeeded' %}", "Next": "Record"},
                {"Condition": "{% $states.input = 'Executing' %}", "Next": "Wait"},
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
            self.machine = client.describe_execution(executionArn=self.arn)["stateMachineArn"]
            LastRun(PROJECT / "workflow.yaml", root / "runs", {}).remember(emulator.work_dir)
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


def resumed(settings: Settings, root: Path) -> tuple[Finished, Any, list[str]]:
    board, seen = resumed_board(), []

    def after(emulator: Emulator, _finished: Finished) -> None:
        queues = emulator.client("sqs").list_queues()["QueueUrls"]
        seen.extend(notes(emulator, queues[0]))

    finished = resume(settings, Options(root, PROJECT / "workflow.yaml"), board, after)
    return finished, board, seen


def test_a_run_stopped_with_its_training_goes_on_with_that_and_repeats_nothing_that_was_done(
    tmp_path: Path, settings: Settings, outputs: Json
) -> None:
    stopped = Stopped(tmp_path, SLOW_ONCE)
    outputs["StateMachineArn"] = stopped.machine

    finished, board, sent = resumed(settings, tmp_path)

    assert finished.outcome.status == "SUCCEEDED", finished.outcome.cause
    assert finished.outcome.arn == stopped.arn
    assert sent == ["PrepareData", "Record"]
    steps = {name: (step.status, step.detail) for name, step in board.steps.items()}
    assert steps["PrepareData"] == (Status.SUCCEEDED, resuming.DONE)
    assert steps["FineTune"][0] is steps["Record"][0] is Status.SUCCEEDED
    assert steps["Deploy"][0] is Status.SKIPPED
    with pytest.raises(NothingToResume, match="has succeeded"):
        resumed(settings, tmp_path)


def test_a_run_that_has_given_up_is_not_resumed_and_says_why(tmp_path: Path, settings: Settings, outputs: Json) -> None:
    given_up = GivenUp(tmp_path, "raise ValueError('no such layer')")
    outputs["StateMachineArn"] = given_up.machine
    with pytest.raises(NothingToResume, match=r"(?s)fourfold run.*The disk is full\."):
        resumed(settings, tmp_path)


def test_what_the_stacks_of_a_run_were_destroyed_with_is_not_resumed(
    tmp_path: Path, settings: Settings, outputs: Json
) -> None:
    assert outputs == {}
    with pytest.raises(NothingToResume, match="destroyed"):
        resumed(settings, tmp_path)


def test_the_choices_of_a_run_are_kept_for_whoever_goes_on_with_it(tmp_path: Path) -> None:
    assert last_run(tmp_path) is None
    chosen = LastRun(tmp_path / "workflow.yaml", tmp_path / "runs", {"tuning": {"epochs": 2}})
    chosen.remember(tmp_path)
    assert last_run(tmp_path) == chosen
