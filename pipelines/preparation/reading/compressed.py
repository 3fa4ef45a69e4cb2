"""Compressed objects as plain streams that end, with an error, where they hold more than any text of their size."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import pyarrow as pa

from pipelines.preparation.errors import UnreadableObject
from pipelines.preparation.storage import BLOCK_BYTES, Bucket, StoredObject

_LARGEST_EXPANSION, _ALWAYS_READ = 200, 100 * 1024 * 1024
"""How many times its size a file may expand to, and how much of any is read: text comes to 20 times, a bomb to
1,000."""


@contextmanager
def opened(stored: StoredObject, compression: str | None, raw: Bucket) -> Iterator[BinaryIO]:
    """Open an object as it reads without its compression, `gzip`, `zstd` or none.

    Raises `UnreadableObject`, while it is read, where the object is damaged or expands as no text does.
    """
    place = f"s3://{raw.name}/{stored.key}"
    with raw.open(stored) as stream:
        if compression is None:
            yield cast(BinaryIO, stream)
            return
        plain: Any = gzip.GzipFile(fileobj=stream) if compression == "gzip" else _Zstd(stream)
        most = max(_LARGEST_EXPANSION * stored.size, _ALWAYS_READ)
        try:
            with plain, io.BufferedReader(_Bounded(plain, most), BLOCK_BYTES) as lines:
                yield cast(BinaryIO, lines)
        except _Expanding as error:
            raise UnreadableObject(
                f"{place} expands to more than {_LARGEST_EXPANSION} times its size, as text does not. "
                "Upload it uncompressed, or remove it."
            ) from error
        except (gzip.BadGzipFile, EOFError, zlib.error, _Damaged) as error:
            raise UnreadableObject(
                f"{place} is not a whole {compression} file ({error}). Upload it again, or remove it."
            ) from error


class _Expanding(Exception):
    """A compressed file holds more than any text of its size."""


class _Damaged(Exception):
    """A compressed file is not what its name says, or ends in the middle."""


class _Bounded(io.RawIOBase):
    """A stream up to a number of bytes; raises `_Expanding` behind it."""

    def __init__(self, stream: Any, most: int) -> None:
        self._stream, self._left = stream, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._stream.read(len(buffer))
        self._left -= len(content)
        if self._left < 0:
            raise _Expanding
        buffer[: len(content)] = content
        return len(content)


class _Zstd:
    """Arrow's decompressor: Python has none of its own before 3.14."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")

    def read(self, size: int) -> bytes:
        try:
            content: bytes = self._stream.read(size)
        except (OSError, pa.ArrowInvalid) as error:
            raise _Damaged(str(error)) from error
        return content

    def __enter__(self) -> "_Zstd":
        return self

    def __exit__(self, *_error: object) -> None:
        self._stream.close()
