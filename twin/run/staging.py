"""Put into the deployed buckets what a user puts there: the data set and the base model's weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from twin.run.board import Progress
from twin.run.data_files import DataFile

if TYPE_CHECKING:
    from twin.emulator import Access, Emulator

Show = Callable[[Progress], None]


def upload_data(emulator: Emulator, bucket: str, dataset: str, files: Sequence[DataFile], show: Show) -> list[str]:
    """Upload files under `raw/<dataset>/` and return their keys."""
    return _upload(emulator, bucket, dataset, files, show)


def upload_folder(emulator: Emulator, bucket: str, prefix: str, folder: Path, show: Show) -> list[str]:
    """Upload every file of a folder under a prefix and return the keys."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return _upload(emulator, bucket, prefix, [DataFile(p.relative_to(folder).as_posix(), p) for p in paths], show)


def _upload(emulator: Emulator, bucket: str, prefix: str, files: Sequence[DataFile], show: Show) -> list[str]:
    total = sum(file.path.stat().st_size for file in files)
    client, sent, keys = emulator.client("s3"), 0, []
    for file in files:
        key = f"{prefix}/{file.name}"
        client.upload_file(str(file.path), bucket, key)
        sent += file.path.stat().st_size
        keys.append(key)
        show(Progress("upload", round(sent / 1e6), round(total / 1e6), "MB"))
    return keys


def stack_outputs(emulator: Access, environment: str) -> dict[str, str]:
    """Return the outputs of every stack of an environment, by their names in the templates."""
    found: dict[str, str] = {}
    for page in emulator.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(f"Fourfold-{environment}-"):
                found.update({o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])})
    return found
