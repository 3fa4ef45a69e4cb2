"""What a training job fetches before its script runs: the channels of its data, and the script itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from twin.emulator.hooks import Json
from twin.sagemaker import transfer
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.jobs.failure import client_error
from twin.sagemaker.jobs.toolkit import Hyperparameters

CODE = "/opt/ml/code"


def fetch_channels(s3: Any, record: Json, directory: ContainerDirectory, between: Callable[[], None]) -> Json:
    """Download every channel's data, and give what the script finds in `inputdataconfig.json`.

    Args:
        s3: a client with the job's role.
        record: the job, as DescribeTrainingJob answers.
        directory: where to.
        between: called after each channel; it may raise to end the job.
    """
    channels: Json = {}
    for channel in record.get("InputDataConfig") or ():
        name = channel["ChannelName"]
        channels[name] = {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            **({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {}),
        }
        folder = directory.folder(f"/opt/ml/input/data/{name}")
        transfer.download_prefix(s3, channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
        between()
    return channels


def fetch_code(s3: Any, parameters: Hyperparameters, directory: ContainerDirectory, *, isolated: bool) -> None:
    """Unpack the script's archive, from S3 or out of a channel.

    Raises JobFailedError for hyperparameters that name no Python script, or an archive that cannot be fetched.
    """
    location = str(parameters.toolkit.get("sagemaker_submit_directory", ""))
    program = str(parameters.toolkit.get("sagemaker_program", ""))
    if not program or not location:
        raise client_error(
            "The container runs a script: the hyperparameters sagemaker_program and sagemaker_submit_directory "
            "must name it and its archive."
        )
    if not program.endswith(".py"):
        raise client_error(f"sagemaker_program must be a Python script, *.py, here; it is '{program}'.")
    archive = directory.root / "sourcedir.tar.gz"
    if location.startswith("s3://"):
        if isolated:
            raise client_error(f"{location} cannot be fetched with network isolation: give the code as a channel.")
        transfer.download_file(s3, location, archive)
    else:
        archive = Path(directory.localize(location))
    transfer.unpack(archive, directory.folder(CODE))
