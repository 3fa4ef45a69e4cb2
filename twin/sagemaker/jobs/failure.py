"""Why a job failed, in the classes that SageMaker sorts failures into."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

# DescribeTrainingJob and DescribeProcessingJob give no more of a FailureReason.
MOST_CHARACTERS = 1024
_LINES = 15


class JobFailedError(Exception):
    """A job's end in failure. The text is its FailureReason, beginning with the class of the failure."""


def client_error(what: str, error: ClientError | None = None) -> JobFailedError:
    """The request is at fault, or what its role may do; a denial names role, action and resource."""
    detail = f" {error.response['Error'].get('Message', error)}" if error is not None else ""
    return JobFailedError(f"ClientError: {what}{detail}")


def algorithm_error(what: str, log: Sequence[str] = (), end: str = "") -> JobFailedError:
    """The script is at fault: what happened, the last lines of the log that there is room for, and `end`."""
    head = f"AlgorithmError: {what}"
    lines = list(log[-_LINES:])
    while lines and len(head) + len(end) + sum(len(line) + 1 for line in lines) > MOST_CHARACTERS:
        lines.pop(0)
    return JobFailedError("\n".join([head, *lines]) + end)
