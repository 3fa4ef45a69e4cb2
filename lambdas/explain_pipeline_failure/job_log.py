"""The last lines of a SageMaker job's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lambdas.shared import aws
from lambdas.shared.pipeline import PipelineStep

LINES = 20
MAX_LINE_CHARACTERS = 400


@dataclass(frozen=True)
class JobLog:
    """The end of a log, and where all of it is."""

    lines: tuple[str, ...]
    place: str


def read_job_log(step: PipelineStep) -> JobLog:
    """Read the end of the log of a step's job; no lines when the job never wrote any."""
    group = f"/aws/sagemaker/{step.job_kind}s"
    prefix = f"{step.job_name}/"
    streams = _streams(group, prefix)
    if not streams:
        return JobLog((), f"log group {group}, streams {prefix}*")
    newest = max(streams)[1]
    events = aws.client("logs").get_log_events(
        logGroupName=group, logStreamName=newest, limit=LINES, startFromHead=False
    )
    lines = tuple(str(event["message"]).rstrip()[:MAX_LINE_CHARACTERS] for event in events["events"])
    return JobLog(lines, f"log group {group}, stream {newest}")


def _streams(group: str, prefix: str) -> Sequence[tuple[int, str]]:
    """List streams with the time of their last event."""
    try:
        found = aws.client("logs").describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix, limit=50)
    except aws.ClientError as failure:
        if aws.error_code(failure) == "ResourceNotFoundException":
            return []  # the account has never run such a job: its log group does not exist yet
        raise
    return [(int(stream.get("lastEventTimestamp", 0)), str(stream["logStreamName"])) for stream in found["logStreams"]]
