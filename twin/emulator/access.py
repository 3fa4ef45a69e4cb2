"""How a process reaches an emulator, be it its own or one that another process has started."""

from __future__ import annotations

import fcntl
import json
import time
import urllib.request
from abc import ABC, abstractmethod
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self

import boto3

from twin.emulator.account import ACCOUNT_ID, REGION, root_environment
from twin.emulator.clients import client_from

HOST = "127.0.0.1"
"""Where every emulator listens: on this machine alone."""
ADDRESS = "address"
"""The file of a directory that says where its emulator is served."""
LOCK = "lock"
"""The file of a directory that its emulator keeps locked as long as it lives."""
_PATIENCE_S = 60.0
_LOOK_S = 0.2


class Access(ABC):
    """Everything that a user of an emulator does with it, as the account's root."""

    def __init__(self, work_dir: Path) -> None:
        self.work_dir = work_dir.resolve()

    @property
    @abstractmethod
    def endpoint_url(self) -> str:
        """Where every service is served."""

    @property
    def events_file(self) -> Path:
        """The JSON lines of `twin.events`."""
        return self.work_dir / "events.jsonl"

    def environment(self) -> dict[str, str]:
        """Environment variables that send any AWS SDK or CLI to the emulator, as the account's root."""
        return root_environment(self.endpoint_url)

    def client(self, service: str) -> Any:
        """A boto3 client of the account's root user."""
        return client_from(self.environment(), service)

    def session(self) -> boto3.Session:
        """A boto3 session of the account's root user, for clients with a configuration of their own."""
        environment = self.environment()
        return boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=REGION)

    def local_path(self, uri: str) -> Path:
        """Where the object, or the objects under a prefix, of an `s3://` address lie as files, with `persist`."""
        return buckets(self.work_dir) / uri.removeprefix("s3://")

    def api_url(self, rest_api_id: str, stage: str) -> str:
        """Where a stage of a REST API is served: what AWS's own host name for it stands for."""
        return f"{self.endpoint_url}/_aws/execute-api/{rest_api_id}/{stage}"


class RunningEmulator(Access):
    """An emulator that another process has started and will end."""

    def __init__(self, work_dir: Path, endpoint_url: str) -> None:
        super().__init__(work_dir)
        self._endpoint_url = endpoint_url

    @classmethod
    def in_directory(cls, work_dir: Path) -> Self | None:
        """Return the emulator that runs on a directory; None where none does.

        One that is busy, as on a machine that trains, is waited for: nobody else may use its directory meanwhile.
        """
        file, deadline = work_dir / ADDRESS, time.monotonic() + _PATIENCE_S
        while in_use(work_dir) and time.monotonic() < deadline:
            # The file of one that was killed is still there, and one that starts has none yet.
            address = file.read_text() if file.exists() else ""
            if address and answers(address):
                return cls(work_dir, address)
            time.sleep(_LOOK_S)
        return None

    @property
    def endpoint_url(self) -> str:
        """Where every service is served."""
        return self._endpoint_url


def buckets(work_dir: Path) -> Path:
    """Where the buckets of a directory's account lie as folders, with `persist`, also while no emulator runs."""
    return work_dir / "s3" / ACCOUNT_ID


def in_use(work_dir: Path) -> bool:
    """Whether an emulator's process has a directory."""
    return is_locked(work_dir / LOCK)


def is_locked(file: Path) -> bool:
    """Whether a process that lives has locked a file: the system frees it with the process, however that ends."""
    if not file.exists():
        return False
    with file.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two that look are not in each other's way
        except BlockingIOError:
            return True
    return False


def answers(endpoint_url: str) -> bool:
    """Whether an emulator is served there."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint_url}/_ministack/health", timeout=5) as answer:
            json.load(answer)
            return True
    except (OSError, HTTPException, ValueError):
        return False
