"""Put into the deployed buckets what a user puts there: the data set and the base model's weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from twin.run.board import Progress

if TYPE_CHECKING:
    from twin.emulator import Access, Emulator

Show = Callable[[Progress], None]


def upload_data(emulator: Emulator, bucket: str, dataset: str, path: Path) -> str:
    """Upload a file under `raw/<dataset>/` and return its key."""
    key = f"{dataset}/{path.name}"
    emulator.client("s3").upload_file(str(path), bucket, key)
    return key


def upload_folder(emulator: Emulator, bucket: str, prefix: str, folder: Path, show: Show) -> list[str]:
    """Upload every file of a folder under a prefix and return the keys."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files)
    client, sent, keys = emulator.client("s3"), 0, []
    for path in files:
        key = f"{prefix}/{path.relative_to(folder).as_posix()}"
        client.upload_file(str(path), bucket, key)
        sent += path.stat().st_size
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
