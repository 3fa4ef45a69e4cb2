"""A job's log in CloudWatch Logs, written as the job's role, so that IAM judges it as on AWS."""

from __future__ import annotations

import threading
import time
from typing import Any

from botocore.exceptions import ClientError

_FLUSH_AFTER_S = 1.0
_MAX_EVENTS = 5000
_MAX_LINE = 250_000


class LogStream:
    """One stream of a log group. Lines are sent in batches, at least one a second while lines come.

    >>> with LogStream(client_as(role, "logs"), "/aws-glue/jobs/output", run_id) as log:  # doctest: +SKIP
    ...     log.write("a line")

    Its methods raise botocore's ClientError, for instance when the role may not write.
    """

    def __init__(self, client: Any, group: str, stream: str, kms_key_id: str | None = None) -> None:
        """Create group and stream unless they exist; with a key, a new group is encrypted with it."""
        self.group, self.stream = group, stream
        self._client = client
        self._events: list[dict[str, Any]] = []
        self._flushed = time.monotonic()
        self._lock = threading.Lock()
        _unless_exists(client.create_log_group, logGroupName=group)
        if kms_key_id:
            client.associate_kms_key(logGroupName=group, kmsKeyId=kms_key_id)
        _unless_exists(client.create_log_stream, logGroupName=group, logStreamName=stream)

    def write(self, line: str) -> None:
        """Add a line; CloudWatch Logs has no empty ones."""
        if not line:
            return
        with self._lock:
            self._events.append({"timestamp": int(time.time() * 1000), "message": line[:_MAX_LINE]})
            if time.monotonic() - self._flushed > _FLUSH_AFTER_S or len(self._events) >= _MAX_EVENTS:
                self._send()

    def flush(self) -> None:
        """Send what has not been sent."""
        with self._lock:
            self._send()

    def _send(self) -> None:
        events, self._events = self._events, []
        self._flushed = time.monotonic()
        if events:
            self._client.put_log_events(logGroupName=self.group, logStreamName=self.stream, logEvents=events)

    def __enter__(self) -> LogStream:
        return self

    def __exit__(self, *_error: object) -> None:
        self.flush()


def _unless_exists(create: Any, **names: str) -> None:
    try:
        create(**names)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
            raise
