"""What a training job leaves: the model, and what else the script has put out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twin.emulator.hooks import Json
from twin.sagemaker import transfer
from twin.sagemaker.directory import ContainerDirectory

MODEL, OUTPUT = "/opt/ml/model", "/opt/ml/output/data"


def put_results(s3: Any, record: Json, directory: ContainerDirectory, between: Callable[[], None] | None) -> str | None:
    """Upload an archive of each folder that holds files, and give where the model lies, where there is one.

    Args:
        s3: a client with the job's role.
        record: the job, as DescribeTrainingJob answers.
        directory: where the script ran.
        between: called after each archive, where there is anything to call; it may raise to end the job.
    """
    output = record["OutputDataConfig"]
    base = f"{output['S3OutputPath'].rstrip('/')}/{record['TrainingJobName']}/output"
    for folder, name in ((MODEL, "model.tar.gz"), (OUTPUT, "output.tar.gz")):
        if not holds_files(directory, folder):
            continue
        archive = transfer.pack(directory.path(folder), directory.root / name)
        transfer.upload_file(s3, archive, f"{base}/{name}", output.get("KmsKeyId") or None)
        archive.unlink()
        if between is not None:
            between()
    return f"{base}/model.tar.gz" if holds_files(directory, MODEL) else None


def holds_files(directory: ContainerDirectory, folder: str) -> bool:
    """Whether there is any file in the folder, however deep."""
    return any(path.is_file() for path in directory.path(folder).rglob("*"))
