"""An S3 on this machine for the Glue job, outside of the process tree that is measured."""

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
import psutil
from botocore.exceptions import BotoCoreError

RAW, CURATED, QUARANTINE = BUCKETS = ("raw", "curated", "quarantine")
_START_S = 60


@dataclass(frozen=True)
class LocalS3:
    """A running emulator, with the environment that leads to it."""

    client: Any
    environment: dict[str, str]
    server: psutil.Process

    @property
    def cpu_s(self) -> float:
        """Processor time that the emulator itself has taken."""
        times = self.server.cpu_times()
        return float(times.user + times.system)

    def lines(self, bucket: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield (key, line) for every line of the objects under a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for key in [entry["Key"] for page in pages for entry in page.get("Contents", ())]:
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            for line in body.split(b"\n")[:-1]:
                yield key, line


@contextmanager
def local_s3(folder: Path) -> Iterator[LocalS3]:
    """Start an emulator with empty buckets, and end it."""
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
            aws_secret_access_key="test",  # noqa: S106  (the emulator asks for any)
            region_name="us-east-1",
        )
        _wait_for(client, server)
        for bucket in BUCKETS:
            client.create_bucket(Bucket=bucket)
        yield LocalS3(client, environment, psutil.Process(server.pid))
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(client: Any, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            client.list_buckets()
            return
        except BotoCoreError:
            time.sleep(0.2)
    raise RuntimeError(f"The S3 emulator did not start within {_START_S} seconds. Try python -m ministack by hand.")
