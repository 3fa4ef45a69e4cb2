"""Training and processing jobs, run for real with small scripts."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import allow, make_role, unique, user_client, wait_until
from tests.twin.sagemaker_account import LOGS_AND_METRICS, TRAINING_IMAGE, Account, tarred
from twin import events
from twin.emulator import Emulator
from twin.processes import marked
from twin.sagemaker.jobs import isolation

Json = dict[str, Any]
SAVE = "import os, pathlib\npathlib.Path(os.environ['SM_MODEL_DIR'], 'model.txt').write_text('weights')\n"
REPORT = (
    "import os, pathlib\n"
    "out = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'processing/report')\n"
    "(out / 'report.json').write_text('{}')\n"
)


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def channel(name: str, uri: str) -> Json:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def test_a_script_finds_data_and_parameters_and_leaves_a_model(account: Account) -> None:
    account.put("data/train/one.txt", "first")
    account.put("data/train/inner/two.txt", "second")
    account.put("data/training-notes.txt", "not for this channel")
    script = SAVE + (
        "import sys, json\n"
        "base = pathlib.Path(os.environ['SM_CHANNEL_TRAIN'])\n"
        "print(sorted(str(path.relative_to(base)) for path in base.rglob('*.txt')))\n"
        "config = pathlib.Path(os.environ['SM_INPUT_CONFIG_DIR'])\n"
        "print(json.loads((config / 'hyperparameters.json').read_text())['rate'], sys.argv[1:])\n"
        "print(json.loads((config / 'resourceconfig.json').read_text())['current_host'])\n"
        "pathlib.Path(os.environ['SM_OUTPUT_DATA_DIR'], 'extra.txt').write_text('extra')\n"
    )
    job = account.train(
        script,
        HyperParameters={"rate": "5e-4"},
        InputDataConfig=[channel("train", f"s3://{account.bucket}/data/train/")],
    )
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed"), job.get("FailureReason")
    log = account.log_of("/aws/sagemaker/TrainingJobs", job["TrainingJobName"])
    assert "['inner/two.txt', 'one.txt']" in log
    assert "5e-4 ['--rate', '0.0005']" in log
    assert "algo-1" in log
    uri = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == f"s3://{account.bucket}/out/{job['TrainingJobName']}/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(account.get(uri))) as archive:
        assert archive.getnames() == ["model.txt"]
    assert account.get(uri.replace("model.tar.gz", "output.tar.gz"))
    statuses = [one["Status"] for one in job["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Downloading", "Training", "Uploading", "Completed"]


def test_metrics_reach_the_job_cloudwatch_and_the_events(account: Account) -> None:
    specification = {
        "TrainingImage": TRAINING_IMAGE,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
    }
    script = SAVE + "print('loss=2.5')\nprint('PROGRESS {\"phase\": \"train\", \"done\": 1}')\nprint('loss=1.5')\n"
    job = account.train(script, AlgorithmSpecification=specification)
    name = job["TrainingJobName"]
    assert [(one["MetricName"], one["Value"]) for one in job["FinalMetricDataList"]] == [("loss", 1.5)]
    found = account.emulator.client("cloudwatch").list_metrics(Namespace="/aws/sagemaker/TrainingJobs")["Metrics"]
    assert [{"Name": "TrainingJobName", "Value": name}] in [metric["Dimensions"] for metric in found]
    told = [event for event, _ in events.read(account.emulator.events_file) if event["id"] == name]
    begun, downloading, training, loss, progress, last_loss, uploading, ended = told
    assert (begun["kind"], loss["kind"], last_loss["kind"], ended["kind"]) == ("started", "log", "log", "finished")
    assert [one["phase"] for one in (downloading, training, uploading)] == ["downloading", "training", "uploading"]
    assert loss["metrics"] == {"loss": 2.5}
    assert (progress["phase"], progress["done"]) == ("train", 1)
    assert ended["status"] == "Completed"
    assert ended["cpu_s"] >= 0


def test_a_script_that_fails_fails_the_job_with_its_last_lines(account: Account) -> None:
    job = account.train("print('reading')\nraise ValueError('line 7 is broken')")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\n")
    assert "ValueError: line 7 is broken" in job["FailureReason"]
    assert job["FailureReason"].endswith('Command "python3 train.py", exit code: 1')


def test_what_a_script_writes_as_its_failure_is_the_reason(account: Account) -> None:
    script = "import os, pathlib, sys\n(pathlib.Path(os.environ['SM_OUTPUT_DIR']) / 'failure').write_text('why')\n"
    assert account.train(script + "sys.exit(3)")["FailureReason"] == "AlgorithmError: why"


def test_a_script_that_leaves_no_model_fails_the_job(account: Account) -> None:
    job = account.train("print('done, or so I think')")
    assert job["TrainingJobStatus"] == "Failed"
    assert "left nothing in SM_MODEL_DIR" in job["FailureReason"]
    assert "done, or so I think" in job["FailureReason"]


def test_data_that_is_not_there_fails_the_job_and_is_named(account: Account) -> None:
    job = account.train(SAVE, InputDataConfig=[channel("train", f"s3://{account.bucket}/nothing/here")])
    assert job["FailureReason"] == (
        f"ClientError: Data download failed: S3 key: s3://{account.bucket}/nothing/here matched no files on s3"
    )


@pytest.mark.parametrize(
    ("missing", "resource"), [("s3:ListBucket", ""), ("s3:GetObject", "/"), ("s3:PutObject", "/out/")]
)
def test_a_permission_that_the_role_lacks_fails_the_job_and_is_named(
    account: Account, missing: str, resource: str
) -> None:
    account.put("data/train/one.txt", "first")
    actions = [one for one in ("s3:ListBucket", "s3:GetObject", "s3:PutObject") if one != missing]
    role = make_role(account.emulator, "sagemaker", allow(actions), LOGS_AND_METRICS)
    job = account.train(SAVE, role=role, InputDataConfig=[channel("train", f"s3://{account.bucket}/data/train/")])
    assert job["TrainingJobStatus"] == "Failed"
    name = role.rpartition("/")[2]
    expected = f"assumed-role/{name}/SageMaker is not authorized to perform: {missing} on resource: arn:aws:s3:::"
    assert f"{expected}{account.bucket}{resource}" in job["FailureReason"]


def test_a_script_has_the_permissions_of_its_role_and_no_more(account: Account) -> None:
    job = account.train("import boto3\nboto3.client('s3').list_buckets()")
    assert "s3:ListAllMyBuckets" in job["FailureReason"]
    assert account.job_role.rpartition("/")[2] in job["FailureReason"]


def test_a_job_that_takes_too_long_is_ended_and_what_it_saved_is_kept(account: Account) -> None:
    job = account.train(SAVE + "import time\ntime.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert account.get(job["ModelArtifacts"]["S3ModelArtifacts"])


def test_a_job_can_be_stopped_and_leaves_no_process(account: Account) -> None:
    request = account.training_request("import time\nprint('begun', flush=True)\ntime.sleep(600)")
    name = request["TrainingJobName"]
    before = {process.pid for process in marked(account.emulator.mark)}
    account.sagemaker.create_training_job(**request)
    describe = lambda: account.sagemaker.describe_training_job(TrainingJobName=name)  # noqa: E731
    wait_until(describe, lambda job: job["SecondaryStatus"] == "Training")
    with pytest.raises(account.sagemaker.exceptions.ResourceInUse, match="InProgress"):
        account.sagemaker.delete_training_job(TrainingJobName=name)
    account.sagemaker.stop_training_job(TrainingJobName=name)
    assert account.ended_training_job(name)["TrainingJobStatus"] == "Stopped"
    assert {process.pid for process in marked(account.emulator.mark)} <= before
    with pytest.raises(ClientError, match="rejected because the training job is in status Stopped"):
        account.sagemaker.stop_training_job(TrainingJobName=name)


def test_a_processing_job_that_has_ended_cannot_be_stopped(account: Account) -> None:
    name = account.process(REPORT)["ProcessingJobName"]
    with pytest.raises(ClientError, match="rejected because the processing job is in status Completed"):
        account.sagemaker.stop_processing_job(ProcessingJobName=name)


def test_a_training_and_a_processing_job_of_one_name_leave_each_others_files(account: Account) -> None:
    name, wait = unique("job"), "import time\ntime.sleep(1.5)\n"
    training = {**account.training_request(wait + SAVE), "TrainingJobName": name}
    processing = {**account.processing_request(wait + REPORT), "ProcessingJobName": name}
    account.sagemaker.create_training_job(**training)
    wait_until(
        lambda: account.sagemaker.describe_training_job(TrainingJobName=name),
        lambda job: job["SecondaryStatus"] == "Training",
    )
    account.sagemaker.create_processing_job(**processing)
    trained = account.ended_training_job(name)
    assert trained["TrainingJobStatus"] == "Completed", trained["FailureReason"]
    wait_until(
        lambda: account.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"],
        lambda status: status == "Completed",
    )


def test_a_job_that_has_ended_can_be_deleted_and_its_name_given_again(account: Account) -> None:
    request = account.processing_request(REPORT)
    names = {"ProcessingJobName": request["ProcessingJobName"]}
    for _ in range(2):
        account.sagemaker.create_processing_job(**request)
        wait_until(
            lambda: account.sagemaker.describe_processing_job(**names)["ProcessingJobStatus"],
            lambda status: status == "Completed",
        )
        account.sagemaker.delete_processing_job(**names)
    with pytest.raises(account.sagemaker.exceptions.ResourceNotFound):
        account.sagemaker.delete_processing_job(**names)


def test_a_program_that_is_no_python_script_is_refused_by_name(account: Account) -> None:
    job = account.train(SAVE, HyperParameters={"sagemaker_program": "train.sh"})
    assert job["TrainingJobStatus"] == "Failed"
    assert "must be a Python script, *.py, here; it is 'train.sh'" in job["FailureReason"]


def test_checkpoints_are_taken_up_again(account: Account) -> None:
    script = SAVE + (
        "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'checkpoints')\n"
        "folder.mkdir(exist_ok=True)\n"
        "print('found', sorted(path.name for path in folder.iterdir()))\n"
        "(folder / 'step-1').write_text('x')\n"
    )
    configuration = {"S3Uri": f"s3://{account.bucket}/{unique('checkpoints')}"}
    first = account.train(script, CheckpointConfig=configuration)
    second = account.train(script, CheckpointConfig=configuration)
    logs = [account.log_of("/aws/sagemaker/TrainingJobs", job["TrainingJobName"]) for job in (first, second)]
    assert "found []" in logs[0]
    assert "found ['step-1']" in logs[1]


def test_an_archive_cannot_write_outside_of_the_job(account: Account) -> None:
    request = account.training_request(SAVE)
    archive = tarred(**{"..__..__evil_dot_py": "print()"})
    request["HyperParameters"]["sagemaker_submit_directory"] = account.put("evil.tar.gz", archive)
    account.sagemaker.create_training_job(**request)
    job = account.ended_training_job(request["TrainingJobName"])
    assert "leads out of the folder that it is unpacked to" in job["FailureReason"]


# ---- requests that are refused -------------------------------------------------------------------------


def refusal(account: Account, **changes: Any) -> str:
    with pytest.raises(ClientError) as error:
        account.sagemaker.create_training_job(**account.training_request(SAVE, **changes))
    return f"{error.value.response['Error']['Code']}: {error.value.response['Error']['Message']}"


def test_what_does_not_run_here_is_refused_by_name(account: Account) -> None:
    assert "The property VpcConfig is not supported" in refusal(
        account, VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    )
    image = {"TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:1", "TrainingInputMode": "File"}
    assert "the repository mine in training" in refusal(account, AlgorithmSpecification=image)
    assert "Pipe" in refusal(account, AlgorithmSpecification={**image, "TrainingInputMode": "Pipe"})


def test_a_role_that_sagemaker_may_not_assume_is_refused(account: Account) -> None:
    role = make_role(account.emulator, "glue", account.bucket_access)
    assert f"Could not assume role {role}" in refusal(account, RoleArn=role)
    assert "Could not assume role" in refusal(account, RoleArn="arn:aws:iam::000000000000:role/nobody-has-this")


def test_a_name_is_taken_once(account: Account) -> None:
    request = account.training_request(SAVE)
    account.sagemaker.create_training_job(**request)
    with pytest.raises(account.sagemaker.exceptions.ResourceInUse, match="Training job names must be unique"):
        account.sagemaker.create_training_job(**request)
    account.ended_training_job(request["TrainingJobName"])


def test_handing_a_role_over_needs_the_permission_for_it(account: Account) -> None:
    caller = user_client(account.emulator, "sagemaker", allow("sagemaker:*"))
    with pytest.raises(ClientError, match=rf"iam:PassRole on resource: {account.job_role}"):
        caller.create_training_job(**account.training_request(SAVE))


def test_jobs_are_listed_by_name_and_status_in_pages(account: Account) -> None:
    prefix = unique("listed")
    for number in range(3):
        request = account.training_request(SAVE)
        request["TrainingJobName"] = f"{prefix}-{number}"
        account.sagemaker.create_training_job(**request)
        account.ended_training_job(request["TrainingJobName"])
    pages = account.sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=prefix, StatusEquals="Completed", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    names = [[job["TrainingJobName"] for job in page["TrainingJobSummaries"]] for page in pages]
    assert names == [[f"{prefix}-0", f"{prefix}-1"], [f"{prefix}-2"]]


# ---- processing ----------------------------------------------------------------------------------------


def test_a_command_finds_its_inputs_and_its_outputs_are_put(account: Account) -> None:
    data = account.put("data/process/one.txt", "first")
    script = REPORT + (
        "import sys, json\n"
        "print(sys.argv[1:], os.environ['WHERE'], os.environ['PLAIN'])\n"
        "config = json.loads(pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'config/processingjobconfig.json')"
        ".read_text())\n"
        "(out / 'inner').mkdir()\n"
        "(out / 'inner/name.txt').write_text(config['ProcessingJobName'])\n"
        "pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'], 'output/message').write_text('all is well')\n"
    )
    request = account.processing_request(script)
    request["ProcessingInputs"].append(account.processing_input("data", data.rpartition("/")[0]))
    request["AppSpecification"]["ContainerArguments"] = ["--in", "/opt/ml/processing/input/data", "--n", "3"]
    account.sagemaker.create_processing_job(
        **request, Environment={"WHERE": "/opt/ml/processing/report", "PLAIN": "opt/ml"}
    )
    name = request["ProcessingJobName"]
    job = wait_until(
        lambda: account.sagemaker.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] != "InProgress",
    )
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ExitMessage"] == "all is well"
    assert account.get(f"s3://{account.bucket}/{name}/report/inner/name.txt").decode() == name
    root = str(account.emulator.work_dir / "sagemaker" / "processing" / name)
    log = account.log_of("/aws/sagemaker/ProcessingJobs", name)
    assert f"['--in', '{root}/processing/input/data', '--n', '3'] {root}/processing/report opt/ml" in log


def test_an_output_that_is_missing_fails_the_job_with_the_logs_last_lines(account: Account) -> None:
    job = account.process("print('nothing to report')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert "left nothing in /opt/ml/processing/report" in job["FailureReason"]
    assert job["FailureReason"].endswith("nothing to report")


def test_a_command_that_fails_fails_the_job_with_the_logs_last_lines(account: Account) -> None:
    job = account.process(REPORT + "raise SystemExit('no test data')")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: The command ended with exit code 1.")
    assert job["FailureReason"].endswith("no test data")


def test_an_isolated_job_has_neither_credentials_nor_a_network(account: Account) -> None:
    script = REPORT + (
        "import socket\n"
        "print([name for name in os.environ if name.startswith('AWS')])\n"
        "try:\n"
        f"    socket.create_connection(('127.0.0.1', {account.emulator.port}), timeout=2)\n"
        "    print('connected')\n"
        "except OSError:\n"
        "    print('no network')\n"
    )
    job = account.process(script, NetworkConfig={"EnableNetworkIsolation": True})
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    log = account.log_of("/aws/sagemaker/ProcessingJobs", job["ProcessingJobName"])
    assert "[]" in log
    assert ("no network" if isolation.available() else "cannot take the network away") in log


def test_local_paths_stay_under_the_mount(account: Account) -> None:
    request = account.processing_request(REPORT)
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/processing/../../etc"
    job = account.process(REPORT, ProcessingInputs=request["ProcessingInputs"])
    assert "LocalPath must lie under /opt/ml/processing/" in job["FailureReason"]


def test_answers_are_what_boto3_can_read(account: Account) -> None:
    job = account.process(REPORT)
    assert json.loads(json.dumps(job, default=str))["ProcessingJobArn"].endswith(job["ProcessingJobName"])
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]
