"""Lines that come one at a time, from several threads, and are written to S3 a part at a time.

At most a part of them is lost when the function is ended from outside; left in any other way, it writes the last ones.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lambdas.shared import s3


class Parts:
    """Where lines go, as a context: on leaving it, by whichever way, the last ones are written.

    Args:
        bucket: the models bucket.
        key_of: the key of a part, by its number.
        lines: how many make a part.
        first: the first part's number.
    """

    def __init__(self, bucket: str, key_of: Callable[[int], str], lines: int, first: int = 0) -> None:
        self._bucket, self._key_of, self._lines, self._next = bucket, key_of, lines, first
        self._lock = threading.Lock()
        self._unwritten: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._write()

    def keep(self, line: dict[str, object]) -> None:
        """Take a line, and write the part that it completes."""
        with self._lock:
            self._unwritten.append(line)
            if len(self._unwritten) >= self._lines:
                self._write()

    def _write(self) -> None:
        if self._unwritten:
            s3.write_lines(self._bucket, self._key_of(self._next), self._unwritten)
            self._next += 1
            self._unwritten = []
