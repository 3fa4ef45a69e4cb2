"""Training jobs of several instances: each a process with a directory of its own, started as the toolkit starts it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.twin.helpers import wait_until
from tests.twin.sagemaker_account import Account
from twin.emulator import Emulator
from twin.processes import marked
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.jobs import nodes
from twin.sagemaker.jobs.failure import JobFailedError
from twin.sagemaker.jobs.toolkit import Hyperparameters

TWO = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10}
# Each process adds its rank's number; the first keeps the sum as the model.
ADD_UP = (
    "import json, os, pathlib, sys, torch, torch.distributed as dist\n"
    "dist.init_process_group('gloo')\n"
    "number = torch.tensor([10.0 + dist.get_rank()])\n"
    "dist.all_reduce(number)\n"
    "config = pathlib.Path(os.environ['SM_INPUT_CONFIG_DIR'], 'resourceconfig.json')\n"
    "print(json.loads(config.read_text())['current_host'], os.environ['SM_HOSTS'], number.item())\n"
    "here = pathlib.Path(os.environ['SM_MODEL_DIR'], f'{os.environ[\"SM_CURRENT_HOST\"]}.txt')\n"
    "here.write_text(f'{dist.get_world_size()} {number.item()}')\n"
    # An interpreter that is taken apart while a thread of Gloo's holds a tensor aborts.
    "dist.barrier()\ndist.destroy_process_group()\nsys.stdout.flush()\nos._exit(0)\n"
)
WHERE = "import os, pathlib, sys, time\nhost = os.environ['SM_CURRENT_HOST']\n"


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


def test_the_toolkit_starts_one_process_on_each_host_and_tells_it_its_place() -> None:
    given = {"sagemaker_program": "train.py", "epochs": "2"}
    assert Hyperparameters.of(given).command("algo-1", ["algo-1"], "algo-1", 7777) == [
        *("python3", "train.py", "--epochs", "2")
    ]
    together = Hyperparameters.of({**given, "sagemaker_torch_distributed_enabled": "true"})
    alone = ["torchrun", "--nnodes", "1", "--nproc_per_node", "1", "train.py", "--epochs", "2"]
    assert together.command("algo-1", ["algo-1"], "algo-1", 7777) == alone
    assert together.command("algo-2", ["algo-1", "algo-2"], "algo-1", 7777) == [
        *("torchrun", "--nnodes", "2", "--nproc_per_node", "1"),
        *("--master_addr", "algo-1", "--master_port", "7777", "--node_rank", "1"),
        *("train.py", "--epochs", "2"),
    ]


def test_two_instances_train_as_one_program_and_leave_one_model(account: Account) -> None:
    request = account.training_request(
        ADD_UP,
        ResourceConfig=TWO,
        HyperParameters={"sagemaker_torch_distributed_enabled": "true"},
        StoppingCondition={"MaxRuntimeInSeconds": 600},
    )
    account.sagemaker.create_training_job(**request)
    # Four processes import PyTorch.
    job = wait_until(
        lambda: account.sagemaker.describe_training_job(TrainingJobName=request["TrainingJobName"]),
        lambda job: job["TrainingJobStatus"] != "InProgress",
        seconds=600,
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    with tarfile.open(fileobj=io.BytesIO(account.get(job["ModelArtifacts"]["S3ModelArtifacts"]))) as archive:
        assert sorted(archive.getnames()) == ["algo-1.txt", "algo-2.txt"]
        member = archive.extractfile("algo-2.txt")
        assert member is not None
        assert member.read() == b"2 21.0"
    for host in ("algo-1", "algo-2"):
        log = account.log_of("/aws/sagemaker/TrainingJobs", f"{job['TrainingJobName']}/{host}-")
        assert f'{host} ["algo-1", "algo-2"] 21.0' in log


def test_one_host_that_fails_ends_the_others_and_its_reason_is_the_jobs(account: Account) -> None:
    before = {process.pid for process in marked(account.emulator.mark)}
    job = account.train(
        WHERE + "if host == 'algo-1': time.sleep(600)\n"
        "pathlib.Path(os.environ['SM_OUTPUT_DIR'], 'failure').write_text(f'{host} cannot go on')\nsys.exit(1)\n",
        ResourceConfig=TWO,
        StoppingCondition={"MaxRuntimeInSeconds": 300},
    )
    assert job["FailureReason"] == "AlgorithmError: algo-2 cannot go on"
    assert {process.pid for process in marked(account.emulator.mark)} <= before


def test_two_instances_have_the_same_time_as_one(account: Account) -> None:
    script = WHERE + "pathlib.Path(os.environ['SM_MODEL_DIR'], host).write_text('weights')\ntime.sleep(600)\n"
    job = account.train(script, ResourceConfig=TWO, StoppingCondition={"MaxRuntimeInSeconds": 2})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ResourceConfig": {**TWO, "InstanceCount": 5}}, "InstanceCount is not supported here"),
        (
            {
                "ResourceConfig": TWO,
                "InputDataConfig": [
                    {
                        "ChannelName": "train",
                        "DataSource": {
                            "S3DataSource": {
                                "S3DataType": "S3Prefix",
                                "S3Uri": "s3://some/where",
                                "S3DataDistributionType": "ShardedByS3Key",
                            }
                        },
                    }
                ],
            },
            "Channel train: S3DataDistributionType ShardedByS3Key",
        ),
    ],
)
def test_what_is_not_done_here_with_several_instances_is_refused(
    account: Account, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        account.train(WHERE, **changes)


def test_processes_that_need_a_network_are_refused_without_one(account: Account) -> None:
    code = {"sagemaker_submit_directory": "/opt/ml/input/data/code/code.tar.gz"}
    archive = account.training_request(WHERE)["HyperParameters"]["sagemaker_submit_directory"]
    source = {"S3DataType": "S3Prefix", "S3Uri": archive}
    job = account.train(
        WHERE,
        EnableNetworkIsolation=True,
        InputDataConfig=[{"ChannelName": "code", "DataSource": {"S3DataSource": source}}],
        HyperParameters={**code, "sagemaker_torch_distributed_enabled": "true"},
    )
    assert "need a network" in job["FailureReason"]


def test_a_file_that_two_hosts_left_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURFOLD_WORK_DIR", str(tmp_path))
    both = nodes.copied(ContainerDirectory("training", "job"), "training", "job", 2)
    for node in both:
        (node.directory.folder("/opt/ml/model/inner") / f"{node.name}.txt").touch()
    nodes.gather(both, "/opt/ml/model")
    assert sorted(path.name for path in both[0].directory.path("/opt/ml/model/inner").iterdir()) == [
        *("algo-1.txt", "algo-2.txt")
    ]
    (both[1].directory.path("/opt/ml/model/inner") / "algo-1.txt").touch()
    with pytest.raises(JobFailedError, match=r"Two hosts left the file /opt/ml/model/inner/algo-1\.txt: algo-2"):
        nodes.gather(both, "/opt/ml/model")
