"""The logs of a run in one file that stays: those in the emulator's CloudWatch Logs are gone with the next run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MOST_LINES = 10_000
"""Lines of a stream that are kept, the last ones: what `GetLogEvents` gives at once."""


def write_logs(logs: Any, file: Path) -> Path:
    """Write what every log group of the account holds, stream after stream, and return the file.

    Args:
        logs: a CloudWatch Logs client of the emulator, whose account began with the run.
        file: where to write; its folder need not be there.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", errors="backslashreplace") as written:
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                written.writelines(f"{line}\n" for line in _of_group(logs, group["logGroupName"]))
    return file


def _of_group(logs: Any, group: str) -> Iterator[str]:
    for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=group):
        for stream in page["logStreams"]:
            name = stream["logStreamName"]
            events = logs.get_log_events(logGroupName=group, logStreamName=name, limit=MOST_LINES, startFromHead=False)[
                "events"
            ]
            if events:
                more = f", the last {MOST_LINES:,} lines" if len(events) == MOST_LINES else ""
                yield f"==== {group}, stream {name}{more}"
                yield from (f"{_time(event['timestamp'])} {str(event['message']).rstrip()}" for event in events)
                yield ""


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
