"""CheckpointConfig: what a training job keeps in its checkpoint folder goes to S3 while it runs, and comes back.

As on AWS the copying goes file by file, at moments of its own, and deletes nothing: what lies in S3 when a machine
is lost may be half of one checkpoint and half of the next. It is for the training program to notice that.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from twin.emulator import hooks
from twin.emulator.hooks import Json
from twin.sagemaker import transfer
from twin.sagemaker.directory import ContainerDirectory
from twin.sagemaker.jobs.failure import client_error
from twin.sagemaker.transfer import TransferError

_DEFAULT_FOLDER = "/opt/ml/checkpoints"
_PAUSE_S = 0.5

_Version = tuple[int, int, int]


class CheckpointSync:
    """The checkpoints of one job; nothing happens where it has no CheckpointConfig."""

    def __init__(self, s3: Any, record: Json, directory: ContainerDirectory) -> None:
        """`record` is the job's, whose role's client `s3` is; a path outside `/opt/ml` is refused."""
        self._configuration = record.get("CheckpointConfig") or {}
        self._key = record["OutputDataConfig"].get("KmsKeyId") or None
        self._s3 = s3
        self._uri = str(self._configuration.get("S3Uri", "")).rstrip("/")
        self._copied: dict[Path, _Version] = {}
        self._seen: dict[Path, _Version] = {}
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: Exception | None = None
        if self._configuration:
            try:
                self._folder = directory.folder(self._configuration.get("LocalPath") or _DEFAULT_FOLDER)
            except ValueError as error:
                raise client_error(f"CheckpointConfig.LocalPath: {error}") from error

    def restore(self) -> None:
        """Fetch what an earlier machine, or an earlier job with the same address, has left."""
        if not self._configuration or not self._exist():
            return
        transfer.download_prefix(self._s3, f"{self._uri}/", self._folder)
        self._copied = {path: _version(path) for path in self._files()}

    def begin(self) -> None:
        """Copy from here on, on a thread of its own."""
        if self._configuration:
            self._thread = hooks.in_background(f"checkpoints to {self._uri}", self._run)

    def end(self, last_copy: bool) -> None:
        """Stop copying; with `last_copy` what is there by now is in S3 too. Raises what kept it from
        being copied."""
        if self._thread is None:
            return
        self._ended.set()
        self._thread.join()
        if self._failure:
            raise self._failure
        if last_copy:
            self._copy(self._files())

    def _run(self) -> None:
        try:
            while not self._ended.wait(_PAUSE_S):
                self._copy(self._at_rest())
        except (TransferError, BotoCoreError) as error:
            self._failure = error

    def _at_rest(self) -> list[Path]:
        """The files that are as they were at the last look: one that is being written would be copied for nothing."""
        before, self._seen = self._seen, {}
        for path in self._files():
            with suppress(FileNotFoundError):
                self._seen[path] = _version(path)
        return [path for path, version in self._seen.items() if before.get(path) == version]

    def _copy(self, files: list[Path]) -> None:
        for path in files:
            try:
                version = _version(path)
                if self._copied.get(path) == version:
                    continue
                transfer.upload_file(self._s3, path, f"{self._uri}/{path.relative_to(self._folder)}", self._key)
            except FileNotFoundError:
                continue  # replaced or deleted meanwhile: the next look finds what is there then
            self._copied[path] = version

    def _files(self) -> list[Path]:
        return sorted(path for path in self._folder.rglob("*") if path.is_file())

    def _exist(self) -> bool:
        bucket, prefix = transfer.split_uri(f"{self._uri}/")
        try:
            return bool(self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1).get("KeyCount"))
        except ClientError as error:
            raise client_error(f"Checkpoint download failed: {self._uri}.", error) from error


def _version(path: Path) -> _Version:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size
