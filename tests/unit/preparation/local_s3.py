"""The emulator's S3, started for the tests of the job."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import BotoCoreError


@dataclass(frozen=True)
class S3:
    """An S3 on this machine and the environment that leads to it."""

    client: Any
    environment: dict[str, str]

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
    """Start the emulator, and stop it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(port)},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="us-east-1",
        )
        _wait_for(client, server)
        yield S3(client, environment)
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(client: Any, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            client.list_buckets()
            return
        except BotoCoreError:
            time.sleep(0.2)
    pytest.fail("the emulator did not start")
