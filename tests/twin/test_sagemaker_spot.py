"""Training on spot instances that are taken away, checkpoints in S3 meanwhile, and what stopping leaves time for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, wait_until
from tests.twin.sagemaker_account import LOGS_AND_METRICS, Account
from twin.emulator import Emulator
from twin.sagemaker.jobs import spot

Json = dict[str, Any]
GROUP = "/aws/sagemaker/TrainingJobs"
BEGIN = (
    "import os, pathlib, signal, sys, time\n"
    "pathlib.Path(os.environ['SM_MODEL_DIR'], 'model.txt').write_text('weights')\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'checkpoints')\n"
    "found = sorted(path.name for path in folder.glob('*'))\n"
    "print('found', found, flush=True)\n"
    "if found: sys.exit(0)\n"
)
SAVES_WHEN_TOLD = BEGIN + (
    "def save(*_):\n"
    "    time.sleep({seconds})\n"
    "    (folder / 'saved').write_text('all')\n"
    "    sys.exit(143)\n"
    "signal.signal(signal.SIGTERM, save)\n"
    "for _ in range(1200):\n"
    "    print('ready', flush=True)\n"  # again and again: a log is sent when a line comes
    "    time.sleep(0.5)\n"
)
SAVES_ALL_ALONG = BEGIN + (
    "signal.signal(signal.SIGTERM, lambda *_: (folder / 'told').write_text('x'))\n"
    "(folder / 'inner').mkdir()\n"
    "(folder / 'inner' / 'early').write_text('x')\n"
    "for _ in range(1200):\n"
    "    print('ready', flush=True)\n"  # again and again: a log is sent when a line comes
    "    time.sleep(0.5)\n"
)
ON_SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120},
}


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def start(account: Account, script: str, **changes: Any) -> tuple[str, str]:
    """Start a job with checkpoints, and wait until its script says that it is ready; its name, and where they lie."""
    place = f"s3://{account.bucket}/{unique('checkpoints')}"
    request = account.training_request(script, **{"CheckpointConfig": {"S3Uri": place}, **changes})
    account.sagemaker.create_training_job(**request)
    name = request["TrainingJobName"]
    wait_until(lambda: log(account, name), lambda text: "ready" in text)
    return name, place


def log(account: Account, name: str) -> str:
    try:
        return account.log_of(GROUP, name)
    except ClientError:  # no log yet
        return ""


def described(account: Account, name: str) -> Json:
    found: Json = account.sagemaker.describe_training_job(TrainingJobName=name)
    return found


def interrupt(account: Account, name: str, notice: bool) -> None:
    spot.take_away(account.emulator.work_dir, name, notice)
    wait_until(lambda: described(account, name)["SecondaryStatus"], lambda status: status == "Interrupted")
    spot.give_back(account.emulator.work_dir, name)


def statuses(job: Json) -> list[str]:
    return [one["Status"] for one in job["SecondaryStatusTransitions"]]


def keys(account: Account, place: str) -> set[str]:
    prefix = place.removeprefix(f"s3://{account.bucket}/") + "/"
    listed = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix).get("Contents", [])
    return {one["Key"].removeprefix(prefix) for one in listed}


def test_an_interrupted_spot_job_goes_on_elsewhere_from_what_it_saved_at_the_notice(account: Account) -> None:
    name, place = start(account, SAVES_WHEN_TOLD.format(seconds=0), **ON_SPOT)
    interrupt(account, name, notice=True)
    job = account.ended_training_job(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    once = ["Starting", "Downloading", "Training"]
    assert statuses(job) == [*once, "Interrupted", *once, "Uploading", "Completed"]
    assert keys(account, place) == {"saved"}
    assert "found []" in log(account, name)
    assert "found ['saved']" in log(account, name)
    assert job["EnableManagedSpotTraining"] is True
    assert 0 <= job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]


def test_of_a_machine_that_goes_without_notice_what_was_copied_by_then_is_left(account: Account) -> None:
    name, place = start(account, SAVES_ALL_ALONG, **ON_SPOT)
    wait_until(lambda: keys(account, place), bool)
    interrupt(account, name, notice=False)
    job = account.ended_training_job(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert keys(account, place) == {"inner/early"}
    assert "found ['inner']" in log(account, name)


def test_a_job_that_waits_too_long_for_spot_instances_is_given_up(account: Account) -> None:
    limits = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 2}
    request = account.training_request(BEGIN, None, **{**ON_SPOT, "StoppingCondition": limits})
    spot.take_away(account.emulator.work_dir, request["TrainingJobName"])
    account.sagemaker.create_training_job(**request)
    job = account.ended_training_job(request["TrainingJobName"])
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert statuses(job) == ["Starting", "MaxWaitTimeExceeded"]


def test_a_job_that_waits_for_spot_instances_can_be_stopped(account: Account) -> None:
    name, _ = start(account, SAVES_WHEN_TOLD.format(seconds=0), **ON_SPOT)
    spot.take_away(account.emulator.work_dir, name)
    wait_until(lambda: described(account, name)["SecondaryStatus"], lambda status: status == "Interrupted")
    account.sagemaker.stop_training_job(TrainingJobName=name)
    assert account.ended_training_job(name)["TrainingJobStatus"] == "Stopped"


def test_a_job_on_demand_keeps_its_machine(account: Account) -> None:
    script = SAVES_WHEN_TOLD.format(seconds=0).replace("range(1200)", "range(2)")
    request = account.training_request(script, CheckpointConfig={"S3Uri": f"s3://{account.bucket}/{unique('on')}"})
    spot.take_away(account.emulator.work_dir, request["TrainingJobName"])
    account.sagemaker.create_training_job(**request)
    assert account.ended_training_job(request["TrainingJobName"])["TrainingJobStatus"] == "Completed"


def test_a_job_that_is_stopped_has_time_to_save(account: Account) -> None:
    name, place = start(account, SAVES_WHEN_TOLD.format(seconds=6))  # longer than other processes are waited for
    account.sagemaker.stop_training_job(TrainingJobName=name)
    job = account.ended_training_job(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert keys(account, place) == {"saved"}


def test_a_role_that_may_not_write_checkpoints_fails_the_job_and_the_permission_is_named(account: Account) -> None:
    output = allow("s3:PutObject", f"arn:aws:s3:::{account.bucket}/out/*")
    role = make_role(account.emulator, "sagemaker", allow(["s3:ListBucket", "s3:GetObject"]), output, LOGS_AND_METRICS)
    script = BEGIN + "(folder / 'early').write_text('x')\n"
    place = {"S3Uri": f"s3://{account.bucket}/{unique('checkpoints')}"}
    job = account.train(script, role=role, CheckpointConfig=place)
    assert job["TrainingJobStatus"] == "Failed"
    assert "is not authorized to perform: s3:PutObject" in job["FailureReason"]


def test_checkpoints_outside_the_containers_folder_are_refused(account: Account) -> None:
    place = {"S3Uri": f"s3://{account.bucket}/x", "LocalPath": "/tmp/checkpoints"}
    job = account.train(BEGIN, CheckpointConfig=place)
    assert "CheckpointConfig.LocalPath" in job["FailureReason"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}}, "only supported when Enable"),
        ({"EnableManagedSpotTraining": True}, "greater than or equal to MaxRuntimeInSeconds"),
        (
            {**ON_SPOT, "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}},
            "greater than or equal to MaxRuntimeInSeconds",
        ),
    ],
)
def test_limits_that_contradict_each_other_are_refused(account: Account, changes: Json, reason: str) -> None:
    with pytest.raises(ClientError, match=f"Invalid MaxWaitTimeInSeconds.*{reason}"):
        account.sagemaker.create_training_job(**account.training_request(BEGIN, **changes))


def test_a_warm_pool_ends_with_its_job_and_none_is_made_of_spot_instances(account: Account) -> None:
    machine = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10, "KeepAlivePeriodInSeconds": 60}
    script = BEGIN
    job = account.train(script, ResourceConfig=machine)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["WarmPoolStatus"] == {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 0}
    with pytest.raises(ClientError, match="KeepAlivePeriodInSeconds is not supported"):
        account.sagemaker.create_training_job(
            **account.training_request(BEGIN, None, ResourceConfig=machine, **ON_SPOT)
        )
