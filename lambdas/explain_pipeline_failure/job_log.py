"""The last lines of a SageMaker job's log.

Each of a job's instances has a log stream, `<job>/algo-<number>-<time>`, and another one each time that the job goes
on after an interruption. The instance that spoke last need not be the one that failed: the others notice later.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lambdas.shared import aws
from lambdas.shared.pipeline import PipelineStep

LINES = 20
MAX_LINE_CHARACTERS = 400


FIRST_HOST = "algo-1"
_HOST = re.compile(r"\balgo-\d+\b")


@dataclass(frozen=True)
class JobLog:
    """The end of a log, and where all of it is; of several hosts, whose it is and why."""

    lines: tuple[str, ...]
    place: str


def read_job_log(step: PipelineStep, reason: str) -> JobLog:
    """Read the end of the log of a step's job; no lines when the job never wrote any.

    Of several hosts, the one that the job's failure `reason` names is taken, or else the first.
    """
    group = f"/aws/sagemaker/{step.job_kind}s"
    prefix = f"{step.job_name}/"
    streams = _streams(group, prefix)
    if not streams:
        return JobLog((), f"log group {group}, streams {prefix}*")
    hosts = {host: [one for one in streams if one[1].startswith(f"{prefix}{host}-")] for host in _hosts(streams)}
    host, why = _chosen(hosts, reason)
    newest = max(hosts.get(host) or streams)[1]
    events = aws.client("logs").get_log_events(
        logGroupName=group, logStreamName=newest, limit=LINES, startFromHead=False
    )
    lines = tuple(str(event["message"]).rstrip()[:MAX_LINE_CHARACTERS] for event in events["events"])
    return JobLog(lines, f"log group {group}, stream {newest}{why}")


def _hosts(streams: Sequence[tuple[int, str]]) -> list[str]:
    names = (_HOST.match(name.rpartition("/")[2]) for _, name in streams)
    return sorted({found.group() for found in names if found}, key=lambda host: int(host.partition("-")[2]))


def _chosen(hosts: Collection[str], reason: str) -> tuple[str, str]:
    """Say whose log to show, and of several hosts, why that one's."""
    named = [host for host in _HOST.findall(reason) if host in hosts]
    host = named[0] if named else FIRST_HOST
    if len(hosts) <= 1:
        return host, ""
    why = "which the reason names" if named else "the first: the reason names none, so look at the others' too"
    return host, f" ({host} of {len(hosts)} hosts, {why})"


def _streams(group: str, prefix: str) -> Sequence[tuple[int, str]]:
    """List streams with the time of their last event."""
    try:
        found = aws.client("logs").describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix, limit=50)
    except aws.ClientError as failure:
        if aws.error_code(failure) == "ResourceNotFoundException":
            return []  # the account has never run such a job: its log group does not exist yet
        raise
    return [(int(stream.get("lastEventTimestamp", 0)), str(stream["logStreamName"])) for stream in found["logStreams"]]
