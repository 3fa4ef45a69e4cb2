"""The emulator's S3, started for the tests of the job, and what they read from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.data_preparation import s3 as emulator


@dataclass(frozen=True)
class S3:
    """An S3 on this machine and the environment that leads to it."""

    client: Any
    environment: dict[str, str]

    def put(self, files: dict[str, bytes]) -> None:
        """Put raw files where the job looks for them."""
        for key, content in files.items():
            self.client.put_object(Bucket=emulator.RAW, Key=key, Body=content)

    def records(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        """Every JSON line under a prefix."""
        return [json.loads(line) for key in self.keys(bucket, prefix) for line in self.read(bucket, key).splitlines()]

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """Every key under a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def read(self, bucket: str, key: str) -> bytes:
        """An object whole."""
        content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def contents(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Every object under a prefix."""
        return {key: self.read(bucket, key) for key in self.keys(bucket, prefix)}


@contextmanager
def local_s3(folder: Path) -> Iterator[S3]:
    """Start the emulator with empty buckets `raw`, `curated` and `quarantine`, and stop it at the end."""
    with emulator.local_s3(folder) as started:
        yield S3(started.client, started.environment)
