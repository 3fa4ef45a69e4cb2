"""S3 by boto3, the same on driver and executors; endpoint, region and credentials come from the environment.

A `Bucket` holds only a name, so it travels to the executors; the client is made once per process.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from pipelines.preparation.errors import UnreadableObject

BLOCK_BYTES = 4 * 1024 * 1024
"""How much one GetObject of a raw object asks for: bounds memory, and what a retry repeats."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a listing shows it; `etag` pins the content that was listed."""

    key: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket by name."""

    name: str

    def objects(self, prefix: str) -> list[StoredObject]:
        """Return every object under a prefix, by key."""
        pages = _client().get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        entries = (entry for page in pages for entry in page.get("Contents", ()))
        return sorted(
            (StoredObject(entry["Key"], entry["Size"], entry["ETag"]) for entry in entries),
            key=lambda stored: stored.key,
        )

    def newest(self, prefix: str, name: str, but: str) -> str | None:
        """Return the folder among those that begin with a prefix whose object `name` is the newest, `but` one."""
        pages = _client().get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, Delimiter="/")
        folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", ())]
        found = [
            (entry["LastModified"], folder)
            for folder in folders
            if folder != but
            for entry in _client().list_objects_v2(Bucket=self.name, Prefix=f"{folder}{name}").get("Contents", ())
        ]
        return max(found)[1] if found else None

    def open(self, stored: StoredObject, start: int = 0) -> io.BufferedReader:
        """Return a stream over an object from a byte on, read block by block as it is consumed."""
        return io.BufferedReader(_ObjectStream(self.name, stored, start), BLOCK_BYTES)

    def read(self, key: str) -> bytes:
        """Return a small object whole."""
        body: bytes = _client().get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Write an object in one request: it is there whole or not at all."""
        _client().put_object(Bucket=self.name, Key=key, Body=body, ContentType=content_type)

    def delete(self, keys: list[str]) -> None:
        """Delete objects; raises when the service reports that one of them could not be deleted."""
        for batch in _batches(keys, 1000):
            request = {"Objects": [{"Key": key} for key in batch], "Quiet": True}
            response = _client().delete_objects(Bucket=self.name, Delete=request)
            for error in response.get("Errors", ()):
                detail = f"s3://{self.name}/{error.get('Key')}: {error.get('Message')}"
                raise ClientError({"Error": {**error, "Message": detail}}, "DeleteObjects")


class _ObjectStream(io.RawIOBase):
    """Ranged reads that fail when the object is no longer the one that was listed."""

    def __init__(self, bucket: str, stored: StoredObject, start: int) -> None:
        self._bucket = bucket
        self._stored = stored
        self._position = start

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._stored.size}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._stored.size)
        if self._position >= end:
            return 0
        block = self._get(self._position, end)
        buffer[: len(block)] = block
        self._position = end
        return len(block)

    def _get(self, start: int, end: int) -> bytes:
        stored = self._stored
        try:
            response = _client().get_object(
                Bucket=self._bucket, Key=stored.key, IfMatch=stored.etag, Range=f"bytes={start}-{end - 1}"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ("PreconditionFailed", "NoSuchKey", "InvalidRange"):
                place = f"s3://{self._bucket}/{stored.key}"
                raise UnreadableObject(f"{place} changed while it was read. Start the run again.") from error
            raise
        block: bytes = response["Body"].read()
        return block


@cache
def _client() -> Any:
    return boto3.client("s3", config=Config(retries={"mode": "standard", "max_attempts": 5}))


def _batches(keys: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
