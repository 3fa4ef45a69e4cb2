"""The lexical indexes: one file a caller in the documents bucket, and copies of it in this environment.

A search asks S3 whether its copy is still the newest, which costs no transfer where it is. A change is made on a copy
and written only if nobody else wrote meanwhile, so that of two writers none loses what it added.
"""

from __future__ import annotations

import random
import tempfile
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from lambdas.gateway.problems import Problem, retry_later
from lambdas.gateway.retrieval.lexical import LexicalIndex
from lambdas.gateway.retrieval.lexical_format import NewerIndex, OlderIndex, UnreadableIndex
from lambdas.shared import aws, log

PREFIX = "lexical"
MOST_BYTES = 192 * 1024 * 1024
"""Of copies together; Lambda's temporary folder has 512 MiB, and a change needs room for two more."""
ATTEMPTS = 8
LONGEST_PAUSE_SECONDS = 2.0
CHUNK_BYTES = 1024 * 1024
NOT_MODIFIED, MISSING = ("304", "NotModified"), ("NoSuchKey", "404")
CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


@dataclass
class _Copy:
    """A copy of an index; `users` are the threads that are at work with it."""

    etag: str
    path: Path
    index: LexicalIndex
    size: int
    users: int = 0
    dropped: bool = False


class IndexFiles:
    """The indexes of all callers.

    Args:
        bucket: the documents bucket.
        pause: waits so many seconds.
    """

    def __init__(self, bucket: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._bucket, self._pause = bucket, pause
        self._folder = Path(tempfile.mkdtemp(prefix="lexical-"))
        self._copies: OrderedDict[str, _Copy] = OrderedDict()
        self._lock = threading.Lock()
        self._fetching: dict[str, threading.Lock] = {}

    @contextmanager
    def opened(self, owner: str) -> Iterator[LexicalIndex | None]:
        """Give the newest index of a caller for the time of a block; None where there is none."""
        with self._lock:
            turn = self._fetching.setdefault(owner, threading.Lock())
        with turn:
            try:
                copy = self._newest(owner)
            except OlderIndex:
                self.change(owner, lambda _: True)  # which is written in the format of today
                copy = self._newest(owner)
        try:
            yield copy.index if copy else None
        finally:
            self._release(copy)

    def change(self, owner: str, change: Callable[[LexicalIndex], bool]) -> None:
        """Change a caller's index: wholly or not at all, on top of what others have written.

        Args:
            owner: the caller.
            change: makes the change, and says whether there was any to make.

        Raises:
            Problem: 409, others wrote again and again in between.
        """
        for attempt in range(ATTEMPTS):
            with tempfile.TemporaryDirectory(dir=self._folder) as folder:
                path = Path(folder) / "index.sqlite"
                etag = self._fetch(owner, path)
                index = self._opened(owner, path, rebuild=True)
                try:
                    if not change(index):
                        return
                    index.compact()
                finally:
                    index.close()
                written = self._put(owner, path, etag)
                if written:
                    self._release(self._remember(owner, written, path))
                    return
            self._pause(random.uniform(0, min(LONGEST_PAUSE_SECONDS, 0.1 * 2**attempt)))  # noqa: S311 - a pause
        raise retry_later(HTTPStatus.CONFLICT, "Other documents are being added or removed. Try again.", 5)

    # ---- inside -----------------------------------------------------------------------------------------

    def _newest(self, owner: str) -> _Copy | None:
        """Give the newest copy, which then has one user more."""
        known = self._used(owner)
        try:
            path = self._folder / f"{uuid.uuid4().hex}.sqlite"
            etag = self._fetch(owner, path, known.etag if known else "")
            newest = self._remember(owner, etag, path) if etag else None
            if newest is None:
                self._forget(owner)
        except aws.ClientError as failure:
            if aws.error_code(failure) in NOT_MODIFIED:
                return known
            self._release(known)
            raise
        except BaseException:
            self._release(known)
            raise
        self._release(known)
        return newest

    def _used(self, owner: str) -> _Copy | None:
        with self._lock:
            copy = self._copies.get(owner)
            if copy:
                copy.users += 1
                self._copies.move_to_end(owner)
            return copy

    def _release(self, copy: _Copy | None) -> None:
        if copy:
            with self._lock:
                copy.users -= 1
                self._discard_unused(copy)

    def _fetch(self, owner: str, path: Path, known: str = "") -> str:
        """Write the index to a file and give its entity tag, which is empty where there is none."""
        condition = {"IfNoneMatch": known} if known else {}
        try:
            answer = self._client().get_object(Bucket=self._bucket, Key=_key(owner), **condition)
        except aws.ClientError as failure:
            if aws.error_code(failure) in MISSING:
                return ""
            raise
        body = answer["Body"]
        try:
            with path.open("wb") as file:
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
        except BaseException:
            path.unlink()
            raise
        finally:
            body.close()
        return str(answer["ETag"])

    def _put(self, owner: str, path: Path, etag: str) -> str:
        """Write the index and give its new entity tag; it is empty where somebody else wrote in between."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with path.open("rb") as file:
            try:
                answer = self._client().put_object(Bucket=self._bucket, Key=_key(owner), Body=file, **condition)
            except aws.ClientError as failure:
                # With If-Match an index that is gone meanwhile is a 404.
                if aws.error_code(failure) in (*CHANGED, *MISSING):
                    return ""
                raise
        return str(answer["ETag"])

    def _remember(self, owner: str, etag: str, path: Path) -> _Copy:
        """Keep a file as the newest copy, which then has one user."""
        kept = path.rename(self._folder / f"{uuid.uuid4().hex}.sqlite")
        copy = _Copy(etag, kept, self._opened(owner, kept), kept.stat().st_size, users=1)
        self._forget(owner)
        with self._lock:
            self._copies[owner] = copy
            while len(self._copies) > 1 and sum(one.size for one in self._copies.values()) > MOST_BYTES:
                self._drop(next(iter(self._copies)))
        return copy

    def _forget(self, owner: str) -> None:
        with self._lock:
            if owner in self._copies:
                self._drop(owner)

    def _drop(self, owner: str) -> None:
        copy = self._copies.pop(owner)
        copy.dropped = True
        self._discard_unused(copy)

    def _discard_unused(self, copy: _Copy) -> None:
        if copy.dropped and not copy.users:
            copy.index.close()
            copy.path.unlink(missing_ok=True)

    def _opened(self, owner: str, path: Path, *, rebuild: bool = False) -> LexicalIndex:
        try:
            return LexicalIndex(path, rebuild=rebuild)
        except UnreadableIndex as failure:
            path.unlink(missing_ok=True)
            if isinstance(failure, OlderIndex):
                raise
            log.error(str(failure), where=f"s3://{self._bucket}/{_key(owner)}", remedy=_remedy(failure))
            detail = (
                "The index of your documents cannot be read. Ask whoever runs this gateway: its log has the remedy."
            )
            raise Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail) from failure

    def _client(self) -> Any:
        return aws.client("s3")


def _key(owner: str) -> str:
    return f"{PREFIX}/{owner}.sqlite"


def _remedy(failure: UnreadableIndex) -> str:
    if isinstance(failure, NewerIndex):
        return "Deploy the version of the gateway that wrote it, or a later one."
    return "Delete the object with `aws s3 rm`; then its owner removes the documents, and adds them again."
