"""The project's own training program on a spot instance that is taken away: what comes out is the same."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from cdk_app import assets
from tests.twin.helpers import unique, wait_until
from tests.twin.sagemaker_account import Account
from tests.unit.tuning.conftest import record, tiny_model, tiny_tokenizer
from twin import events
from twin.emulator import Emulator
from twin.sagemaker.jobs import spot

Json = dict[str, Any]
SETTINGS = {
    "epochs": "40",
    "batch_size": "2",
    "max_length": "96",
    "validation_examples": "5",
    "learning_rate": "0.005",
    "lora_dropout": "0.1",
}
STEPS = 40 * 10
LONGEST_S = 600  # loading PyTorch takes its time on a busy machine


@pytest.fixture(scope="module")
def account(emulator: Emulator) -> Account:
    return Account(emulator)


@pytest.fixture(scope="module")
def inputs(account: Account, tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """Give a tiny base model and some records as channels."""
    base = tmp_path_factory.mktemp("base")
    tokenizer = tiny_tokenizer()
    tiny_model(len(tokenizer) + 2).save_pretrained(base)
    tokenizer.save_pretrained(base)
    for path in base.iterdir():
        account.put(f"base/{path.name}", path.read_bytes())
    for split, count in (("train", 20), ("validation", 5)):
        account.put(f"{split}/part.jsonl", "".join(json.dumps(record(number)) + "\n" for number in range(count)))
    prefixes = {"train": "train", "validation": "validation", "model": "base"}
    return [channel(name, f"s3://{account.bucket}/{prefix}/") for name, prefix in prefixes.items()]


def channel(name: str, uri: str) -> Json:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


@pytest.fixture(scope="module")
def code(account: Account, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Put the program as the stack does."""
    root, folder = Path(assets.__file__).parent.parent, tmp_path_factory.mktemp("code")
    shutil.copytree(root / "pipelines" / "tuning", folder / "pipelines" / "tuning")
    shutil.copy(root / "pipelines" / "tuning" / "train.py", folder)
    (folder / "pipelines" / "__init__.py").touch()
    return account.put("code.tar.gz", assets.tar_gz(folder))


def request(account: Account, inputs: list[Json], code: str, **changes: Any) -> Json:
    parameters = {**SETTINGS, "sagemaker_program": "train.py", "sagemaker_submit_directory": code}
    place = {"S3Uri": f"s3://{account.bucket}/checkpoints/run={unique('run')}"}
    asked = account.training_request(
        "",
        InputDataConfig=inputs,
        CheckpointConfig=place,
        StoppingCondition={"MaxRuntimeInSeconds": 600},
        Environment={"OMP_NUM_THREADS": "1"},
        **changes,
    )
    return {**asked, "HyperParameters": parameters}


def adapter(account: Account, job: Json) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(account.get(job["ModelArtifacts"]["S3ModelArtifacts"]))) as archive:
        content = archive.extractfile("adapter/adapter_model.safetensors")
        assert content is not None
        return content.read()


def ended(account: Account, name: str) -> Json:
    """What DescribeTrainingJob says of a job once it has ended."""
    describe = lambda: account.sagemaker.describe_training_job(TrainingJobName=name)  # noqa: E731
    over = ("Completed", "Failed", "Stopped")
    job: Json = wait_until(describe, lambda job: job["TrainingJobStatus"] in over, LONGEST_S)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def copied(account: Account, place: str) -> bool:
    """Whether a checkpoint with its manifest, which comes last, lies in S3."""
    listed = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=f"{place}/").get("Contents", [])
    return any(entry["Key"].endswith(".json") for entry in listed)


def steps_seen(account: Account, name: str) -> int:
    """How many steps the job has told of."""
    told = [event for event, _ in events.read(account.emulator.events_file) if event["id"] == name]
    return max([event["done"] for event in told if event.get("phase") == "train"], default=0)


@pytest.fixture(scope="module")
def undisturbed(account: Account, inputs: list[Json], code: str) -> bytes:
    """Give the adapter of a job that keeps its machine."""
    asked = request(account, inputs, code)
    account.sagemaker.create_training_job(**asked)
    return adapter(account, ended(account, asked["TrainingJobName"]))


@pytest.mark.parametrize("notice", [True, False])
def test_training_on_a_lost_spot_instance_ends_with_the_weights_of_an_undisturbed_job(
    account: Account, inputs: list[Json], code: str, undisturbed: bytes, notice: bool
) -> None:
    limits = {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1200}
    on_spot = {**request(account, inputs, code, EnableManagedSpotTraining=True), "StoppingCondition": limits}
    name = on_spot["TrainingJobName"]
    account.sagemaker.create_training_job(**on_spot)
    wait_until(lambda: steps_seen(account, name), lambda steps: steps >= STEPS // 10, LONGEST_S)
    if not notice:
        # Of a machine that goes without a word, only what was copied by then is left.
        place = on_spot["CheckpointConfig"]["S3Uri"].removeprefix(f"s3://{account.bucket}/")
        wait_until(lambda: copied(account, place), bool, LONGEST_S)
    spot.take_away(account.emulator.work_dir, name, notice)
    describe = lambda: account.sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"]  # noqa: E731
    wait_until(describe, lambda status: status == "Interrupted", LONGEST_S)
    spot.give_back(account.emulator.work_dir, name)

    assert adapter(account, ended(account, name)) == undisturbed
    assert "resumed from checkpoint" in account.log_of("/aws/sagemaker/TrainingJobs", name)
