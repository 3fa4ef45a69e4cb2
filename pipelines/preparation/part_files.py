"""The part files of one partition: on disk once they are large, hashed as they grow, uploaded whole by one request."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Self

from pipelines.preparation.storage import Bucket

_SPOOL_BYTES = 8 * 1024 * 1024
_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part that was written."""

    key: str
    sha256: str
    records: int


class _Part:
    """One part file under way."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115  (closed by PartFiles)
        self._sha256 = hashlib.sha256()
        self.records = 0

    def add(self, line: str) -> None:
        content = f"{line}\n".encode()
        self.file.write(content)
        self._sha256.update(content)
        self.records += 1

    def upload(self, bucket: Bucket, key: str) -> PartFile:
        self.file.seek(0)
        bucket.put(key, self.file, _LINES)
        return PartFile(key, self._sha256.hexdigest(), self.records)


class PartFiles:
    """The part files of one partition, one a folder, made when their first line comes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._parts: dict[str, _Part] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in self._parts.values():
            part.file.close()

    def add(self, folder: str, line: str) -> None:
        """Add a line to the part of a folder."""
        if folder not in self._parts:
            self._parts[folder] = _Part()
        self._parts[folder].add(line)

    @property
    def folders(self) -> list[str]:
        """The folders that have a part, in order."""
        return sorted(self._parts)

    def upload(self, folder: str, bucket: Bucket, prefix: str) -> PartFile:
        """Upload the part of a folder as lines."""
        return self._parts[folder].upload(bucket, f"{prefix}{folder}/{self.name}.jsonl")

    def convert(
        self, folder: str, convert: Callable[[Iterable[bytes], IO[bytes]], int], bucket: Bucket, key: str
    ) -> PartFile:
        """Upload what `convert` makes of the lines of a folder's part, and returns the number of records of."""
        lines = self._parts[folder].file
        lines.seek(0)
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as made:
            records = convert(lines, made)
            made.seek(0)
            digest = hashlib.file_digest(made, "sha256").hexdigest()
            made.seek(0)
            bucket.put(key, made, "application/octet-stream")
        return PartFile(key, digest, records)
