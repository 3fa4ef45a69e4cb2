"""Errors of Step Functions, in the shapes that its integrations give them, read into one explanation.

A Lambda function's cause is JSON with ``errorMessage``; a Glue job's is its JobRun; API calls give plain text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

MAX_MESSAGE_CHARACTERS = 8000
GLUE_GROUPS = "/aws-glue/jobs"

# Step Functions' own errors, and services' errors by a part of their name; the first that fits is taken.
REMEDIES = (
    ("States.Timeout", "Raise the limit in workflow.yaml that this step ran into, or give the job more capacity."),
    ("ApprovalRejected", "The model was rejected. Improve the data or the tuning settings and start a new run."),
    ("AccessDenied", "Grant the action named above on the resource to the role in its stack, deploy, and start again."),
    ("ConcurrentRunsExceeded", "Another run is preparing data. Start again when it has finished."),
    ("LimitExceeded", "Ask for a higher quota in Service Quotas, or choose another instance type."),
    ("Throttl", "The service was busy. Start a new run."),
)
UNANSWERED = (
    "Nobody approved in time (approval_timeout_hours). Subscribe to the notification topic and start a new run."
)
DENIALS = ("AccessDenied", "is not authorized to perform", "not authorized")
DEFAULT_REMEDY = "Correct the cause and start a new execution; the files of this run stay for inspection."


@dataclass(frozen=True)
class Explanation:
    """What a person needs to know about a failed run."""

    step: str
    error: str
    message: str
    log: str
    remedy: str

    def after(self, first: Explanation) -> Explanation:
        """Say what failed first, where this is the failure of taking that back."""
        message = f"{self.message}\nBefore that, {first.step} failed with {first.error}: {first.message}"
        log = f"{self.log}; before that: {first.log}"
        return replace(self, message=message[:MAX_MESSAGE_CHARACTERS], log=log)


def explain(step: str, error: str, cause: str) -> Explanation:
    """Explain one failure of a state.

    Args:
        step: name of the failed state.
        error: Step Functions' error name.
        cause: Step Functions' cause.
    """
    detail = _detail(cause)
    message, place = _reading(step, detail, cause)
    return Explanation(
        step=step,
        error=error,
        message=message[:MAX_MESSAGE_CHARACTERS] or "The service gave no cause.",
        log=place,
        remedy=_remedy(step, error, message),
    )


def _detail(cause: str) -> Mapping[str, object]:
    try:
        value = json.loads(cause)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, Mapping) else {}


def _reading(step: str, detail: Mapping[str, object], cause: str) -> tuple[str, str]:
    """Give the message and the place of the log."""
    if "errorMessage" in detail:
        request = f", request {detail['requestId']}" if "requestId" in detail else ""
        return str(detail["errorMessage"]), f"log group of the function that {step} calls{request}"
    if "JobRunState" in detail:
        reason = detail.get("ErrorMessage") or "no message"
        message = f"Glue job {detail.get('JobName', 'run')} {detail['JobRunState']}: {reason}"
        return message, f"{_glue_groups(detail)}, streams {detail.get('Id')}-…"
    if "FailureMessage" in detail:
        message = f"Bedrock job {detail.get('JobName')} {detail.get('Status')}: {detail['FailureMessage']}"
        return message, f"Bedrock's own answer about {detail.get('JobArn')}; its jobs have no log of ours"
    return cause.strip(), f"the state machine's log group, and the execution's event of {step}"


def _glue_groups(run: Mapping[str, object]) -> str:
    """The log groups of a Glue job's run. Those of a security configuration are named by the job's role too."""
    if configuration := run.get("SecurityConfiguration"):
        arguments = run.get("Arguments")
        given = arguments.get("--custom-logGroup-prefix") if isinstance(arguments, Mapping) else None
        return f"log groups {given or GLUE_GROUPS}/{configuration}-role/<the job's role>/error and …/output"
    group = run.get("LogGroupName") or GLUE_GROUPS
    return f"log groups {group}/error and {group}/output"


def _remedy(step: str, error: str, message: str) -> str:
    if (step, error) == ("AwaitApproval", "States.Timeout"):
        return UNANSWERED
    if any(sign in message for sign in DENIALS):
        error = "AccessDenied"
    return next((remedy for part, remedy in REMEDIES if part in error), DEFAULT_REMEDY)
