"""The logs of a run outlive its account, as one file."""

from __future__ import annotations

import time
from pathlib import Path

from tests.twin.helpers import unique
from twin.emulator import Emulator
from twin.run.logs_of_run import write_logs


def test_every_stream_of_every_group_is_in_the_file(emulator: Emulator, tmp_path: Path) -> None:
    logs, now = emulator.client("logs"), int(time.time() * 1000)
    groups = {unique("/aws/lambda/check"): ["one", "two"], unique("/aws-glue/jobs/output"): ["drïver"]}
    for group, streams in groups.items():
        logs.create_log_group(logGroupName=group)
        for stream in streams:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            lines = [{"timestamp": now + n, "message": f"{stream} {n}\n"} for n in range(3)]
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=lines)

    text = write_logs(logs, tmp_path / "r1" / "log.txt").read_text(encoding="utf-8")

    for group, streams in groups.items():
        for stream in streams:
            _, _, behind = text.partition(f"==== {group}, stream {stream}\n")
            first = [line.partition(" ")[2] for line in behind.splitlines()[:3]]
            assert first == [f"{stream} {n}" for n in range(3)]
